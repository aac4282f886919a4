# Runs the node's S3 gateway, the only part that clients talk to.
set -eu
. /local/cluster.sh
keys

# Read from the kernel, for starting a program to ask costs more than all else that a node does while it waits.
listens() { # PORT
  grep -q ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# The mark that this disk belongs to the cluster: a gateway opens its port when the filer has found a leading master.
(
  until [ -e /data/.formed ]; do
    if listens "$NOMAD_PORT_client"; then touch /data/.formed; else sleep 2; fi
  done
) &

exec weed -logtostderr=true s3 \
  -ip="$MEMBER_ADDRESS" -ip.bind=0.0.0.0 -port="$NOMAD_PORT_client" -port.grpc="$NOMAD_PORT_s3_grpc" \
  -filer="$MEMBER_ADDRESS:$NOMAD_PORT_filer.$NOMAD_PORT_filer_grpc" -config=/secrets/identities.json \
  -cert.file=/secrets/certificate.pem -key.file=/secrets/key.pem \
  -iam=false -autoCreateBucket=false -allowDeleteBucketNotEmpty=false \
  -port.iceberg=0 -port.lance=0 -metricsPort="$NOMAD_PORT_metrics"
