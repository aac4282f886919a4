"""``python -m tests.bed.moto_server PORT [ADDRESS ...]``: moto on loopback, with answers as AWS gives them.

Instances get the addresses in their order; those are of machines that are booted for them.
"""

from __future__ import annotations

import sys

from moto.server import main as moto

from tests.bed import moto_answers, moto_instances


def main(port: str, *addresses: str) -> None:
    """Serve until killed."""
    assert moto_answers.IMAGES
    moto_instances.ADDRESSES.extend(addresses)
    moto(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    main(*sys.argv[1:])
