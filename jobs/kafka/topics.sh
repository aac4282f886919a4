# Brings topics to what a list wants, a line each: name, partitions, replicas, settings as a=1;b=2 or "-".
# Nothing is removed and nothing shrinks: partitions and copies only grow.

bring_about() { # FILE
  describe_topics >/tmp/found
  while read -r topic partitions copies settings; do
    found=$(awk -v topic="$topic" '$1 == topic && $2 == "-"' /tmp/found)
    if [ -z "$found" ]; then
      make "$topic" "$partitions" "$copies" "$settings"
    else
      change "$topic" "$partitions" "$copies" "$settings" "$found"
    fi
  done <"$1"
}

make() { # TOPIC PARTITIONS COPIES SETTINGS
  echo "topic $1: made with $2 partitions, $3 copies, $4"
  flags=
  [ "$4" = - ] || flags=$(echo "$4" | tr ';' '\n' | sed 's/^/--config /')
  # shellcheck disable=SC2086 - one word each
  ask topics --create --if-not-exists --topic "$1" --partitions "$2" --replication-factor "$3" $flags
}

change() { # TOPIC PARTITIONS COPIES SETTINGS FOUND
  topic=$1 partitions=$2 copies=$3 settings=$4
  # shellcheck disable=SC2086 - a line of describe_topics, in words
  set -- $5
  if [ "$3" -lt "$partitions" ]; then
    echo "topic $topic: $partitions partitions, not $3"
    ask topics --alter --topic "$topic" --partitions "$partitions"
  elif [ "$3" -gt "$partitions" ]; then
    echo "topic $topic: keeps its $3 partitions; Kafka cannot have fewer"
  fi
  [ "$4" -ge "$copies" ] || add_copies "$topic" "$copies"
  lacking=$(lacking_settings "$settings" "${5:-}")
  if [ -n "$lacking" ]; then
    echo "topic $topic: $lacking"
    ask configs --alter --entity-type topics --entity-name "$topic" --add-config "$lacking"
  fi
}

# Those of the first that the second has not, as kafka-configs takes them: a value with a comma in brackets.
lacking_settings() { # WANTED FOUND
  for setting in $(echo "$1" | tr ';' ' '); do
    case ";$2;" in *";$setting;"*) ;; *) [ "$setting" = - ] || echo "$setting" ;; esac
  done | sed 's/=\(.*,.*\)/=[\1]/' | tr '\n' ',' | sed 's/,$//'
}

# Each partition keeps the copies that it has, and gets more on the members that follow its last one. The copy that is
# named first is the one that leads: of a partition's copies it is that of the member that leads the fewest so far, of
# all topics whose copies were added: /tmp/leads has the members with how many they lead.
add_copies() { # TOPIC COPIES
  echo "topic $1: $2 copies of every partition"
  awk -v topic="$1" -v copies="$2" -v nodes="$MEMBER_NODES" '
    function list(  i, text) {
      for (i = 1; i <= count; i++) text = text (i > 1 ? "," : "") brokers[i]
      return text
    }
    function choose_leader(  i, best, first) {
      best = 1
      for (i = 2; i <= count; i++) if (leads[brokers[i]] + 0 < leads[brokers[best]] + 0) best = i
      first = brokers[best]; brokers[best] = brokers[1]; brokers[1] = first
      leads[first]++
    }
    BEGIN { while ((getline line < "/tmp/leads") > 0) { split(line, led); leads[led[1]] = led[2] } }
    $1 != topic || $2 == "-" { next }
    {
      count = split($4, brokers, ",")
      for (next_one = brokers[count] % nodes + 1; count < copies && count < nodes; next_one = next_one % nodes + 1)
        if (index("," list() ",", "," next_one ",") == 0) brokers[++count] = next_one
      choose_leader()
      parts = parts (parts == "" ? "" : ",") "{\"topic\":\"" topic "\",\"partition\":" $2 ",\"replicas\":[" list() "]}"
    }
    END {
      print "{\"version\":1,\"partitions\":[" parts "]}"
      close("/tmp/leads")
      for (broker in leads) print broker, leads[broker] >"/tmp/leads"
    }
  ' /tmp/found >/tmp/copies.json
  ask reassign-partitions --reassignment-json-file /tmp/copies.json --execute >/tmp/reassigned
}
