#!/bin/sh
# Run one node. The founder starts first; who joins waits for a member that is up, and finds the cluster through it.
set -eu
. "$NOMAD_ALLOC_DIR/member.env"

# Each client is an open file. Without a limit Erlang makes a table for all that the kernel could open.
ulimit -n 65536 2>/dev/null || :

is_up() { curl -fs -m 2 -o /dev/null "http://$1:$NOMAD_PORT_metrics/status"; }

seeds=
for peer in $PEERS; do
    seeds="$seeds\"emqx@${peer#*=}\","
done
export EMQX_CLUSTER__STATIC__SEEDS="[${seeds%,}]"
export EMQX_SSL_DIST_OPTFILE=/local/ssl_dist.conf
# The port at which members meet; EMQX has no setting for it, Erlang has.
export ERL_FLAGS="-kernel inet_dist_base_port $NOMAD_PORT_dist"
cp "$NOMAD_SECRETS_DIR/emqx.conf" /opt/emqx/etc/emqx.conf

while [ "$MEMBER_ROLE" = join ]; do
    for peer in $PEERS; do
        [ "${peer#*=}" = "$MEMBER_ADDRESS" ] || ! is_up "${peer#*=}" || break 2
    done
    echo "waiting for a member that is up: $PEERS"
    sleep 1
done

# The mark that this disk belongs to the cluster.
(until is_up "$MEMBER_ADDRESS"; do sleep 1; done; touch /data/.formed) &

exec /usr/bin/docker-entrypoint.sh /opt/emqx/bin/emqx foreground
