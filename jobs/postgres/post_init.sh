# Runs once in the life of a cluster, on the node that begins it: makes what the app logs in with.
# $1 is how to connect as the superuser.
set -eu
"$BIN/psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set database="$APP_DATABASE" "$1" <<'SQL'
\set password `printenv APP_PASSWORD`
-- The app may make databases of its own, a test run's for example, but no roles.
CREATE ROLE app LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE :"database" OWNER app;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;

-- Backing services that keep their data here get a role of their own each, which can read nothing else.
-- The function makes roles without any rights only, and leaves alone those that it did not make.
CREATE SCHEMA hashistack;
CREATE FUNCTION hashistack.tenant(name text, password text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', name);
    EXECUTE format('GRANT %I TO app', name);
  ELSIF NOT EXISTS (
    SELECT FROM pg_auth_members WHERE roleid = name::regrole AND member = 'app'::regrole
  ) THEN
    RAISE EXCEPTION 'role % is not one that this function made', name;
  END IF;
  EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', name, password);
END
$$;
REVOKE ALL ON FUNCTION hashistack.tenant FROM PUBLIC;
GRANT USAGE ON SCHEMA hashistack TO app;
GRANT EXECUTE ON FUNCTION hashistack.tenant TO app;
SQL
