# Reads what backup.sh wrote: makes topics that are missing and gives the others their settings; removes nothing.
set -eu
. /alloc/member.env
. /local/tools.sh
. /local/topics.sh
cat >/tmp/wanted
bring_about /tmp/wanted
