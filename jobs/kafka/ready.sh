# Passes when this member votes and every partition of the cluster has all of its copies: then the next one may stop.
# Once it has seen that since it started, an open port is enough: what happens to others is no fault of this one.
set -eu
. /alloc/member.env
. /local/tools.sh

bash -c ": </dev/tcp/$MEMBER_ADDRESS/$NOMAD_PORT_client" 2>/dev/null || { echo "the port for clients is closed" && exit 2; }
[ ! -e /alloc/full ] || exit 0

if [ ! -e /alloc/votes ]; then
  role=$(ask metadata-quorum describe --replication | awk -v id="$MEMBER_ID" '$1 == id { print $NF }')
  case $role in Leader | Follower) ;; *) echo "member $MEMBER_ID does not vote yet: ${role:-unknown}" && exit 2 ;; esac
  touch /alloc/votes
fi
lacking=$(describe_topics --under-replicated-partitions | wc -l)
[ "$lacking" -eq 0 ] || { echo "$lacking partitions lack copies" && exit 2; }
touch /alloc/full
