# Passes once every member runs and every queue has all its copies; from then on, while this member takes clients.
. /local/env.sh
serves "$MEMBER_ADDRESS" || exit 2
[ -e "$NOMAD_ALLOC_DIR/full" ] || { echo "not every queue has all its copies yet" && exit 2; }
