# Says how the cluster is, as KEY=VALUE. No member leads; sessions and routes are in every member's memory.
set -eu
. "$NOMAD_ALLOC_DIR/member.env"

metrics=$(curl -fs -m 5 "http://$MEMBER_ADDRESS:$NOMAD_PORT_metrics/api/v5/prometheus/stats")
running=$(echo "$metrics" | sed -n 's/^emqx_cluster_nodes_running[^ ]* \([0-9]*\).*/\1/p' | head -n 1)
yes_if() { if "$@"; then echo yes; else echo no; fi; }

echo "version=5.8.9"
echo "leader="
echo "quorum=$(yes_if test $((2 * running)) -gt "$MEMBER_NODES")"
echo "full=$(yes_if test "$running" -eq "$MEMBER_NODES")"
echo "lag=0 messages"
echo "safe=$(yes_if test $((2 * running)) -gt "$MEMBER_NODES")"
for peer in $PEERS; do
    state=down
    ! curl -fs -m 2 -o /dev/null "http://${peer#*=}:$NOMAD_PORT_metrics/status" || state=ok
    echo "member.${peer%%=*}=${peer#*=} member $state"
done
