# Passes once every member has all that it should have; from then on, while this member runs.
set -eu
if [ -e "$NOMAD_ALLOC_DIR/full" ]; then
    exec sh /local/serves.sh js-enabled-only=true
fi
sh /local/report.sh | grep -qx full=yes || exit 2
touch "$NOMAD_ALLOC_DIR/full"
