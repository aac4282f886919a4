"""What stands for the `aws` program where ports are forwarded on this machine alone.

``python -m tests.bed.forwarding FOLDER ssm start-session …``: FOLDER/targets.json says for each instance which port of
it is which port here. Like the real one, it starts a child that does the work and outlives it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
_AWS = """#!/bin/sh
PYTHONPATH='{root}' exec '{python}' -m tests.bed.forwarding '{folder}' "$@"
"""


def put_programs(folder: Path, targets: dict[str, dict[str, int]]) -> None:
    """Put an ``aws`` and its plugin into a folder for PATH; `targets` are the ports by instance."""
    folder.mkdir(exist_ok=True)
    write_targets(folder, targets)
    text = _AWS.format(root=ROOT, python=sys.executable, folder=folder)
    for name, content in (("aws", text), ("session-manager-plugin", "#!/bin/sh\n")):
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)


def write_targets(folder: Path, targets: dict[str, dict[str, int]]) -> None:
    """Say anew what can be reached."""
    (folder / "targets.json").write_text(json.dumps(targets))


def main(folder: Path, arguments: list[str]) -> int:
    """Play one call."""
    options = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    with (folder / "calls").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    instance, ports = options["--target"], json.loads(options["--parameters"])
    found = json.loads((folder / "targets.json").read_text()).get(instance)
    if found is None:
        sys.stderr.write(f"\nAn error occurred (TargetNotConnected): {instance} is not connected.\n")
        return 255
    if not found:
        sys.stderr.write(
            "\nAn error occurred (AccessDeniedException) when calling the StartSession operation: no\n"
        )
        return 254
    pair = (ports["localPortNumber"][0], str(found[ports["portNumber"][0]]))
    return subprocess.run([sys.executable, "-m", "tests.bed.forwarding", *pair], check=False).returncode


def forward(local: int, remote: int) -> None:
    """Lead every connection to another port of this machine, for ever."""
    with socket.create_server(("127.0.0.1", local)) as listener:
        while True:
            client, _ = listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", remote), timeout=5)
            except OSError:
                client.close()
                continue
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        forward(int(sys.argv[1]), int(sys.argv[2]))
    else:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
