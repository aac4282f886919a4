# Makes new copies of volumes that have lost one, and has the masters forget a machine that was replaced.
# With the argument `now` it does so at once and ends; without, it watches, on the machine whose master leads.
set -eu
. /local/cluster.sh
every=15
# A machine that restarts brings its copies back itself; one that is away for longer is taken for lost.
grace=${GRACE:-600}

leads() { grep -q "^ *\* $MEMBER_ADDRESS:.*(Leader)" /tmp/cluster; }
alive() {
  for address in $(addresses); do
    if has_volume_server "$address" /tmp/cluster; then echo "$address"; fi
  done | wc -l
}
wrong() { copies </tmp/cluster | awk '$2 != $3' | wc -l; }

# A master that is no member's is in the way of a majority. While a member has no place yet, nobody knows whose it is.
forget_replaced() {
  [ "$(addresses | wc -l)" = "$MEMBER_NODES" ] || return 0
  sed -nE 's/^ +\* ([0-9.]+:[0-9]+) .*\((Leader|Voter|Nonvoter)\).*/\1/p' /tmp/cluster | while read -r id; do
    addresses | grep -qxF "${id%%:*}" && continue
    echo "repair: $id is no member any more"
    echo "cluster.raft.remove -id $id" | shell 20
  done
}

repair() {
  echo "repair: $(wrong) volumes have not the copies that they should have"
  printf 'lock\nvolume.fix.replication -apply\nunlock\n' | shell 1800
}

if [ "${1:-}" = now ]; then
  look >/tmp/cluster || :
  repair
  exit
fi

since=0
while sleep $every; do
  . /alloc/member.env # a machine may have been replaced
  seen=yes
  look >/tmp/cluster || seen=no
  if [ $seen = yes ] && [ "$(alive)" = "$MEMBER_NODES" ] && [ "$(wrong)" = 0 ]; then
    copies </tmp/cluster | cut -d ' ' -f 1 >/data/known.new
    mv /data/known.new /data/known
  fi
  if ! leads; then
    since=0
    continue
  fi
  forget_replaced
  if [ "$(wrong)" = 0 ]; then
    since=0
    continue
  fi
  [ $since != 0 ] || since=$(date +%s)
  # With every machine there, nobody else brings the copies that are missing.
  if [ "$(alive)" = "$MEMBER_NODES" ]; then wait=$every; else wait=$grace; fi
  if [ $(($(date +%s) - since)) -ge "$wait" ]; then
    repair
    since=0
  fi
done
