#!/bin/sh
# Run one node. The majority of the places makes one cluster, whoever comes first; an empty disk is filled by the others.
set -eu
. "$NOMAD_ALLOC_DIR/member.env"
rm -f /alloc/metrics/numbers.prom

# A member is known by its place: one with an empty disk is the one that it was.
export NATS_SERVER_NAME="$NOMAD_JOB_NAME-$MEMBER_ID"
export MEMBER_NODES
routes=
for peer in $PEERS; do
    routes="$routes\"nats://${peer#*=}:$NOMAD_PORT_cluster\","
done
export NATS_ROUTES="[$routes]"

# The mark that this disk belongs to the cluster.
(until sh /local/serves.sh; do sleep 1; done; touch /data/.formed) &
sh /local/export.sh 15 &

exec nats-server --config "$NOMAD_SECRETS_DIR/nats.conf"
