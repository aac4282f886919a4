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

# SeaweedFS would have the masters elect a leader after 0.3 s without a word, which a busy machine takes to answer.
exec weed -logtostderr=true master \
  -ip="$MEMBER_ADDRESS" -ip.bind=0.0.0.0 -port="$NOMAD_PORT_master" -port.grpc="$NOMAD_PORT_master_grpc" \
  -mdir=/data/master -peers="$(ordered)" -raftHashicorp -resumeState -heartbeatInterval=2s -electionTimeout=3s \
  -defaultReplication="$REPLICATION" -volumeSizeLimitMB="$VOLUME_SIZE" \
  -metricsPort="$NOMAD_PORT_master_metrics" -telemetry=false
