# What the parts of a node and its tools need to know; each script beside this one begins with it.
. /alloc/member.env

# The keys without which neither a volume server nor a filer reads or writes, for who has a certificate too.
keys() {
  WEED_JWT_SIGNING_KEY=$(cat /secrets/volume_key)
  WEED_JWT_SIGNING_READ_KEY=$WEED_JWT_SIGNING_KEY
  WEED_JWT_FILER_SIGNING_KEY=$(cat /secrets/filer_key)
  WEED_JWT_FILER_SIGNING_READ_KEY=$WEED_JWT_FILER_SIGNING_KEY
  export WEED_JWT_SIGNING_KEY WEED_JWT_SIGNING_READ_KEY WEED_JWT_FILER_SIGNING_KEY WEED_JWT_FILER_SIGNING_READ_KEY
}

addresses() { for peer in $PEERS; do echo "${peer#*=}"; done; }

# Prints the same port of every member: HTTP and gRPC have each their own.
everywhere() { # HTTP GRPC
  addresses | sed "s/\$/:$1.$2/" | paste -s -d , -
}

masters() { everywhere "$NOMAD_PORT_master" "$NOMAD_PORT_master_grpc"; }

# Runs commands of SeaweedFS's own shell, one a line, against the cluster.
shell() { # SECONDS
  timeout "$1" weed shell -master="$(masters)" -filer="$MEMBER_ADDRESS:$NOMAD_PORT_filer.$NOMAD_PORT_filer_grpc" 2>/dev/null
}

# All that is asked of the cluster, in one go. A volume server without volumes is not in `volume.list`.
look() { printf 'cluster.raft.ps\ncluster.ps\nvolume.list\n' | shell 8; }

# Reads what `look` says and tells whether the member's volume server is there.
has_volume_server() { # ADDRESS FILE
  grep -q "^ *\* $1:$NOMAD_PORT_volume " "$2"
}

# Reads the same and prints a line for each volume: its id, how many copies live, how many there should be.
copies() {
  awk '$1 == "volume" && match($0, /Id:[0-9]+/) {
    id = substr($0, RSTART + 3, RLENGTH - 3)
    match($0, /ReplicaPlacement:[0-9]+/)
    code = substr($0, RSTART + 17, RLENGTH - 17)
    live[id]++
    wanted[id] = 1 + substr(code, 1, 1) + substr(code, 2, 1) + substr(code, 3, 1)
  }
  END { for (id in live) print id, live[id], wanted[id] }'
}
