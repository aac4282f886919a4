"""The example shop on this machine, from its descriptor to an answer: what `make demo` runs.

Every command is shown before it runs. What is missing is said with how to get it; rendering needs nothing.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bed import engine, images, packages
from tests.bed.missing import BedError, BedUnavailable
from tests.tools import build

SHOP = Path(__file__).parent / "shop"
PORT = 8080
INTERNAL_PORT = 8081


def main() -> int:
    """Render, run, ask, take down; return 1 if something is missing or failed."""
    started = time.monotonic()
    for arguments in (["validate"], ["render"]):
        if hashistack(*arguments):
            return 1
    try:
        packages.ensure()
        tools = build.folder_for_path()
        with engine.running() as docker:
            images.ensure(docker)
            images.ensure_shop(docker, "v1")
            return run({**docker.environment(), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}, started)
    except BedUnavailable as lacking:
        say(
            f"\nThe descriptor is valid and its files are rendered. To run them, this machine lacks:\n{lacking}"
        )
    except BedError as problem:
        say(f"\n{problem}")
    return 1


def run(world: Mapping[str, str], started: float) -> int:
    """Bring the shop up, ask it, take it down again."""
    with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
        file.write(f"SESSION_KEY={secrets.token_urlsafe(24)}\n")
        file.flush()
        try:
            if hashistack("up", "-e", "laptop", "--version", "v1", "--secrets-file", file.name, world=world):
                return 1
            show()
            hashistack("status", "-e", "laptop", world=world)
            say(f"\nFrom the descriptor to an answer: {time.monotonic() - started:.0f} s.")
            if sys.stdin.isatty():
                input("Have a look around; Enter takes it down. ")
        finally:
            down = hashistack("down", "-e", "laptop", "--yes", world=world)
    return down


def show() -> None:
    """Ask the shop through the ingress, by host and by path, and let the worker do something."""
    ask("GET", "/")
    ask("GET", "/api/products")
    order = ask("POST", "/orders")
    time.sleep(1)
    ask("GET", f"/orders/{order.get('id')}")
    ask("GET", "/", host="admin.shop.internal", port=INTERNAL_PORT)


def ask(method: str, path: str, host: str = "shop.localhost", port: int = PORT) -> dict[str, object]:
    """Send one request, show it as the curl command it is, and return the answer."""
    say(f"\n$ curl -X {method} -H 'Host: {host}' http://127.0.0.1:{port}{path}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    say(f"{answer.status} {text.strip()}")
    document: dict[str, object] = json.loads(text) if answer.status < 300 else {}
    return document


def hashistack(*arguments: str, world: Mapping[str, str] | None = None) -> int:
    """Run one command line of hashistack in the shop's folder."""
    say(f"\n$ hashistack {' '.join(arguments)}")
    return subprocess.run(
        [sys.executable, "-m", "hashistack", *arguments], cwd=SHOP, env=world, check=False
    ).returncode


def say(text: str) -> None:
    """Tell the person who watches."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
