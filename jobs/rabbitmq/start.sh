#!/bin/sh
# Run one node. The founder starts the cluster; who joins does so at a member that takes clients, and never alone.
set -eu
. /local/env.sh

# Each client is an open file. Without a limit Erlang makes a table for all that the kernel could open.
ulimit -n 65536 2>/dev/null || :

# Wait for a member that takes clients and print its address.
wait_for_member() {
    while :; do
        for address in $(others); do
            if serves "$address"; then
                echo "$address"
                return
            fi
        done
        echo "waiting for a member that takes clients: $(others | tr '\n' ' ')" >&2
        sleep 1
    done
}

# Have the cluster forget the members that are no more: this one with the disk that it had, and replaced machines.
forget_lost() {
    wanted=" $(others | tr '\n' ' ') "
    members='[io:format("~s~n", [lists:last(string:split(atom_to_list(N), "@"))]) || N <- rabbit_nodes:list_members()].'
    for address in $(rabbitmqctl --quiet -n "rabbit@$1" eval "$members" | grep '^[0-9]'); do
        case "$wanted" in
            *" $address "*) ;;
            *) rabbitmqctl -n "rabbit@$1" forget_cluster_node "rabbit@$address" ;;
        esac
    done
}

cp /local/rabbitmq.conf "$RABBITMQ_CONFIG_FILE"
if [ "$MEMBER_ROLE" = join ]; then
    # What an attempt left behind that did not come to its end would make a cluster of its own.
    rm -rf "$RABBITMQ_MNESIA_DIR" "$RABBITMQ_FEATURE_FLAGS_FILE"
    member=$(wait_for_member)
    forget_lost "$member"
    # With two names in the list a node asks until it has joined the other; it gives up after eleven days, not five seconds.
    cat >>"$RABBITMQ_CONFIG_FILE" <<EOF
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = rabbit@$MEMBER_ADDRESS
cluster_formation.classic_config.nodes.2 = rabbit@$member
cluster_formation.discovery_retry_limit = 1000000
cluster_formation.discovery_retry_interval = 1000
EOF
fi

# The mark that this disk belongs to the cluster, set once clients are let in; then the one that every copy is there. It is
# asked for here, one question after another: a tool takes seconds, and those of a check would pile up on a busy machine.
(
    while ! serves "$MEMBER_ADDRESS"; do sleep 1; done
    touch /data/.formed
    until /bin/sh /local/report.sh 2>/dev/null | grep -qx full=yes; do sleep 3; done
    touch "$NOMAD_ALLOC_DIR/full"
) &

exec rabbitmq-server
