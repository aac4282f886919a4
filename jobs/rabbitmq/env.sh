# What a node and RabbitMQ's tools need to know; each script beside this one begins with it.
. "$NOMAD_ALLOC_DIR/member.env"

# Erlang reads the cookie from there: in an argument or in the environment others could see it.
export HOME="$NOMAD_SECRETS_DIR"
export LC_ALL=C.UTF-8

# Erlang itself is told to stop, not a shell around it.
export RUNNING_UNDER_SYSTEMD=true

# A node is known by its machine's address, for it keeps both for as long as it keeps its disk.
export RABBITMQ_USE_LONGNAME=true
export RABBITMQ_NODENAME="rabbit@$MEMBER_ADDRESS"
export RABBITMQ_MNESIA_BASE=/data
export RABBITMQ_MNESIA_DIR=/data/mnesia
export RABBITMQ_PLUGINS_EXPAND_DIR="$NOMAD_ALLOC_DIR/plugins"
export RABBITMQ_FEATURE_FLAGS_FILE=/data/feature_flags
export RABBITMQ_PID_FILE="$NOMAD_ALLOC_DIR/rabbitmq.pid"
export RABBITMQ_ENABLED_PLUGINS_FILE=/local/enabled_plugins
export RABBITMQ_CONFIG_FILE="$NOMAD_ALLOC_DIR/rabbitmq.conf"
# The image has more files of its own, with a login called guest for example.
export RABBITMQ_CONFIG_FILES=/local/no-more-files
export RABBITMQ_LOGS=-
# A dump of the memory would have passwords in it.
export ERL_CRASH_DUMP_SECONDS=0

export ERL_EPMD_PORT="$NOMAD_PORT_epmd"
export ERL_EPMD_ADDRESS="$MEMBER_ADDRESS"
export RABBITMQ_DIST_PORT="$NOMAD_PORT_dist"

# Members and tools speak TLS to each other, and each shows the certificate.
ssl=$(echo "$(dirname "$(readlink -f "$(command -v erl)")")"/../lib/ssl-*/ebin)
tls="-pa $ssl -proto_dist inet_tls -ssl_dist_optfile /local/dist_tls.config"
export RABBITMQ_CTL_ERL_ARGS="$tls"
# A member that is cut off is missed within 20 seconds, not 75: until then, what its clients had not acknowledged waits.
# One that starts waits five minutes for the majority, as later versions do, not half a minute: others may start later.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$tls -kernel net_ticktime 15 \
    -kernel inet_dist_use_interface {$(echo "$MEMBER_ADDRESS" | tr . ,)} \
    -rabbit khepri_leader_wait_retry_timeout 300000"

# Print the addresses of the other members.
others() {
    for peer in $PEERS; do
        [ "${peer#*=}" = "$MEMBER_ADDRESS" ] || echo "${peer#*=}"
    done
}

# Tell whether a port of a member is open.
reaches() {
    timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}

# Tell whether a member takes clients: it does once it belongs to the cluster and is on the majority's side.
serves() {
    reaches "$1" "$NOMAD_PORT_client"
}
