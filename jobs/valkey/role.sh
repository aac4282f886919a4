# Succeeds where this node has the role: primary, or replica with all that the primary has.
. /local/common.sh
said=$(valkey "$MEMBER_ADDRESS" info replication)
case $1:$(echo "$said" | field role) in
  primary:master) ;;
  replica:slave) [ "$(echo "$said" | field master_link_status)" = up ] ;;
  *) false ;;
esac
