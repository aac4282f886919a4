# Passes when this member votes and every partition of the cluster has all of its copies: then the next one may stop.
# Once it has seen that since it started, an open port is enough: what happens to others is no fault of this one.
set -eu
. /alloc/member.env

bash -c ": </dev/tcp/$MEMBER_ADDRESS/$NOMAD_PORT_client" 2>/dev/null || { echo "the port for clients is closed" && exit 2; }
[ -e /alloc/full ] || { cat /alloc/lacking && exit 2; }
