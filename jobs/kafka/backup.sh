# Writes the topics' configuration as text, a line each, as setup.sh reads it: name, partitions, replicas, settings. The
# last line tells restore.sh that nothing is missing.
set -eu
. /alloc/member.env
. /local/tools.sh
topics=$(describe_topics --exclude-internal)
echo "$topics" | awk '$2 == "-" { print $1, $3, $4, ($5 == "" ? "-" : $5) }'
echo "# complete"
