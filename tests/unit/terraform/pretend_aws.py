"""An instance's metadata and the endpoints of AWS on the loopback, for functions of bootstrap.sh that ask them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

SCRIPT = Path(__file__).parents[3] / "terraform" / "bootstrap.sh"
KEYS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "se/cret+key",
    "Token": "IQoJb3JpZ2luX2VjE//+to+ken==",
}
_LATEST = "/latest/"
# The head of the script is read, its last lines, which run it, are not; `curl` notes its arguments and goes on.
_SHELL = """
{functions}
PATH={folder}:$PATH
metadata={url}/latest etc={folder} REGION=eu-west-1 PREFIX=shop-production ROLES=server JOIN=aws
endpoint() {{ echo "{url}"; }}
sleep() {{ echo "sleep $1" >>{folder}/sleeps; }}
logger() {{ :; }}
chown() {{ :; }}
{command}
"""
_CURL = """#!/bin/sh
printf '%s\\n' "$*" >>{folder}/curls
exec {curl} "$@"
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived; the names of headers are small, and each header is there as often as it was sent."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header that was sent exactly once."""
        (value,) = (value for key, value in self.headers if key == name)
        return value


@dataclass(slots=True)
class PretendAws:
    """`facts` are paths of the metadata and their texts; `answers` are given one after another, the last for ever."""

    folder: Path
    url: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, "{}")])
    requests: list[Request] = field(default_factory=list)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the shell that may call all functions of the script."""
        text = SCRIPT.read_text()
        functions = text[: text.index("# --- main\n")]
        shell = _SHELL.format(functions=functions, folder=self.folder, url=self.url, command=command)
        return subprocess.run(
            ["sh", "-s"], input=shell, capture_output=True, text=True, check=False, timeout=60, env=os.environ
        )

    def noted(self, name: str) -> list[str]:
        """Return what the programs that were run have noted: `curls` or `sleeps`."""
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


@contextmanager
def pretending(folder: Path, curl: str) -> Iterator[PretendAws]:
    """Answer as an instance's metadata and as AWS while this lasts."""
    (folder / "curl").write_text(_CURL.format(folder=folder, curl=curl))
    (folder / "curl").chmod(0o755)
    aws = PretendAws(folder, facts=_facts())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(aws))
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _facts() -> dict[str, str]:
    return {
        "instance-id": "i-0123456789abcdef0",
        "local-ipv4": "10.20.64.11",
        "placement/availability-zone": "eu-west-1a",
        "iam/security-credentials/": "shop-production-server",
        "iam/security-credentials/shop-production-server": json.dumps({"Code": "Success", **KEYS}, indent=2),
    }


def _handler(aws: PretendAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.startswith(_LATEST):
                return self.answer(*self.fact())
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            aws.requests.append(Request(self.command, self.path, headers, body))
            answers = aws.answers
            return self.answer(*(answers.pop(0) if len(answers) > 1 else answers[0]))

        def fact(self) -> tuple[int, str]:
            path = self.path.removeprefix(_LATEST)
            if self.command == "PUT" and path == "api/token":
                return 200, "ticket"
            if self.headers.get("X-aws-ec2-metadata-token") != "ticket":
                return 401, ""
            found = aws.facts.get(path.removeprefix("meta-data/"))
            return (404, "") if found is None else (200, found)

        do_GET = do_POST = do_PUT = handle_any

    return Handler
