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

# Have the cluster forget the members that are no more: this one as it was, and replaced machines. Where not all members
# are known yet, another one may have joined unheard of: then it is only this one. Nor is one that runs forgotten.
forget_lost() {
    away='[io:format("~s~n", [lists:last(string:split(atom_to_list(N), "@"))])
           || N <- rabbit_nodes:list_members() -- rabbit_nodes:list_running()].'
    for address in $(rabbitmqctl --quiet -n "rabbit@$1" eval "$away" | grep '^[0-9]'); do
        if [ "$address" != "$MEMBER_ADDRESS" ]; then
            [ "$(echo "$PEERS" | wc -w)" -eq "$MEMBER_NODES" ] || continue
            ! others | grep -qxF "$address" || continue
        fi
        rabbitmqctl -n "rabbit@$1" forget_cluster_node "rabbit@$address"
    done
}

# Tell whether the cluster of a member and all its queues have their majority without this node.
can_spare_this() {
    rabbitmqctl --quiet -n "rabbit@$1" eval '
        Most = fun(Some, All) -> 2 * length(Some) > length(All) end,
        Most(rabbit_nodes:list_running(), rabbit_nodes:list_members()) andalso
            lists:all(fun([{members, All}, {online, Online}]) -> Most(Online, All) end,
                      [rabbit_amqqueue:info(Q, [members, online])
                       || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue]).
    ' | grep -qx true
}

# The data is of a node with another name where its machine has a new address. The cluster has copies: nothing is deleted
# before it says so, and from then on this is a node with an empty disk.
give_up_old_name() {
    old=$(ls "$RABBITMQ_MNESIA_DIR/coordination" 2>/dev/null || echo nobody)
    if [ "$MEMBER_NODES" -eq 1 ]; then
        echo "the data is of $old, and this node is $RABBITMQ_NODENAME: give the machine its address back. To begin without" \
            "the data, empty the volume and run: consul kv delete -recurse hashistack/$NOMAD_JOB_NAME/" >&2
        exit 1
    fi
    until can_spare_this "$(wait_for_member)"; do
        echo "the data is of $old: it is kept until the other members have a majority and every queue" >&2
        sleep 5
    done
    rm /data/.formed
    MEMBER_ROLE=join
}

cp /local/rabbitmq.conf "$RABBITMQ_CONFIG_FILE"
if [ "$MEMBER_ROLE" = resume ] && ! [ -d "$RABBITMQ_MNESIA_DIR/coordination/$RABBITMQ_NODENAME" ]; then
    give_up_old_name
fi
if [ "$MEMBER_ROLE" = found ]; then
    # A new cluster keeps its metadata in Khepri, by Raft: when all have lost their power, a majority goes on, where with
    # Mnesia it would wait for who was the last. Members that join do as it does. 4.0 takes no list but a whole one.
    version=$(rabbitmqctl version)
    case "$version" in
        4.0.*) RABBITMQ_FEATURE_FLAGS="khepri_db,rabbitmq_4.0.0,quorum_queue_non_voters,message_containers_deaths_v2,\
rabbit_exchange_type_local_random" ;;
        *) RABBITMQ_FEATURE_FLAGS=+khepri_db ;;
    esac
    export RABBITMQ_FEATURE_FLAGS
fi
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

sees_majority() {
    . "$NOMAD_ALLOC_DIR/member.env"
    seen=1
    for address in $(others); do
        ! reaches "$address" "$NOMAD_PORT_epmd" || seen=$((seen + 1))
    done
    [ $((2 * seen)) -gt "$MEMBER_NODES" ]
}

# Without the majority RabbitMQ closes its port by itself, but not with Khepri: there it would keep clients that it cannot
# answer. It is ended then, and does not open the port again before the majority is back.
leave_without_majority() {
    grep -q khepri_db "$RABBITMQ_FEATURE_FLAGS_FILE" || return 0
    until sees_majority; do sleep 5; done
    missed=0
    while [ $missed -lt 3 ]; do
        sleep 3
        if sees_majority; then missed=0; else missed=$((missed + 1)); fi
    done
    echo "no majority of the members is in sight: this one ends, and starts again" >&2
    kill -TERM $$
}

# The mark that this disk belongs to the cluster, set once clients are let in; then the one that every copy is there. It is
# asked for here, one question after another: a tool takes seconds, and those of a check would pile up on a busy machine.
(
    while ! serves "$MEMBER_ADDRESS"; do sleep 1; done
    touch /data/.formed
    leave_without_majority &
    until /bin/sh /local/report.sh 2>/dev/null | grep -qx full=yes; do sleep 3; done
    touch "$NOMAD_ALLOC_DIR/full"
) &

exec rabbitmq-server
