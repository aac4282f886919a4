# Tells how the cluster is, as lines KEY=VALUE; any member can answer, also while another one is away.
set -eu
. /alloc/member.env
. /local/tools.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

describe_topics >"$work/topics" &
ask metadata-quorum describe --replication --human-readable >"$work/quorum"
wait $! || exit 1

echo "version=$(basename /opt/kafka/libs/kafka-clients-*.jar .jar | sed 's/^kafka-clients-//')"
# A voter that has fetched lately is there; the leader itself does not fetch. Columns: id, directory, end, lag,
# "123 ms ago" twice, status.
awk -v peers="$PEERS" -v nodes="$MEMBER_NODES" '
  BEGIN { for (n = split(peers, peer, " "); n > 0; n--) { split(peer[n], pair, "="); address[pair[1]] = pair[2] } }
  $1 !~ /^[0-9]+$/ { next }
  {
    role = tolower($NF)
    away = role != "leader" && $5 > 10000
    if (role == "leader") leader = $1
    if (role != "observer") { voters++; if (!away) present++ }
    if (!away && $4 > lag) lag = $4
    role = role == "leader" ? "leader" : role == "follower" ? "voter" : role
    print "member." $1 "=" address[$1], role, (away ? "away" : "ok")
  }
  END {
    majority = present * 2 > voters
    print "leader=" leader
    print "quorum=" (leader != "" && majority ? "yes" : "no")
    print "lag=" lag + 0, "records of metadata"
    if (present < nodes) print "lacking"
    if (!majority) print "nomajority"
  }' "$work/quorum" >"$work/members"
grep = "$work/members"

# Safe: with the members that are left, every partition has a leader and as many copies in sync as a write needs.
awk -v members="$work/members" '
  BEGIN { while ((getline line < members) > 0) { lacking += line == "lacking"; nomajority += line == "nomajority" } }
  $2 == "-" {
    print "topic." $1 "=" $3, $4
    enough[$1] = match($5, /min\.insync\.replicas=[0-9]+/) ? substr($5, RSTART + 20, RLENGTH - 20) : 1
    next
  }
  {
    copies = split($4, unused, ",")
    sync = split($5, unused, ",")
    under += sync < copies
    if ($3 !~ /^[0-9]+$/ || sync < (enough[$1] < copies ? enough[$1] : copies)) unsafe++
  }
  END {
    print "under_replicated=" under + 0, "partitions"
    print "full=" (under || lacking ? "no" : "yes")
    print "safe=" (unsafe || nomajority ? "no" : "yes")
    if (nomajority) print "unsafe=less than half of the voters are there"
    else if (unsafe) print "unsafe=" unsafe, "partitions have no leader, or fewer copies in sync than a write needs"
  }' "$work/topics"
