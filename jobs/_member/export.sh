# Has metrics.sh tell this node's numbers every $1 seconds, and leaves them where the task `exporter` serves them to
# Prometheus: none where they cannot be had. The main script removes what an earlier start left.
set -u
umask 022
numbers=/alloc/metrics/numbers.prom
mkdir -p "${numbers%/*}"
while :; do
  sleep "$1" || :
  if timeout 180 sh /local/metrics.sh >"$numbers.new"; then mv "$numbers.new" "$numbers"; else rm -f "$numbers"; fi
done
