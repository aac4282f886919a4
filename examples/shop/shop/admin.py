"""The admin process, for inside the network only: the queue, the workers, the last report."""

import json

from flask import Response, jsonify

from shop import cache
from shop.common import identity, make_app
from shop.worker import HEARTBEAT

application = make_app(__name__)
client = cache.connect()


@application.get("/")
def overview() -> Response:
    """Show what is going on."""
    return jsonify(
        queued=client.llen(cache.QUEUE),
        working=client.llen(cache.WORKING),
        orders=int(client.get(cache.ORDERS) or 0),
        workers=sorted(key.removeprefix(HEARTBEAT) for key in client.scan_iter(f"{HEARTBEAT}*")),
        schema=client.get(cache.SCHEMA),
        report=json.loads(client.get(cache.REPORT) or "null"),
        **identity(),
    )
