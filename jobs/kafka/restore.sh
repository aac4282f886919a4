# Reads what backup.sh wrote: makes topics that are missing and gives the others their settings; removes nothing.
set -eu
. /alloc/member.env
. /local/tools.sh
. /local/topics.sh
cat >/tmp/backup
[ "$(tail -n 1 /tmp/backup)" = "# complete" ] || { echo "the backup is cut short; nothing was changed" >&2 && exit 1; }

# Of a cluster with more members than this one has: no topic has more copies than members, and as many of them are to have
# a record before it is acknowledged as with so many copies from the start.
sed '$d' /tmp/backup | awk -v nodes="$MEMBER_NODES" '
  $3 > nodes {
    $3 = nodes
    most = nodes > 2 ? int(nodes / 2) + 1 : 1
    if (match($4, /min\.insync\.replicas=[0-9]+/) && substr($4, RSTART + 20, RLENGTH - 20) + 0 > most)
      sub(/min\.insync\.replicas=[0-9]+/, "min.insync.replicas=" most, $4)
  }
  { print }' >/tmp/wanted
bring_about /tmp/wanted
