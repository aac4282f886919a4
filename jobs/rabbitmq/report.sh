# Says how the cluster is, as KEY=VALUE.
set -eu
. /local/env.sh

# Of every queue that keeps messages for a client: has it a majority, has it all copies.
facts=$(rabbitmqctl --quiet eval '
    Queues = [rabbit_amqqueue:info(Q, [members, online])
              || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue],
    Copies = [{length(proplists:get_value(members, Q)), length(proplists:get_value(online, Q))} || Q <- Queues],
    io:format("version=~s~n", [rabbit_misc:version()]),
    io:format("queues=~b~n", [length(Copies)]),
    io:format("short=~b~n", [length([Q || {_, Online} = Q <- Copies, Online < '"$MEMBER_NODES"'])]),
    io:format("lost=~b~n", [length([Q || {Members, Online} = Q <- Copies, 2 * Online =< Members])]),
    [io:format("running=~s~n", [lists:last(string:split(atom_to_list(N), "@"))]) || N <- rabbit_nodes:list_running()].
')
fact() { echo "$facts" | sed -n "s/^$1=//p"; }
yes_if() { if "$@"; then echo yes; else echo no; fi; }

running=$(fact running | wc -l)
echo "version=$(fact version)"
echo "leader="
echo "quorum=$(yes_if test $((2 * running)) -gt "$MEMBER_NODES")"
echo "full=$(yes_if test "$running" -eq "$MEMBER_NODES" -a "$(fact short)" -eq 0)"
echo "lag=0 messages"
echo "under_replicated=$(fact short) queues"
echo "queues=$(fact queues)"
echo "safe=$(yes_if test $((2 * running)) -gt "$MEMBER_NODES" -a "$(fact lost)" -eq 0)"
[ "$(fact lost)" -eq 0 ] || echo "unsafe=$(fact lost) queues have no majority"
for peer in $PEERS; do
    state=down
    fact running | grep -qxF "${peer#*=}" && state=ok
    echo "member.${peer%%=*}=${peer#*=} member $state"
done
