# The check `ready`: it passes when every copy is there, once for each start of the node; from then on while it serves.
set -eu
curl --config /secrets/postgres/curl.conf --output /dev/null "https://127.0.0.1:$NOMAD_PORT_rest/readiness"
[ ! -e /alloc/full ] || exit 0
report=$(/bin/sh /local/report.sh)
echo "$report"
echo "$report" | grep -qx full=yes
touch /alloc/full
