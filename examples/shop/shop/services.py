"""The backing services: which of them there are, and whether each does what the shop wants of it.

A variable that is not set means that the shop does without that service.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import ModuleType

PATIENCE = 10  # seconds for all checks together
_WAYS = {
    "cache": ("CACHE_URL", "shop.cache"),
    "db": ("DATABASE_URL", "shop.ledger"),
    "devices": ("DEVICES_URL", "shop.devices"),
    "docs": ("DOCUMENTS_URL", "shop.notes"),
    "events": ("EVENTS_BROKERS", "shop.events"),
    "uploads": ("UPLOADS_ENDPOINT", "shop.receipts"),
}


def has(name: str) -> bool:
    """Tell whether the shop has been given a service."""
    return bool(os.environ.get(_WAYS[name][0]))


def use(name: str) -> ModuleType:
    """Return the module that speaks with a service; its client is big, so it is loaded when it is first needed."""
    return import_module(_WAYS[name][1])


def check() -> dict[str, str]:
    """Use every service that there is, all at the same time, and say `ok` or what went wrong."""
    pool = ThreadPoolExecutor(len(_WAYS))
    running = {name: pool.submit(use(name).check) for name in _WAYS if has(name)}
    answers = {}
    for name, future in running.items():
        try:
            future.result(PATIENCE)
            answers[name] = "ok"
        except Exception as error:  # whatever a client raises is the answer
            answers[name] = f"{type(error).__name__}: {error}".strip()
    pool.shutdown(wait=False)
    return answers
