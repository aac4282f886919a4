"""``python -m tests.bed.moto_server PORT [ADDRESS ...]``: moto on loopback, with answers as AWS gives them.

Instances get the addresses in their order; those are of machines that are booted for them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from moto.server import main as moto

import tests.bed.moto_commands
import tests.bed.moto_requests  # noqa: F401 - both change moto
from tests.bed import moto_answers, moto_instances

USER = "MOTO_ENDS_WITH"


def main(port: str, *addresses: str) -> None:
    """Serve until killed."""
    assert moto_answers.IMAGES
    moto_instances.ADDRESSES.extend(addresses)
    if user := os.environ.get(USER):
        threading.Thread(target=_end_with, args=(Path("/proc") / user,), daemon=True).start()
    moto(["-H", "127.0.0.1", "-p", port])


def _end_with(user: Path) -> None:
    """End this process when that of the tests is gone, which may be killed."""
    while user.exists():
        time.sleep(2)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
