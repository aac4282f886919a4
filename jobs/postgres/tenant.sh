# Makes the role and the database $TENANT on a PostgreSQL, with the app's login: of ours by the function that post_init.sh
# made, of a cloud by its own rights. It may run as often as it likes, on several nodes at a time.
set -eu
set -a
. /secrets/database.env
set +a
# Not of a node that was the primary until now: PostgreSQL logs a statement that it refuses, with the password in it.
export PGDATABASE=postgres PGSSLMODE=require PGCONNECT_TIMEOUT=5 PGTARGETSESSIONATTRS=read-write
# A service of the cloud has no authority of its own: the file is empty.
! grep -q CERTIFICATE "$AUTHORITY" || export PGSSLMODE=verify-ca PGSSLROOTCERT="$AUTHORITY"

make() {
  "$BIN/psql" --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 --set tenant="$TENANT" <<'SQL'
-- One at a time, for the same reason: two that make one role at once are refused.
SELECT pg_advisory_lock(hashtext('hashistack.tenant')) \g /dev/null
\set password `printenv TENANT_PASSWORD`
SELECT to_regnamespace('hashistack') IS NOT NULL AS ours \gset
\if :ours
  SELECT hashistack.tenant(:'tenant', :'password');
\else
  SELECT format('CREATE ROLE %I', :'tenant') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'tenant') \gexec
  SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'tenant', :'password') \gexec
  SELECT format('GRANT %I TO CURRENT_USER', :'tenant') \gexec
\endif
SELECT format('CREATE DATABASE %I OWNER %I', :'tenant', :'tenant')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'tenant') \gexec
SET ROLE :"tenant";
REVOKE ALL ON DATABASE :"tenant" FROM PUBLIC;
SQL
}

# The database may be on its way to another node, or another node of this service may be making the same.
until make; do sleep 2; done
