# Asks, from the start of a member on, until it votes and every partition has all of its copies; `ready.sh` tells what it
# found. One question after another: a tool is a Java program, and those of a check would pile up on a busy machine.
set -u
. /alloc/member.env
. /local/tools.sh

votes() {
  role=$(ask metadata-quorum describe --replication 2>/dev/null | awk -v id="$MEMBER_ID" '$1 == id { print $NF }')
  case $role in Leader | Follower) ;; *) echo "member $MEMBER_ID does not vote yet: ${role:-unknown}" && return 1 ;; esac
}

copied() {
  under=$(ask topics --describe --under-replicated-partitions 2>/dev/null) || { echo "it does not answer" && return 1; }
  [ -z "$under" ] || { echo "$(echo "$under" | wc -l) partitions lack copies" && return 1; }
}

echo "it does not serve yet" >/alloc/lacking
until bash -c ": </dev/tcp/$MEMBER_ADDRESS/$NOMAD_PORT_member" 2>/dev/null; do sleep 1; done
for whole in votes copied; do
  until said=$($whole); do
    echo "$said" >/alloc/lacking
    sleep 3
  done
  # Not before: a member that joins has a formatted disk before anybody has begun the cluster.
  [ $whole != votes ] || touch /data/.formed
done
touch /alloc/full
