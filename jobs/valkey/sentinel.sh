# Starts the Sentinel of this node. What it knew stays on the disk, so that a cluster that lost its power finds its
# last primary again; passwords and ports are written anew each time.
set -eu
. /local/common.sh
say() { echo "sentinel: $*"; }
file=/data/sentinel.conf

choose_primary() {
  ! leads_by_itself || { leader=$MEMBER_ADDRESS && return; }
  waited=0
  until leader=$(primary 1) && [ -n "$leader" ]; do
    [ $((waited % 30)) != 0 ] || say "waiting for a Sentinel that says who is primary"
    sleep 2
    waited=$((waited + 2))
  done
}

known() { # what Sentinel wrote down, or the first primary
  if [ "$MEMBER_NODES" -gt 1 ] && grep -qs "^sentinel monitor $name " $file; then
    grep -E '^sentinel (myid|config-epoch|leader-epoch|current-epoch|known-replica|known-slave|known-sentinel) ' $file || :
    sed -nE "s/^(sentinel monitor $name .*) [0-9]+$/\1 $majority/p" $file
  else
    choose_primary
    echo "sentinel monitor $name $leader $NOMAD_PORT_client $majority"
  fi
}

configuration() {
  # The line `monitor` comes first: the others are about what it names.
  echo "$1" | grep ' monitor '
  cat <<END
bind 0.0.0.0
port 0
tls-port $NOMAD_PORT_sentinel
tls-cert-file /secrets/certificate.pem
tls-key-file /secrets/key.pem
tls-ca-cert-file /secrets/ca.pem
tls-auth-clients no
tls-replication yes
aclfile /secrets/users.acl
dir /tmp
sentinel sentinel-user node
sentinel sentinel-pass $(cat /secrets/node_password)
sentinel resolve-hostnames no
sentinel announce-ip $MEMBER_ADDRESS
sentinel announce-port $NOMAD_PORT_sentinel
sentinel auth-user $name node
sentinel auth-pass $name $(cat /secrets/node_password)
sentinel down-after-milliseconds $name 5000
sentinel failover-timeout $name 20000
sentinel parallel-syncs $name 1
END
  echo "$1" | grep -v ' monitor ' || :
}

# A member that came in place of a lost one has the others forget that one, else they count it for majorities. One after
# the other, so that there is always a majority that knows all (Valkey's documentation: 30 seconds apart).
forget_the_lost() {
  sleep 30
  for each in $(addresses); do
    count=$(sentinel "$each" sentinel master $name | pair num-other-sentinels)
    [ "${count:-0}" -ge "$MEMBER_NODES" ] || continue
    case $(sentinel "$each" sentinel ckquorum $name) in OK*) sentinel "$each" sentinel reset $name && sleep 30 ;; esac
  done
}

umask 077
lines=$(known)
configuration "$lines" >$file.new
mv $file.new $file
[ "$MEMBER_ROLE" != join ] || forget_the_lost &
exec valkey-sentinel $file
