# Tells the others that there is a cluster, once the engine has said so by /data/.formed.
set -eu
until [ -e /data/.formed ]; do sleep 1; done

kv=hashistack/$MEMBER_JOB
id=$(sed -n 's/^MEMBER_ID=//p' /alloc/member.env)
# The write is refused where somebody wrote it before, which is as good; the read tells that from no answer.
until consul kv put -cas -modify-index=0 "$kv/formed" "$id" >/dev/null 2>&1 || consul kv get "$kv/formed" >/dev/null 2>&1; do
  sleep 2
done

# From now on this node never begins a cluster again, also where its disk is emptied while it is here.
sed -i 's/^MEMBER_ROLE=found$/MEMBER_ROLE=join/' /alloc/member.env
