# Passes while this member is well: by default when it sees the majority and has all that it should have.
printf 'GET /healthz?%s HTTP/1.0\r\n\r\n' "${1:-}" | nc -w 5 127.0.0.1 "$NOMAD_PORT_monitor" | grep -q '"status": *"ok"'
