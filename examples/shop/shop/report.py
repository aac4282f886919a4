"""The nightly report: how many orders there are. REPORT_SECONDS makes it take longer."""

import json
import os
import time

from shop import cache


def main() -> None:
    """Count the orders and leave the report in the cache."""
    client, started = cache.connect(), time.time()
    print("report: started", flush=True)
    time.sleep(float(os.environ.get("REPORT_SECONDS") or 0))
    orders = int(cache.patiently(lambda: client.get(cache.ORDERS)) or 0)
    report = json.dumps({"orders": orders, "started": started, "finished": time.time()})
    cache.patiently(lambda: client.set(cache.REPORT, report))
    print(f"report: {orders} orders", flush=True)


if __name__ == "__main__":
    main()
