#!/bin/sh
# Stands in for terraform/bootstrap.sh: writes down what it is told to do, and fails where /etc/fail-VERB is.
set -eu
verb=$1 folder=${2:-$(dirname "$0")}
lib=/usr/local/lib/hashistack
echo "$(date +%s.%N) $verb" >>/root/told
mkdir -p $lib
for file in node.env secrets.env bootstrap.sh; do
  [ ! -e "$folder/$file" ] || [ "$folder" = $lib ] || cp "$folder/$file" $lib/
done
ls "$folder" >/root/uploads
chmod 755 $lib/bootstrap.sh
case "$folder" in */.hashistack) rm -rf "$folder" ;; esac
if [ -e "/etc/fail-$verb" ]; then
  echo "hashistack: error: $verb is broken"
  echo "hashistack: fix: mend $verb" >&2
  exit 1
fi
sleep 0.3
[ "$verb" != remove ] || rm -rf $lib
echo "hashistack: $verb done"
