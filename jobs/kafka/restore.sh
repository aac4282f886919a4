# Reads what backup.sh wrote: makes topics that are missing and gives the others their settings; removes nothing.
set -eu
. /alloc/member.env
. /local/tools.sh
. /local/topics.sh
cat >/tmp/backup
[ "$(tail -n 1 /tmp/backup)" = "# complete" ] || { echo "the backup is cut short; nothing was changed" >&2 && exit 1; }
sed '$d' /tmp/backup >/tmp/wanted
bring_about /tmp/wanted
