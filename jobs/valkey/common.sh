# What all scripts of a node know: who the members are, and how they are asked. Read with `.`, never run.
. /alloc/member.env

name=main # of the primary, as Sentinels call it
majority=$((MEMBER_NODES / 2 + 1))

ask() { # PORT ADDRESS COMMAND...
  port=$1 address=$2
  shift 2
  REDISCLI_AUTH=$(cat /secrets/node_password) timeout "${PATIENCE:-10}" \
    valkey-cli --tls --cacert /secrets/ca.pem --user node --no-auth-warning -h "$address" -p "$port" "$@" 2>/dev/null | tr -d '\r'
}
valkey() { ask "$NOMAD_PORT_client" "$@"; }
sentinel() { ask "$NOMAD_PORT_sentinel" "$@"; }

addresses() { for peer in $PEERS; do echo "${peer#*=}"; done; }
others() { addresses | grep -vxF "$MEMBER_ADDRESS" || :; }

# The member that begins the cluster, and one without others: also where its machine has another address than before.
leads_by_itself() { [ "$MEMBER_ROLE" = found ] || [ "$MEMBER_NODES" = 1 ]; }

field() { sed -n "s/^$1://p"; } # of what INFO says
pair() { sed -n "/^$1\$/{n;p;q;}"; } # of a list of names and values, each on a line

# What each Sentinel that answers says: "<epoch> <address of the primary>".
votes() {
  for each in $(addresses); do
    said=$(sentinel "$each" sentinel master $name) || continue
    address=$(echo "$said" | pair ip)
    [ -z "$address" ] || echo "$(echo "$said" | pair config-epoch) $address"
  done
}

# The primary by the newest of at least COUNT answers; nothing where fewer Sentinels answer.
primary() { # COUNT
  found=$(votes)
  [ "$(echo "$found" | grep -c .)" -lt "$1" ] || echo "$found" | sort -rn | sed -n '1s/.* //p'
}
