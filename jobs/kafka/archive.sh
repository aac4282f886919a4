# Starts archive.py. An image that has what it takes is used as it is; into any other it is installed, with checksums.
set -eu
if ! python3 -c 'import boto3, confluent_kafka' 2>/dev/null; then
  export PYTHONPATH=/alloc/libraries
  if [ ! -e $PYTHONPATH ]; then
    rm -rf /alloc/unfinished
    python3 -m pip install --quiet --no-cache-dir --require-hashes --only-binary :all: \
      --target /alloc/unfinished --requirement /local/archive.txt
    mv /alloc/unfinished $PYTHONPATH
  fi
fi
exec python3 -u /local/archive.py
