# What the scripts beside it share.

# A tool of Kafka is a Java program that runs for two seconds: it is made to start quickly and to take little.
tool() { # NAME ARGUMENTS...: runs kafka-NAME.sh
  name=$1
  shift
  KAFKA_HEAP_OPTS=-Xmx96m KAFKA_JVM_PERFORMANCE_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' KAFKA_LOG4J_OPTS='' \
    "/opt/kafka/bin/kafka-$name.sh" "$@" </dev/null
}

# Asks this member, or those of $SERVERS, as one of them: with the service's own certificate, not with a password.
ask() { # NAME ARGUMENTS...
  asked=$1
  shift
  tool "$asked" --bootstrap-server "${SERVERS:-$MEMBER_ADDRESS:$NOMAD_PORT_member}" \
    --command-config /local/client.properties "$@"
}

# One line for each partition: topic, partition, leader, replicas and those of them in sync, each 1,2,3. For a topic
# before its partitions: topic, "-", partitions, replicas, settings as a=1;b=2. Fields of Kafka's output have names.
describe_topics() {
  said=$(ask topics --describe "$@") || return 1
  printf '%s\n' "$said" | awk -F '\t' '
    function field(name,  i) {
      for (i = 1; i <= NF; i++) if (index($i, name ": ") == 1) return substr($i, length(name) + 3)
      return ""
    }
    { sub(/^\t/, "") }
    field("PartitionCount") != "" {
      print field("Topic"), "-", field("PartitionCount"), field("ReplicationFactor"), field("Configs")
      next
    }
    field("Partition") != "" { print field("Topic"), field("Partition"), field("Leader"), field("Replicas"), field("Isr") }
  ' | sed -E '/ - /s/,([a-z.]+=)/;\1/g'
}
