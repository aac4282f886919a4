# Makes the buckets that the descriptor names and that are not there yet. It never removes one.
set -eu

# Prints the same port of every node that takes clients.
everywhere() { sed -n "s/:.*/:$1/p" /local/addresses | paste -s -d , -; }

shell() { timeout 30 weed shell -master="$(everywhere "$MASTER_PORTS")" -filer="$(everywhere "$FILER_PORTS" | cut -d , -f 1)" 2>/dev/null; }
there() { echo s3.bucket.list | shell | sed -nE 's/^ +([a-z0-9.-]+)\t.*/\1/p'; }

for bucket in $BUCKETS; do
  tries=0
  until there | grep -qxF "$bucket"; do
    [ $tries -lt 30 ] || { echo "buckets: $bucket could not be made" && exit 1; }
    tries=$((tries + 1))
    echo "buckets: making $bucket"
    echo "s3.bucket.create -name $bucket" | shell || sleep 2
  done
  echo "buckets: $bucket is there"
done
