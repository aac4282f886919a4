# Finds out which member of the cluster this node is and whether it begins the cluster, joins it or goes on with it.
#
# What is agreed on stands in Consul below hashistack/<job>/, and every step is one write that only one node can make:
#   members/<id>  "<node> <address>", the node that has this place; it keeps it, also with an empty disk
#   founder       the id that begins the cluster
#   formed        the id that was first to have data; from then on nobody begins one again
# The outcome is /alloc/member.env. On the disk, /data/.member says whose disk it is, /data/.engine of which engine,
# /data/.formed that it is in use.
set -eu

kv=hashistack/$MEMBER_JOB
state=$(mktemp)

say() { echo "claim: $*"; }

give_up() {
  say "$*"
  exit 1
}

# All keys in one consistent read, as lines `key:value`; "no key" and "no answer" must never look alike.
look() {
  consul kv get -recurse "$kv/" 2>"$state.error" | sed "s|^$kv/||" >"$state.new"
  ! [ -s "$state.error" ] && mv "$state.new" "$state"
}

await_consul() { # SECONDS, or 0 for as long as it takes
  missed=0
  until look; do
    [ $((missed % 30)) != 0 ] || say "Consul does not answer: $(cat "$state.error")"
    [ "$1" = 0 ] || [ $missed -lt "$1" ] || return 1
    sleep 2
    missed=$((missed + 2))
  done
}

value() { sed -n "s|^$1:||p" "$state"; }
holder() { value "members/$1"; }
place_of() { sed -nE "s|^members/([0-9]+):$1 .*|\1|p" "$state"; }
members() { sed -nE 's|^members/([0-9]+):[^ ]+ (.*)|\1=\2|p' "$state" | sort -n | tr '\n' ' ' | sed 's/ $//'; }
count() { grep -c '^members/' "$state" || :; }

# Writes a key that nobody has written yet; that somebody was quicker is no mistake.
first() {
  ! said=$(consul kv put -cas -modify-index=0 "$kv/$1" "$2" 2>&1) || return 0
  case $said in *"CAS failed"*) ;; *) say "$said" && sleep 5 ;; esac
  return 1
}

owner_of_disk() { sed -n 's/^MEMBER_ID=//p' /data/.member 2>/dev/null || :; }

free_place() {
  place=1
  while [ $place -le "$MEMBER_NODES" ]; do
    [ -n "$(holder $place)" ] || { echo $place && return; }
    place=$((place + 1))
  done
}

# No engine finds its data among the files of another one: it would begin empty beside them.
check_engine() {
  used=$(cat /data/.engine 2>/dev/null || :)
  [ "${used:-$MEMBER_ENGINE}" = "$MEMBER_ENGINE" ] ||
    give_up "this disk was used by $used, and $MEMBER_ENGINE cannot read its data: go back to $used, or give the" \
      "service another name"
}

# Two nodes must never have one id: a disk that belongs to another place is not touched.
check_disk() {
  disk=$(owner_of_disk)
  [ -z "$disk" ] || [ -z "$id" ] || [ "$disk" = "$id" ] ||
    give_up "this disk is of member $disk, but this node has place $id: one of both belongs to another node"
  [ -z "$disk" ] || [ -n "$id" ] || [ -z "$(holder "$disk")" ] ||
    give_up "this disk is of member $disk, whose place another node has: $(holder "$disk")"
}

take_place() {
  waited=0
  while :; do
    await_consul 0
    id=$(place_of "$NODE")
    check_disk
    [ -z "$id" ] || return 0
    wanted=${disk:-$(free_place)}
    if [ -n "$wanted" ]; then
      ! first "members/$wanted" "$NODE $ADDRESS" || say "took place $wanted"
      continue
    fi
    [ $((waited % 60)) != 0 ] ||
      say "no place is free: $(members); \`hashistack replace-node\` frees the place of a machine that is gone"
    sleep 5
    waited=$((waited + 5))
  done
}

keep_address() {
  [ "$(holder "$id")" = "$NODE $ADDRESS" ] || consul kv put "$kv/members/$id" "$NODE $ADDRESS" >/dev/null
  await_consul 0
}

# Before there is a cluster, all members must be known; afterwards nobody waits for one that is away.
choose_role() {
  waited=0
  while :; do
    await_consul 0
    if [ -n "$(value formed)" ]; then
      role=join
      [ "$(count)" != 1 ] || give_up "the disk is empty and there is no other member: the data of this cluster is lost." \
        "To begin anew: hashistack down --purge, or consul kv delete -recurse $kv/"
      return
    elif [ "$(count)" -lt "$MEMBER_NODES" ]; then
      [ $((waited % 30)) != 0 ] || say "$(count) of $MEMBER_NODES members are there: $(members)"
      sleep 3
      waited=$((waited + 3))
    elif [ -z "$(value founder)" ]; then
      first founder "$id" || :
    else
      role=join
      [ "$(value founder)" != "$id" ] || role=found
      return
    fi
  done
}

write_outcome() {
  cat >/data/.member.new <<END
MEMBER_ID=$id
MEMBER_ROLE=$(echo "$role" | sed 's/^resume$/join/')
MEMBER_ADDRESS=$ADDRESS
MEMBER_NODES=$MEMBER_NODES
PEERS="$(members)"
# A process that is started again goes on with what is on the disk; one whose disk was emptied meanwhile joins.
[ ! -e /data/.formed ] || MEMBER_ROLE=resume
END
  mv /data/.member.new /data/.member
  echo "$MEMBER_ENGINE" >/data/.engine
  cp /data/.member /alloc/member.env
  chmod 0644 /alloc/member.env
  [ "$(stat -c %u /data)" = "$MEMBER_UID" ] || chown -R "$MEMBER_UID:$MEMBER_UID" /data
  say "member $id at $ADDRESS: $role; $(members)"
}

check_engine
# With data on its disk, a node starts without Consul too: it knows its place and its peers from last time.
if [ -e /data/.formed ] && ! await_consul 30; then
  say "Consul is away; going on as before"
  sed "s/^MEMBER_ADDRESS=.*/MEMBER_ADDRESS=$ADDRESS/" /data/.member >/alloc/member.env
  exit 0
fi
if [ -e /data/.formed ]; then
  role=resume
  # Said first: whoever finds all places taken may rely on it.
  [ -n "$(value formed)" ] || first formed "$(owner_of_disk)" || :
  take_place
  keep_address
else
  take_place
  keep_address
  choose_role
fi
write_outcome
