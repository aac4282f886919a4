"""The orders for good, in PostgreSQL; DATABASE_URL also says how its certificate is checked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

_TABLE = """
    create table if not exists orders (
        id text primary key, product text not null, amount int not null, result int not null
    )
"""


@contextmanager
def connection() -> Iterator[psycopg.Connection]:
    """Connect for one piece of work: committed at its end, or not at all; the primary may be another the next time."""
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3) as found:
        yield found


def migrate() -> None:
    """Bring the tables to the form that this version wants."""
    with connection() as database:
        database.execute(_TABLE)


def keep(number: str, product: str, amount: int, result: int) -> None:
    """Write an order down; the same order twice is one order."""
    with connection() as database:
        database.execute(
            "insert into orders values (%s, %s, %s, %s) on conflict (id) do nothing",
            (number, product, amount, result),
        )


def totals() -> dict[str, int]:
    """Return how many orders there are and what they cost together, in cents."""
    with connection() as database:
        orders, revenue = database.execute("select count(*), coalesce(sum(result), 0) from orders").fetchone()
    return {"orders": orders, "revenue": int(revenue)}


def check() -> None:
    """Write something that is taken back, over TLS."""
    with connection() as database, database.transaction(force_rollback=True):
        if not database.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()[0]:
            raise ConnectionError("the connection is not encrypted")
        database.execute("insert into orders values ('check', 'none', 0, 0) on conflict (id) do nothing")
