# Tells the others that there is a cluster, once the engine has said so by /data/.formed; then keeps the list of members.
set -eu
trap exit TERM
until [ -e /data/.formed ]; do sleep 1; done

kv=hashistack/$MEMBER_JOB
id=$(sed -n 's/^MEMBER_ID=//p' /alloc/member.env)
# The write is refused where somebody wrote it before, which is as good; the read tells that from no answer.
until consul kv put -cas -modify-index=0 "$kv/formed" "$id" >/dev/null 2>&1 || consul kv get "$kv/formed" >/dev/null 2>&1; do
  sleep 2
done

# From now on this node never begins a cluster again, also where its disk is emptied while it is here.
sed -i 's/^MEMBER_ROLE=found$/MEMBER_ROLE=join/' /alloc/member.env

# A machine may be replaced: who reports, and who starts again later, finds the members as Consul has them now.
follow_members() {
  . /alloc/member.env
  peers=$(sed '/^$/d' /local/peers | sort -n | tr '\n' ' ' | sed 's/ $//')
  [ "$peers" != "$PEERS" ] && [ "$(echo "$peers" | wc -w)" -eq "$MEMBER_NODES" ] || return 0
  sed "s|^PEERS=.*|PEERS=\"$peers\"|" /alloc/member.env >/alloc/member.env.new
  chmod 0644 /alloc/member.env.new
  mv /alloc/member.env.new /alloc/member.env
  echo "formed: the members are now $peers"
}

while :; do
  follow_members
  sleep 15 &
  wait $!
done
