"""``python -m tests.bed.mirror_server FOLDER ADDRESS PORT``: hand out the files of a folder, links followed.

Packages, release archives and, below /v2/, container images: a registry that is only read is a folder of files.
The name server of the network runs beside it.
"""

from __future__ import annotations

import json
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.bed import name_server

MACHINES = 20  # that have a name


class Handler(SimpleHTTPRequestHandler):
    """Answer as a web server does, and give a manifest the type that it names itself."""

    protocol_version = "HTTP/1.1"  # one connection for all packages

    def guess_type(self, path: str) -> str:  # type: ignore[override]
        """Return the type of a file."""
        if "/manifests/" in path:
            return str(json.loads(Path(path).read_text())["mediaType"])
        return "application/octet-stream"

    def end_headers(self) -> None:
        """Add what Docker asks of a registry."""
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        super().end_headers()

    def copyfile(self, source, outputfile) -> None:  # type: ignore[no-untyped-def]
        """Let the kernel copy: with two processors, the machines need them more."""
        self.wfile.flush()
        self.connection.sendfile(source)


def main(folder: str, address: str, port: str) -> None:
    """Serve until killed."""

    class Here(Handler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=folder)  # type: ignore[arg-type]

    net = address.rpartition(".")[0]
    names = {f"h{index}.lan": f"{net}.{30 + index}" for index in range(1, MACHINES)}
    names |= {"mirror.lan": address, "*.amazonaws.com": address}
    Thread(target=name_server.serve, args=(address, names), daemon=True).start()
    ThreadingHTTPServer((address, int(port)), Here).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
