# Writes the topics' configuration as text, a line each, as setup.sh reads it: name, partitions, replicas, settings.
set -eu
. /alloc/member.env
. /local/tools.sh
describe_topics --exclude-internal | awk '$2 == "-" { print $1, $3, $4, ($5 == "" ? "-" : $5) }'
