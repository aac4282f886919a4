"""AWS for tests: moto as a process on loopback, forgotten when it ends."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import network, processes, run_command
from tests.bed.missing import BedError, BedUnavailable, Missing

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
# The provider tries again 25 times, with pauses that grow: a gap in moto would look like a hang.
OVERRIDE = 'provider "aws" {\n  max_retries = 2\n}\n'
REPEATED = "moto was asked again"  # in its log
_COMPLAINT = re.compile(rf'" [45]\d\d |\w+Error: |{REPEATED}')
_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # roles attach them by name
    "MOTO_ACM_VALIDATION_WAIT": "1",
}


@dataclass(frozen=True, slots=True)
class Moto:
    """Name an AWS that answers."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """Return its endpoint; by address, since a bucket's name would be put before a host name."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def commands(self) -> Path:
        """Return the folder with the commands for machines."""
        return self.folder / "commands"

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables that lead every client of AWS here, Terraform's provider too."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def log(self) -> Path:
        """Return the file to which every request is written."""
        return self.folder / "moto.log"

    def complaints(self) -> str:
        """Return the last requests that were refused, failed at, or asked again, a line each."""
        lines = self.log.read_text().splitlines()
        return "\n".join([line for line in lines if _COMPLAINT.search(line)][-20:])

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        """Return a client of boto3."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=region, endpoint_url=self.url, **keys)


@contextmanager
def running(folder: Path, addresses: Sequence[str] = ()) -> Iterator[Moto]:
    """Start one and end it by its pid; instances of groups get the addresses, each the next one.

    With addresses there are machines, and who has them carries out the commands in `Moto.commands`.
    """
    ensure()
    moto = Moto(network.free_ports(1)[0], folder)
    if addresses:
        moto.commands.mkdir()
    command = [sys.executable, "-m", "tests.bed.moto_server", str(moto.port), *addresses]
    settings = {**_SETTINGS, "MOTO_ENDS_WITH": str(os.getpid()), "PYTHONPATH": str(ROOT)}
    if addresses:
        settings[run_command.FOLDER] = str(moto.commands)
    pid = processes.start(command, moto.log, {**os.environ, **settings})

    def answers() -> bool:
        return network.answers("127.0.0.1", moto.port)

    try:
        processes.wait_for(lambda: answers() or not processes.is_running(pid, "moto_server"), seconds=30)
        if not answers():
            raise BedError(f"moto did not start:\n{processes.last_lines(moto.log.read_text())}")
        yield moto
    finally:
        processes.stop(pid, "tests.bed.moto_server", patience=5)


def ensure() -> None:
    """Raise BedUnavailable unless moto's server is installed."""
    missing = [name for name in ("moto", "boto3", "flask") if importlib.util.find_spec(name) is None]
    if missing:
        how = "Install requirements-dev.txt"
        raise BedUnavailable([Missing(name, "it stands for AWS in the tests", how) for name in missing])
