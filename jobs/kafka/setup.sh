# Gives the users their passwords and rights, and topics what the descriptor says. It can be run again at any time.
set -eu
. /local/tools.sh
. /local/topics.sh
. /secrets/users.env
umask 077
cat /secrets/key.pem /secrets/certificate.pem >/dev/shm/keystore.pem
SERVERS=$(sed -n "s/:.*/:$MEMBER_PORT/p" /local/addresses | paste -sd , -)

# From a file: what stands on a command line is for everybody on the machine to read.
set_password() { # USER PASSWORD
  printf 'SCRAM-SHA-512=password=%s\n' "$2" >"/dev/shm/$1.properties"
  ask configs --alter --entity-type users --entity-name "$1" --add-config-file "/dev/shm/$1.properties"
}
set_password admin "$ADMIN_PASSWORD"
set_password "$APP_USER" "$APP_PASSWORD"

# The app's user has all rights to topics, groups and transactions, none to users, to rights or to the cluster.
ask acls --add --allow-principal "User:$APP_USER" --operation All --topic '*' --group '*' --transactional-id '*' >/tmp/rights

# A cluster that has grown: copies of what Kafka keeps for itself, too, and as many of them for what is acknowledged.
enough=$((COPIES / 2 + 1))
topics=$(describe_topics)
{
  cat /local/topics.txt
  echo "$topics" | awk -v copies="$COPIES" -v enough="$enough" \
    '$2 == "-" && $1 ~ /^__/ { print $1, $3, copies, "min.insync.replicas=" enough }'
} >/tmp/wanted
bring_about /tmp/wanted

# For topics that nobody says it for: Kafka wrote down what its first member had, and that goes before server.properties.
ask configs --alter --entity-type brokers --entity-default --add-config "min.insync.replicas=$enough"
