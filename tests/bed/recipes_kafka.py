"""Apache Kafka laid out as its official image has it, and what writes topics to object storage."""

from __future__ import annotations

from tests.bed.recipe import Recipe

# The official image's scripts do the same from the same variables, with more for installations of other kinds.
_RUN_CLASS = """#!/bin/bash
: "${KAFKA_HEAP_OPTS=-Xmx256M}"
: "${KAFKA_JVM_PERFORMANCE_OPTS=-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true}"
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS $KAFKA_LOG4J_OPTS \\
  -cp "$(printf '%s:' /opt/kafka/libs/*.jar)" $KAFKA_OPTS "$@"
"""

_TOOLS = {
    "kafka-storage": "kafka.tools.StorageTool",
    "kafka-server-start": "kafka.Kafka",
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
}

_TOOL = """#!/bin/bash
exec "$(dirname "$0")/kafka-run-class.sh" {} "$@"
"""

# The official image has such an archive of classes, made in the same way: a broker starts in half of the time.
_ARCHIVE_CLASSES = """#!/bin/bash
set -e
cat >/tmp/once.properties <<END
process.roles=broker,controller
node.id=1
log.dirs=/tmp/once
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:9093
END
/opt/kafka/bin/kafka-storage.sh format --standalone --cluster-id=5L6g3nShT-eMCtK--X86sw -c /tmp/once.properties
KAFKA_OPTS=-XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa /opt/kafka/bin/kafka-server-start.sh /tmp/once.properties &
until (: </dev/tcp/127.0.0.1/9092) 2>/dev/null; do sleep 1; done
sleep 3
kill $!
wait $! || [ -s /opt/kafka/kafka.jsa ]
rm -r /tmp/once /tmp/once.properties
"""

_KAFKA = """FROM hashistack-test/java:21
COPY libs /opt/kafka/libs
COPY *.sh /opt/kafka/bin/
RUN useradd --uid 1000 --create-home --shell /bin/bash appuser && chown -R appuser /opt/kafka
USER appuser
RUN /opt/kafka/bin/archive-classes.sh >/dev/null 2>&1
EXPOSE 9092
CMD ["/opt/kafka/bin/kafka-server-start.sh"]
"""

# The versions of Kafka's own release; it leaves the last two out of its POM.
_JARS = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    "org.apache.kafka:kafka-tools:4.3.1",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3",
    "org.apache.logging.log4j:log4j-core:2.25.3",
)

RECIPES = (
    Recipe(
        "hashistack-test/java:21",
        debian=("openjdk-21-jre-headless",),
        changes=('CMD ["sh"]',),
    ),
    Recipe(
        "apache/kafka:4.3.1",
        dockerfile=_KAFKA,
        files=(
            ("kafka-run-class.sh", _RUN_CLASS),
            ("archive-classes.sh", _ARCHIVE_CLASSES),
            *((f"{name}.sh", _TOOL.format(program)) for name, program in _TOOLS.items()),
        ),
        maven=_JARS,
        base="hashistack-test/java:21",
    ),
)
