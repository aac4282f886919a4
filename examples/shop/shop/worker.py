"""The worker process: takes orders from the queue, works out what they cost and writes down what has come of them."""

import signal
import socket
import threading
import time

import redis

from shop import cache, services

HEARTBEAT = "shop:worker:"  # + host name; the key is gone 15 s after the worker


def main() -> None:
    """Work until SIGTERM, which lets the order in hand be finished; wait for a cache that is away."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    client, fresh = cache.connect(), True
    if services.has("events"):
        threading.Thread(target=listen, args=(ended,), daemon=True).start()
    print("worker: ready", flush=True)
    while not ended.is_set():
        try:
            if fresh:
                take_up_unfinished(client)
            work(client)
            fresh = False
        except cache.AWAY as error:
            print(f"worker: the cache is away: {error}", flush=True)
            fresh = True
            ended.wait(1)
        except Exception as error:  # whatever the client of another service raises: the order is done again
            print(f"worker: {type(error).__name__}: {error}", flush=True)
            fresh = True
            ended.wait(1)
    print("worker: ended", flush=True)


def listen(ended: threading.Event) -> None:
    """Read in Kafka of orders that were done; start again when the brokers were away."""
    client, events = cache.connect(), services.use("events")

    def take(record: dict[str, str]) -> None:
        if record["kind"] == "done":
            client.sadd(cache.TOLD, record["order"])

    while not ended.is_set():
        try:
            events.follow(ended, take)
        except Exception as error:  # the brokers or the cache: both come back
            print(f"worker: cannot listen: {error}", flush=True)
            ended.wait(1)


def take_up_unfinished(client: redis.Redis) -> None:
    """Queue again what a worker that was killed had in hand; done twice, an order comes out the same."""
    while number := client.rpoplpush(cache.WORKING, cache.QUEUE):
        print(f"worker: order {number} again", flush=True)


def work(client: redis.Redis) -> None:
    """Say that we live, wait a second for an order, and do it."""
    client.set(HEARTBEAT + socket.gethostname(), int(time.time()), ex=15)
    # The order stays in the second list while it is in hand, so that it is never in nobody's hands.
    number = client.blmove(cache.QUEUE, cache.WORKING, timeout=1, src="RIGHT", dest="LEFT")
    if number is None:
        return
    order = client.hgetall(cache.order_key(number))
    if order:
        result = int(order["price"]) * int(order["amount"])
        write_down(number, order, result)
        done = {"state": "done", "result": result, "worker": socket.gethostname()}
        client.hset(cache.order_key(number), mapping=done)
    client.lrem(cache.WORKING, 1, number)


def write_down(number: str, order: dict[str, str], result: int) -> None:
    """Keep an order where there is something to keep it in; done twice, all of it comes out the same."""
    if services.has("db"):
        services.use("db").keep(number, order["product"], int(order["amount"]), result)
    if services.has("uploads"):
        text = f"{order['amount']} x {order['product']}: {result / 100:.2f}\n"
        services.use("uploads").keep(number, text)
    if services.has("events"):
        services.use("events").publish("done", number)


if __name__ == "__main__":
    main()
