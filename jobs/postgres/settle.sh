# Runs beside Patroni until PostgreSQL serves: marks the disk as used and brings the shared settings up to date.
set -eu
api=https://127.0.0.1:$NOMAD_PORT_rest
ask() { curl --config /secrets/postgres/curl.conf --output /dev/null "$@"; }
has() { curl --config /secrets/postgres/curl.conf "$api$1" | grep -q "$2"; }
send() { ask --request "$1" --header 'Content-Type: application/json' --data "$2" "$api/$3"; }

# A copy that was being wound back when its node died cannot start again, nor does Patroni see that: it is filled anew
# from the primary, once there is one. Where a start takes long for another reason, one of them goes on with its copy
# while another is filled.
. /alloc/member.env
patience=$((300 * MEMBER_ID))
waited=0
until ask "$api/readiness"; do
  sleep 2
  waited=$((waited + 2))
  [ $waited -ge $patience ] || continue
  waited=0
  ! has /patroni '"state": "starting"' || ! has /cluster '"role": "leader", "state": "running"' || {
    echo "settle: PostgreSQL does not start within $patience s, filling this node anew from the primary" >&2
    send POST '{"force": true}' reinitialize || :
  }
done
touch /data/.formed
until send PATCH @/secrets/postgres/settings.json config; do sleep 5; done
