# Runs the node's filer: the names of the objects, and in which volumes their parts are.
set -eu
. /local/cluster.sh
keys
mkdir -p /data/filer

if [ -s /local/database ]; then
  . /local/database # all members, of which one is the primary: the job starts this again where one is replaced
  WEED_POSTGRES2_HOSTNAME=$DATABASE_HOST
  WEED_POSTGRES2_PORT=$DATABASE_PORT
  WEED_POSTGRES2_USERNAME=$DATABASE_NAME
  WEED_POSTGRES2_DATABASE=$DATABASE_NAME
  WEED_POSTGRES2_PASSWORD=$(cat /secrets/database_password)
  # A database of a cloud has no authority of its own: the file is empty.
  WEED_POSTGRES2_SSLMODE=require
  if grep -q CERTIFICATE /secrets/database-ca.pem; then
    WEED_POSTGRES2_SSLMODE=verify-ca
    WEED_POSTGRES2_SSLROOTCERT=/secrets/database-ca.pem
    export WEED_POSTGRES2_SSLROOTCERT
  fi
  export WEED_POSTGRES2_HOSTNAME WEED_POSTGRES2_PORT WEED_POSTGRES2_USERNAME WEED_POSTGRES2_DATABASE
  export WEED_POSTGRES2_PASSWORD WEED_POSTGRES2_SSLMODE
fi

exec weed -logtostderr=true filer \
  -ip="$MEMBER_ADDRESS" -ip.bind=0.0.0.0 -port="$NOMAD_PORT_filer" -port.grpc="$NOMAD_PORT_filer_grpc" \
  -master="$(masters)" -defaultStoreDir=/data/filer -defaultReplicaPlacement="$REPLICATION" \
  -exposeDirectoryData=false -metricsPort="$NOMAD_PORT_filer_metrics"
