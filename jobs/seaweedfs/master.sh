# Runs the node's master: it knows where each volume is, and three of them agree on one leader.
set -eu
. /local/cluster.sh
keys
mkdir -p /data/master

# The first of the list begins a cluster when it has no data and sees no leader: only ever the founder.
ordered() {
  if [ "$MEMBER_NODES" = 1 ]; then
    echo none
    return
  fi
  mine=$MEMBER_ADDRESS:$NOMAD_PORT_master.$NOMAD_PORT_master_grpc
  others=$(masters | tr , '\n' | grep -vxF "$mine" | paste -s -d , -)
  if [ "$MEMBER_ROLE" = found ]; then echo "$mine,$others"; else echo "$others,$mine"; fi
}

# A master brings the voters to its own list when it leads for the first time: with an old one it would vote out the
# machine that took another's place. So it starts again where the list has changed, one node after the other.
follow_members() {
  known=$PEERS
  while [ "$PEERS" = "$known" ]; do
    sleep 10
    . /alloc/member.env
  done
  sleep $((60 * MEMBER_ID))
  echo "master: the members have changed, starting again with $PEERS"
  kill 1
}
follow_members &

# SeaweedFS would have the masters elect a leader after 0.3 s without a word, which a busy machine takes to answer. That
# a leader gives up after 0.5 s without an answer cannot be set. Without -raftHashicorp it would not, but then every
# master that comes back has the others elect a leader anew, and each new one takes no writes for 15 s.
exec weed -logtostderr=true master \
  -ip="$MEMBER_ADDRESS" -ip.bind=0.0.0.0 -port="$NOMAD_PORT_master" -port.grpc="$NOMAD_PORT_master_grpc" \
  -mdir=/data/master -peers="$(ordered)" -raftHashicorp -resumeState -heartbeatInterval=2s -electionTimeout=3s \
  -defaultReplication="$REPLICATION" -volumeSizeLimitMB="$VOLUME_SIZE" \
  -metricsPort="$NOMAD_PORT_master_metrics" -telemetry=false
