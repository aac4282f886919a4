# Starts Valkey in the role that the Sentinels give it. It is never primary by its own decision, except once: the
# member that begins the cluster. One without others always is.
set -eu
. /local/common.sh
say() { echo "start: $*"; }

# A replica that followed until now has more than this node's disk, on which the last second may be missing.
somebody_followed() {
  for each in $(others); do
    said=$(valkey "$each" info replication)
    [ -n "$said" ] || continue # it is away, and says nothing of what it has
    role=$(echo "$said" | field role)
    [ "$role" != master ] || return 0
    [ "$(echo "$said" | field slave_repl_offset)" = 0 ] || return 0
  done
  return 1
}

choose_primary() {
  ! leads_by_itself || { leader=$MEMBER_ADDRESS && return; }
  alone=0 waited=0
  while :; do
    leader=$(primary $majority)
    if [ -z "$leader" ]; then
      [ $((waited % 30)) != 0 ] || say "waiting until $majority Sentinels say who is primary"
    elif [ "$leader" != "$MEMBER_ADDRESS" ]; then
      return
    elif [ "$MEMBER_ROLE" = join ]; then
      [ $((waited % 30)) != 0 ] || say "this disk is empty: waiting until another member is primary"
    elif somebody_followed; then
      alone=0
      [ $((waited % 30)) != 0 ] || say "was primary; waiting until a replica takes over"
    else
      # All start at the same time, after a power cut: the last primary has the most.
      alone=$((alone + 1))
      [ $alone -lt 3 ] || return 0
    fi
    sleep 2
    waited=$((waited + 2))
  done
}

configuration() {
  cat <<END
bind 0.0.0.0
port 0
tls-port $NOMAD_PORT_client
tls-cert-file /secrets/certificate.pem
tls-key-file /secrets/key.pem
tls-ca-cert-file /secrets/ca.pem
tls-auth-clients no
tls-replication yes
aclfile /secrets/users.acl
masteruser node
masterauth $(cat /secrets/node_password)
replica-announce-ip $MEMBER_ADDRESS
replica-announce-port $NOMAD_PORT_client
dir /data/valkey
appendonly yes
appendfsync everysec
save ""
maxmemory $MAXMEMORY
maxmemory-policy noeviction
repl-backlog-size 16mb
# What waits for a replica is not part of maxmemory, and by default may be more than the container has.
client-output-buffer-limit replica $((${MAXMEMORY%mb} / 6))mb $((${MAXMEMORY%mb} / 12))mb 60
replica-priority 0
# A primary that nobody follows, cut off from the others, refuses to write.
min-replicas-to-write $((MEMBER_NODES > 1 ? 1 : 0))
min-replicas-max-lag 10
END
  [ "$leader" = "$MEMBER_ADDRESS" ] || echo "replicaof $leader $NOMAD_PORT_client"
}

role() { valkey "$MEMBER_ADDRESS" info replication | field role; }
replicas_behind() { # by how much they are behind, in bytes, one a line
  said=$(valkey "$MEMBER_ADDRESS" info replication)
  end=$(echo "$said" | field master_repl_offset)
  echo "$said" | sed -nE 's/^slave[0-9]+:.*state=online,offset=([0-9]+),.*/\1/p' | while read -r at; do echo $((end - at)); done
}

# A primary that is told to end takes no writes, waits until the replicas have everything, and has one take over. It does
# not wait for more than 8 s: the pause of writes and the time that it is given to end must not be over before.
hand_over() {
  . /alloc/member.env # a machine may have been replaced since the start
  [ "$MEMBER_NODES" -gt 1 ] && [ "$(role)" = master ] && [ -n "$(replicas_behind)" ] || return 0
  say "handing over"
  valkey "$MEMBER_ADDRESS" client pause 25000 write
  latest=$(($(date +%s) + 8))
  while [ "$(replicas_behind | sort -n | tail -n 1)" != 0 ] && [ "$(date +%s)" -lt $latest ]; do sleep 0.2; done
  for each in $(others) $MEMBER_ADDRESS; do
    [ "$(sentinel "$each" sentinel failover $name)" != OK ] || break
  done
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ "$(role)" = master ] || break
    sleep 0.5
  done
}

end() {
  trap '' TERM INT
  hand_over
  kill "$server" 2>/dev/null || :
  wait "$server"
  exit
}

in_sync() {
  said=$(valkey "$MEMBER_ADDRESS" info replication)
  [ "$(echo "$said" | field role)" = master ] || [ "$(echo "$said" | field master_link_status)" = up ]
}

# Until it has all that the primary has, a replica is not chosen and its disk does not count as used: where all start at
# the same time, the last primary comes first. One that is gone for good is waited for two minutes.
settle() {
  waited=0
  until in_sync; do
    sleep 2
    waited=$((waited + 2))
    [ $waited != 120 ] || valkey "$MEMBER_ADDRESS" config set replica-priority 100
  done
  valkey "$MEMBER_ADDRESS" config set replica-priority 100
  touch /data/.formed
}

choose_primary
mkdir -p /data/valkey
umask 077
# In memory, as secrets are: once a machine has started again, only root may write to Nomad's own folder of them.
configuration >/dev/shm/valkey.conf
say "member $MEMBER_ID, $MEMBER_ROLE: the primary is $leader"
valkey-server /dev/shm/valkey.conf &
server=$!
trap end TERM INT
settle &
wait "$server"
