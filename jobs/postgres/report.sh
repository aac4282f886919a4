# How the cluster is, as lines KEY=VALUE; every node can tell, also while others are away.
set -eu
. /alloc/member.env
export MEMBER_NODES PATRONI="https://127.0.0.1:$NOMAD_PORT_rest"
exec python3 /local/report.py
