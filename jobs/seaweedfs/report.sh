# Prints how the cluster is, a line for each fact: KEY=VALUE.
set -eu
. /local/cluster.sh
answer=$(mktemp)
trap 'rm -f "$answer" "$answer".*' EXIT
look >"$answer" || :

leader_address=$(sed -nE 's/^ +\* ([0-9.]+):.*\(Leader\).*/\1/p' "$answer")
leader='' alive=0
copies <"$answer" >"$answer.copies"
under=$(awk '$2 < $3' "$answer.copies" | wc -l)

for peer in $PEERS; do
  address=${peer#*=} role=none state=down
  if grep -q "^ *\* $address:.*(Voter)" "$answer"; then role=voter; fi
  if [ "$address" = "$leader_address" ]; then role=leader leader=${peer%%=*}; fi
  if has_volume_server "$address" "$answer"; then state=ok alive=$((alive + 1)); fi
  echo "member.${peer%%=*}=$address $role $state"
done
echo "leader=$leader"
echo "version=$(weed version 2>/dev/null | cut -d ' ' -f 3)"
if [ -z "$leader" ]; then
  echo quorum=no
  echo full=no
  echo safe=no
  echo "unsafe=the masters have no leader"
  exit
fi
echo quorum=yes
echo "under_replicated=$under volumes"

# The last time that nothing was missing, the repairer wrote down which volumes there are.
cut -d ' ' -f 1 "$answer.copies" >"$answer.now"
lost=$(grep -vxFf "$answer.now" /data/known 2>/dev/null | paste -s -d ' ' -)

voters=$(grep -cE '\((Leader|Voter)\)' "$answer")
if ! echo s3.bucket.list | shell 4 >"$answer.buckets"; then
  echo full=no
  echo safe=no
  echo "unsafe=the filer does not answer: is its database there?"
  exit
fi
if [ "$under" = 0 ] && [ "$alive" = "$MEMBER_NODES" ] && [ "$voters" = "$MEMBER_NODES" ]; then echo full=yes; else echo full=no; fi
if [ -n "$lost" ]; then
  echo safe=no
  echo "unsafe=no live machine has a copy of the volumes $lost"
else
  echo safe=yes
fi
# Not exact, but never 0 for a bucket in which something is: counting the objects of a large one would take minutes.
sed -nE 's/^ +([a-z0-9.-]+)\t.*chunk:([0-9]+).*/bucket.\1=\2/p' "$answer.buckets"
