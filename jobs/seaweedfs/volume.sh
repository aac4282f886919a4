# Runs the node's volume server: the data itself, in volumes of which each has a copy on another machine.
set -eu
. /local/cluster.sh
keys
mkdir -p /data/volumes

exec weed -logtostderr=true volume \
  -ip="$MEMBER_ADDRESS" -ip.bind=0.0.0.0 -port="$NOMAD_PORT_volume" -port.grpc="$NOMAD_PORT_volume_grpc" \
  -dir=/data/volumes -max="$VOLUMES" -master="$(masters)" \
  -rack="node$MEMBER_ID" \
  -metricsPort="$NOMAD_PORT_volume_metrics" -preStopSeconds=5
