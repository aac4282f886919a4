# Reads what backup.sh wrote from standard input and puts the databases in the place of those of the same names.
set -eu
[ "$(id -u)" != 0 ] || exec setpriv --reuid=postgres --regid=postgres --init-groups /bin/sh "$0"

export PGHOST=/var/run/postgresql PGPORT="$NOMAD_PORT_client" PGUSER=postgres PGOPTIONS='-c client_min_messages=warning'
psql() { "$BIN/psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres --output /dev/null; }

[ "$("$BIN/psql" --no-psqlrc --quiet --tuples-only --no-align --dbname postgres --command 'SELECT pg_is_in_recovery()')" = f ] ||
  { echo "this node is a replica: restore on the primary" >&2 && exit 1; }

drop_restored() {
  psql <<'SQL'
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname LIKE '% (restored)' \gexec
SQL
}

give_up() {
  echo "$*; no database was changed" >&2
  drop_restored
  exit 1
}

# What a restore left behind that was killed is not of this backup.
drop_restored

# Of a pipe the shell tells how its last command ended: the first one takes a mark away when all went well.
bad=$(mktemp)
{ gunzip && rm "$bad"; } | psql || give_up "the database refused what is in the backup"
[ ! -e "$bad" ] || give_up "the backup is cut short or damaged"

# Only now: before its last byte nobody knows whether a file is whole. Where this fails, the copies stay where they are.
psql <<'SQL'
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', left(datname, -11)),
       format('ALTER DATABASE %I RENAME TO %I', datname, left(datname, -11))
  FROM pg_database WHERE datname LIKE '% (restored)' \gexec
SQL
