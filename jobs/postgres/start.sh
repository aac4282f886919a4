# Runs PostgreSQL under Patroni, which agrees through Consul on who is the primary.
# Instead of the image's own start script, so that it runs alike on every image with Debian's layout and Patroni.
set -eu
. /alloc/member.env
. /secrets/passwords.env

own=/secrets/postgres
data=/data/postgres
keys=hashistack/$NOMAD_JOB_NAME/$NOMAD_JOB_NAME
tls="sslrootcert: /secrets/ca.pem, sslcert: $own/certificate.pem, sslkey: $own/key.pem, sslmode: verify-ca"

say() { echo "start: $*" >&2; }

give_up() {
  say "$*"
  exit 1
}

check_version() {
  [ -x "$BIN/postgres" ] ||
    give_up "this image has no PostgreSQL $POSTGRES_VERSION, it has: $(ls /usr/lib/postgresql | tr '\n' ' ')"
  [ ! -s $data/PG_VERSION ] || [ "$(cat $data/PG_VERSION)" = "$POSTGRES_VERSION" ] ||
    give_up "the data is of PostgreSQL $(cat $data/PG_VERSION), which $POSTGRES_VERSION cannot read: take a backup" \
      "with the old version and restore it into a new service"
}

# The number of the user postgres is the image's business: another image may have another.
take_over_disk() {
  chmod 0755 /data
  install -d -o postgres -g postgres -m 0700 $own
  # Both are copied: Nomad writes a renewed pair to /secrets while this one runs, and one of each pair fits nothing.
  install -o postgres -g postgres -m 0600 /secrets/key.pem $own/key.pem
  install -o postgres -g postgres -m 0644 /secrets/certificate.pem $own/certificate.pem
  install -d -o postgres -g postgres -m 0755 /var/run/postgresql
  [ ! -d $data ] || [ "$(stat -c %u $data)" = "$(id -u postgres)" ] || chown -R postgres:postgres $data
  install -d -o postgres -g postgres -m 0700 $data
}

consul() { # PATH OPTIONS...
  path=$1
  shift
  printf 'header = "X-Consul-Token: %s"' "${CONSUL_HTTP_TOKEN:-}" |
    curl --silent --fail --max-time 5 --config - "$@" "$CONSUL_HTTP_ADDR/v1/kv/$keys/$path"
}

key() { consul "$1?raw"; }

# Only the founder may begin a database; a node with an empty disk must never, whatever is lost in Consul.
await_founder() {
  [ -n "$(key initialize)" ] || say "waiting for the node that begins the database"
  until [ -n "$(key initialize)" ]; do sleep 2; done
}

# Patroni writes an empty key when it begins a database, and its number there when all is made, before anybody is let in.
# One that was ended in between would wait for itself, or go on without the roles: the founder begins anew.
drop_unfinished() {
  begun=$(key initialize) || return 0 # no key, or no answer
  [ -z "$begun" ] || return 0
  say "the database was not finished: beginning anew"
  rm -rf $data
  consul initialize --output /dev/null --request DELETE
}

# The last file of a copy of the primary is global/pg_control. A copy that broke off before is none, and Patroni would
# say so for ever. It is made anew from the others; where there are no others, what is there stays.
drop_part_of_a_copy() {
  [ "$MEMBER_ROLE" != found ] && [ "$MEMBER_NODES" -gt 1 ] || return 0
  [ -n "$(ls -A $data 2>/dev/null)" ] && [ ! -s $data/global/pg_control ] || return 0
  say "the copy of the primary broke off: it is made anew"
  rm -rf $data
}

# What all nodes must agree on: Patroni keeps it in Consul and takes these only once, settle.sh brings them up to date.
# Consul ends a session between a half and the whole of ttl after its holder died. `quorum`: a commit is acknowledged
# when it is on one replica at least, and only a node that has every such commit can become the primary.
shared_settings() {
  cat <<END
{
  "ttl": 20, "loop_wait": 5, "retry_timeout": 5,
  "primary_start_timeout": 60,
  "synchronous_mode": $([ "$MEMBER_NODES" = 1 ] && echo false || echo '"quorum"'),
  "failsafe_mode": true,
  "postgresql": {
    "use_pg_rewind": true, "use_slots": true,
    "parameters": {"max_connections": $MAX_CONNECTIONS, "wal_level": "replica", "hot_standby": true}
  }
}
END
}

configuration() {
  cat <<END
scope: $NOMAD_JOB_NAME
namespace: /hashistack/$NOMAD_JOB_NAME/
name: node-$MEMBER_ID

# Without checks a session ends by its time alone: when Consul's agents stop for a moment, the primary stays.
consul: {url: "$CONSUL_HTTP_ADDR", token: "${CONSUL_HTTP_TOKEN:-}", register_service: false, checks: []}

# Whoever asks is answered; whoever wants something done needs the password and a certificate of this service.
restapi:
  listen: 0.0.0.0:$NOMAD_PORT_rest
  connect_address: $MEMBER_ADDRESS:$NOMAD_PORT_rest
  certfile: $own/certificate.pem
  keyfile: $own/key.pem
  cafile: /secrets/ca.pem
  verify_client: optional
  authentication: {username: patroni, password: "$REST_PASSWORD"}
ctl: {cacert: /secrets/ca.pem, certfile: $own/certificate.pem, keyfile: $own/key.pem}

bootstrap:
  dcs: $(shared_settings | tr '\n' ' ')
  # The order of C.UTF-8 is the same on every system: another image never makes an index wrong.
  initdb: [encoding: UTF8, locale: C.UTF-8, data-checksums, auth-local: peer, auth-host: scram-sha-256]
  post_init: /bin/sh /local/post_init.sh

postgresql:
  listen: 0.0.0.0:$NOMAD_PORT_client
  connect_address: $MEMBER_ADDRESS:$NOMAD_PORT_client
  data_dir: $data
  bin_dir: $BIN
  pgpass: $own/pgpass
  use_unix_socket: true
  use_unix_socket_repl: true
  # An old primary that cannot be wound back is filled anew from the new one.
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  basebackup: [checkpoint: fast]
  authentication:
    superuser: {username: postgres, password: "$SUPERUSER_PASSWORD", $tls}
    replication: {username: replicator, password: "$REPLICATION_PASSWORD", $tls}
  parameters:
    unix_socket_directories: /var/run/postgresql
    password_encryption: scram-sha-256
    ssl: "on"
    ssl_cert_file: $own/certificate.pem
    ssl_key_file: $own/key.pem
    ssl_ca_file: /secrets/ca.pem
    ssl_min_protocol_version: TLSv1.2
    shared_buffers: $SHARED_BUFFERS
    effective_cache_size: $CACHE_SIZE
    max_wal_size: $WAL_SIZE
    # A replica that is away for long is filled anew rather than that what it misses fills the disk.
    max_slot_wal_keep_size: $WAL_SIZE
    # A client that is gone without a word is noticed within a minute.
    tcp_keepalives_idle: 30
    tcp_keepalives_interval: 10
    tcp_keepalives_count: 3
    log_timezone: UTC
    timezone: UTC
  # Nobody gets in without TLS and a password; the nodes themselves show the service's certificate as well.
  pg_hba:
    - local all postgres peer
    - local replication replicator scram-sha-256
    - hostssl replication replicator all scram-sha-256 clientcert=verify-ca
    - hostssl all postgres all scram-sha-256 clientcert=verify-ca
    - hostssl all replicator all reject
    - hostssl all all all scram-sha-256
END
}

# Options of curl in a file: a password on a command line could be read by every process of the machine.
curl_options() {
  printf '%s\n' silent fail 'max-time = 5' 'cacert = /secrets/ca.pem' \
    "cert = $own/certificate.pem" "key = $own/key.pem" "user = \"patroni:$REST_PASSWORD\""
}

check_version
[ "$MEMBER_ROLE" != found ] || drop_unfinished
drop_part_of_a_copy
take_over_disk
umask 077
configuration >$own/patroni.yml
shared_settings >$own/settings.json
curl_options >$own/curl.conf
chown postgres:postgres $own/patroni.yml
[ "$MEMBER_ROLE" != join ] || await_founder

/bin/sh /local/settle.sh &
export HOME=$own PATH="$PATH:/usr/local/bin:$BIN" APP_PASSWORD
exec setpriv --reuid=postgres --regid=postgres --init-groups patroni $own/patroni.yml
