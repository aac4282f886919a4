# Tells this node's numbers for Prometheus, under the names that NATS' own exporter gives them.
set -u
ask() { printf 'GET /%s HTTP/1.0\r\n\r\n' "$1" | nc -w 5 127.0.0.1 "$NOMAD_PORT_monitor" | tr -d '\r'; }

# The fields of the answer itself, not those within others: NATS indents them by two.
tell() { # TYPE PREFIX FIELD[=NAME]...
    type=$1 prefix=$2
    shift 2
    for field; do
        value=$(printf '%s\n' "$answer" | sed -n "s/^  \"${field%=*}\": \([0-9.]*\),\{0,1\}$/\1/p")
        [ -n "$value" ] || return 1
        name=${prefix}_${field#*=}
        printf '# TYPE %s %s\n%s %s\n' "$name" "$type" "$name" "$value"
    done
}

answer=$(ask varz)
tell gauge gnatsd_varz connections subscriptions routes slow_consumers mem cpu || exit 1
tell counter gnatsd_varz total_connections in_msgs out_msgs in_bytes out_bytes || exit 1
answer=$(ask jsz)
tell gauge jetstream_server streams=total_streams consumers=total_consumers messages=total_messages \
    bytes=total_message_bytes
