# Tells how the cluster is, as lines NAME=value.
. /local/common.sh
PATIENCE=2 # for each question: one that is cut off keeps nobody from hearing of the others
leader=$(primary 1)
copies=0 online=0 lag=0 end=0 version=

[ -z "$leader" ] || end=$(valkey "$leader" info replication | field master_repl_offset)
for peer in $PEERS; do
  id=${peer%%=*} address=${peer#*=} role=unknown state=down
  if said=$(valkey "$address" info replication) && [ -n "$said" ]; then
    case $(echo "$said" | field role) in
      master) role=primary state=ok ;;
      slave)
        role=replica
        state=$(echo "$said" | field master_link_status | sed 's/up/ok/; s/down/syncing/')
        behind=$((end - $(echo "$said" | field slave_repl_offset)))
        [ $behind -le $lag ] || lag=$behind
        ;;
    esac
    version=$(valkey "$address" info server | field valkey_version)
  fi
  [ "$state" != ok ] || copies=$((copies + 1))
  [ "$role:$state" != replica:ok ] || online=$((online + 1))
  echo "member.$id=$address $role $state"
done

yes() { [ "$@" ] && echo yes || echo no; }
answers() { [ "$(votes | grep -c .)" -ge $majority ]; }
echo "leader=$leader"
echo "quorum=$(answers && echo yes || echo no)"
echo "full=$(yes $copies -ge "$MEMBER_NODES")"
echo "lag=$lag bytes"
echo "version=$version"
# What was acknowledged to a client that waits for one replica is safe while there is one.
if [ "$MEMBER_NODES" = 1 ] || [ $online -ge 1 ]; then
  echo "safe=yes"
else
  echo "safe=no"
  echo "unsafe=no replica follows the primary"
fi
