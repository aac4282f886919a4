# Starts one member, a broker and a controller in one process; its disk is formatted once, and only the founder's as
# the first of a cluster.
set -eu
. /alloc/member.env
. /local/tools.sh
umask 077
# In memory, as secrets are: once a machine has started again, only root may write to Nomad's own folder of them.
cat /secrets/key.pem /secrets/certificate.pem >/dev/shm/keystore.pem
rm -f /alloc/full /alloc/metrics/numbers.prom

everybody=$(for peer in $PEERS; do printf '%s:%s,' "${peer#*=}" "$NOMAD_PORT_controller"; done)
listeners=CLIENT://$MEMBER_ADDRESS:$NOMAD_PORT_client,MEMBER://$MEMBER_ADDRESS:$NOMAD_PORT_member
listeners=$listeners,CONTROLLER://$MEMBER_ADDRESS:$NOMAD_PORT_controller
# Copies of a partition, and of what Kafka keeps for itself: three where there are three; one of them may be away.
copies=$((MEMBER_NODES < 3 ? MEMBER_NODES : 3))
enough=$((copies / 2 + 1))

cat /local/server.properties - >/local/member.properties <<END
node.id=$MEMBER_ID
listeners=$listeners
advertised.listeners=$listeners
controller.quorum.bootstrap.servers=${everybody%,}
default.replication.factor=$copies
min.insync.replicas=$enough
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$enough
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$enough
END
# Nomad leaves the name standing where a machine has no rack.
case $RACK in '' | *'{'*) ;; *) echo "broker.rack=$RACK" >>/local/member.properties ;; esac

if [ ! -e /data/log/meta.properties ]; then
  first=--no-initial-controllers
  # Once: a founder whose disk is emptied under it is one that joins.
  [ "$MEMBER_ROLE" != found ] || [ -e /alloc/founded ] || first=--standalone
  tool storage format -c /local/member.properties "--cluster-id=$CLUSTER_ID" $first
  touch /alloc/founded
fi

/bin/sh /local/whole.sh &
/bin/sh /local/export.sh 60 &
export EXTRA_ARGS= KAFKA_HEAP_OPTS="-Xms${HEAP}m -Xmx${HEAP}m"
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/local/log4j2.properties
# The archive of classes comes with the image and halves the time to start; without it Java loads them one by one.
export KAFKA_OPTS="-XX:+ExitOnOutOfMemoryError -Xshare:auto -XX:SharedArchiveFile=/opt/kafka/kafka.jsa"
exec /opt/kafka/bin/kafka-server-start.sh /local/member.properties
