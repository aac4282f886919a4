"""The release step, once per version before any of its processes: brings the data to this version's form."""

import os
import sys

from shop import cache, services

SCHEMA_VERSION = 2


def main() -> None:
    """Make the tables of the ledger, if there is one, and write the version of the schema into the cache."""
    if os.environ.get("FAIL_RELEASE") == "1":
        sys.exit("release: FAIL_RELEASE is set, so the migration is refused and nothing was changed")
    client = cache.connect()
    before = cache.patiently(lambda: client.get(cache.SCHEMA))
    if services.has("db"):
        services.use("db").migrate()
    cache.patiently(lambda: client.set(cache.SCHEMA, SCHEMA_VERSION))
    print(f"release: schema {before or 'none'} -> {SCHEMA_VERSION}", flush=True)


if __name__ == "__main__":
    main()
