# Tells this member's numbers for Prometheus. The leader of the metadata tells of topics and groups too, and whether it could.
# Names are those of kafka_exporter and of Kafka's own beans.
set -u
. /alloc/member.env
. /local/tools.sh

leads() { grep -q "\"leaderId\":$MEMBER_ID," /data/log/__cluster_metadata-0/quorum-state; }

topics() {
  said=$(describe_topics 2>/dev/null) || return 1
  printf '%s\n' "$said" | awk '
    function tell(name, value) { printf "kafka_topic_partition_%s{topic=\"%s\",partition=\"%s\"} %d\n", name, $1, $2, value }
    $2 == "-" { printf "kafka_topic_partitions{topic=\"%s\"} %d\n", $1, $3; next }
    NF {
      copies = split($4, copy, ",")
      sync = split($5, unused, ",")
      tell("leader", $3 ~ /^[0-9]+$/ ? $3 : -1)
      tell("leader_is_preferred", $3 == copy[1])
      tell("replicas", copies)
      tell("in_sync_replica", sync)
      tell("under_replicated_partition", sync < copies)
    }'
}

# What is behind: records that consumer groups have not read yet, and of share groups those that are not acknowledged.
# Columns are found by their names; where a group has read nothing yet there is "-" for a number. A tool that fails may say
# so and end well.
groups() { # KIND
  said=$(ask "$1-groups" --describe --all-groups --timeout 30000 2>/dev/null) || return 1
  printf '%s\n' "$said" | awk -v kind="$1group" '
    /^Error: / { exit 1 }
    $1 == "GROUP" { split("", column); for (i = 1; i <= NF; i++) column[$i] = i; next }
    $3 ~ /^[0-9]+$/ && $(column["LAG"]) ~ /^[0-9]+$/ {
      gsub(/["\\]/, "\\\\&", $1)
      printf "kafka_%s_lag{%s=\"%s\",topic=\"%s\",partition=\"%s\"} %s\n", kind, kind, $1, $2, $3, $(column["LAG"])
    }'
}

part() { # NAME COMMAND...
  name=$1
  shift
  if said=$("$@"); then complete=1; else said= complete=0; fi
  printf '%s\nhashistack_metrics_complete{part="%s"} %s\n' "$said" "$name" "$complete"
}

collect() {
  active=kafka_controller_kafkacontroller_activecontrollercount
  if ! leads; then echo "$active 0" && return; fi
  echo "$active 1"
  part topics topics
  part consumer_groups groups consumer
  part share_groups groups share
}

# The numbers of one metric beside each other, as Prometheus asks for.
collect | LC_ALL=C sort | awk '
  !NF { next }
  { name = $1; sub(/\{.*/, "", name) }
  name != last { print "# TYPE", name, "gauge"; last = name }
  { print }'
