# Writes a backup to the object storage: the one that backup.sh makes of the primary, in parts, then removes old ones.
set -eu
set -a
. /secrets/upload.env
set +a
export PGSSLMODE=verify-ca PGSSLROOTCERT=/secrets/database-ca.pem PGSSLCERT=/secrets/certificate.pem PGSSLKEY=/secrets/key.pem
# A backup that broke off is not kept: upload.py is told in the last line whether all of it came.
{ /bin/sh /local/backup.sh && printf complete; } | python3 /local/upload.py
