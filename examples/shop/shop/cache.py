"""The way to the cache, which may be away for a while: it restarts, moves, loses its data."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

AWAY = redis.exceptions.RedisError  # unreachable, starting, read-only, full: to the shop all one
QUEUE, WORKING = "shop:queue", "shop:working"  # lists of order ids: waiting, taken by a worker
COUNTER, ORDERS = "shop:counter", "shop:orders"
SCHEMA, REPORT = "shop:schema", "shop:report"
TOLD = "shop:told"  # set of orders that somebody has read of in Kafka


def order_key(order: str) -> str:
    """Return the key of one order."""
    return f"shop:order:{order}"


def connect() -> redis.Redis:
    """Return a client of CACHE_URL; it connects when it is first used, and again whenever it has to."""
    url = os.environ.get("CACHE_URL") or "redis://127.0.0.1:6379"
    return redis.Redis.from_url(
        url,
        **({"ssl_ca_certs": os.environ.get("CACHE_CA")} if url.startswith("rediss:") else {}),
        decode_responses=True,
        socket_connect_timeout=1,
        socket_timeout=2,
        health_check_interval=10,
        # A web request waits some seconds for a cache that comes back, then says 503.
        retry=Retry(ExponentialBackoff(cap=0.3, base=0.05), 2),
        retry_on_error=[redis.exceptions.ConnectionError, redis.exceptions.TimeoutError],
    )


def patiently(ask: Callable[[], Any], seconds: float = 30) -> Any:
    """Ask the cache again and again; end the process with a clear error if it stays away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except AWAY as error:
            if time.monotonic() > deadline:
                sys.exit(f"the cache did not answer for {seconds:g} s: {error}")
            time.sleep(1)


def check() -> None:
    """Write and read."""
    client = connect()
    client.set("shop:check", 1, ex=60)
    if client.get("shop:check") != "1":
        raise ValueError("what was read is not what was written")
