# Succeeds once all copies are there, and from then on as long as Valkey answers: this start was a whole one.
. /local/common.sh
[ ! -e /alloc/full ] || { [ "$(valkey "$MEMBER_ADDRESS" ping)" = PONG ] && exit; }

said=$(valkey "$MEMBER_ADDRESS" info replication)
case $(echo "$said" | field role) in
  master) [ "$(echo "$said" | grep -c '^slave[0-9].*state=online')" -ge $((MEMBER_NODES - 1)) ] ;;
  slave) [ "$(echo "$said" | field master_link_status)" = up ] ;;
  *) false ;;
esac || exit 1
# The next node is stopped only when the Sentinels could do without it.
[ "$(sentinel "$MEMBER_ADDRESS" sentinel master $name | pair num-other-sentinels)" -ge $((MEMBER_NODES - 1)) ] || exit 1
case $(sentinel "$MEMBER_ADDRESS" sentinel ckquorum $name) in OK*) touch /alloc/full ;; *) exit 1 ;; esac
