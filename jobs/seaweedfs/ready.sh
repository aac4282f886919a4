# Says whether this node may be the reason to go on with an update: once all copies were there, its other checks say it.
set -eu
if [ -e /alloc/full ]; then exit 0; fi
/bin/sh /local/report.sh >/tmp/report
cat /tmp/report
grep -qx full=yes /tmp/report
touch /alloc/full
