# Writes every database to standard output, compressed, as SQL that restore.sh reads. Without PGHOST: of this node.
# Each database is put together beside the one of its name; restore.sh has them take their places once all are there. Roles come without their passwords, which belong to a cluster and not to its data.
set -eu
[ -n "${PGHOST:-}" ] || [ "$(id -u)" != 0 ] || exec setpriv --reuid=postgres --regid=postgres --init-groups /bin/sh "$0"

export PGHOST="${PGHOST:-/var/run/postgresql}" PGPORT="${PGPORT:-$NOMAD_PORT_client}" PGUSER=postgres
ask() { "$BIN/psql" --no-psqlrc --quiet --tuples-only --no-align --dbname postgres --command "$1"; }

roles() {
  ask "SELECT format(
    'DO \$\$ BEGIN CREATE ROLE %I NOLOGIN; EXCEPTION WHEN duplicate_object THEN END \$\$; GRANT %I TO app;', rolname, rolname
  ) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'replicator', 'app')"
}

databases() {
  ask "SELECT quote_ident(datname || ' (restored)'), quote_ident(pg_get_userbyid(datdba)), datname
    FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' AND datname NOT LIKE '% (restored)' ORDER BY datname"
}

dump() { # NEW NAME, OWNER as SQL writes them, and the name itself
  cat <<SQL
DROP DATABASE IF EXISTS $1 WITH (FORCE);
CREATE DATABASE $1 OWNER $2 TEMPLATE template0;
REVOKE ALL ON DATABASE $1 FROM PUBLIC;
\\connect $1
SQL
  "$BIN/pg_dump" --dbname "$3"
}

all() {
  roles || return 1
  list=$(databases) || return 1
  odd=$(ask "SELECT datname FROM pg_database WHERE datname NOT LIKE '% (restored)'
    AND (octet_length(datname) > 52 OR datname ~ '[|\n]')") || return 1
  [ -z "$odd" ] || { echo "no backup can be made of a database of such a name: $odd" >&2 && return 1; }
  torn=$(ask "SELECT datname FROM pg_database AS each WHERE datname LIKE '% (restored)'
    AND NOT EXISTS (SELECT FROM pg_database WHERE datname = left(each.datname, -11))") || return 1
  [ -z "$torn" ] || { echo "a restore broke off, or has not ended: restore again to give $torn its name" >&2 && return 1; }
  while IFS='|' read -r new owner plain; do
    dump "$new" "$owner" "$plain" || return 1
  done <<LIST
$list
LIST
}

# Of a pipe the shell tells how its last command ended: the first one takes a mark away when all went well.
bad=$(mktemp)
{ all && rm "$bad"; } | gzip
[ ! -e "$bad" ] || { echo "the backup is not complete" >&2 && exit 1; }
