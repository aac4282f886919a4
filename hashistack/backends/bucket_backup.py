"""Backups of an object storage: every object of every bucket, read and written as its clients do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from hashistack.backends import buckets
from hashistack.backends.backup_file import new_file
from hashistack.backends.exec import Exec
from hashistack.backends.nomad import Nomad
from hashistack.backends.passage import passage, through
from hashistack.backends.reports import Reports
from hashistack.diagnostics import BackendError, DeployError, UsageProblem
from hashistack.messages import stand_in_upkeep as messages
from hashistack.plan import names
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.stand_ins import StandIn

_ATTEMPTS = 10  # for longer than a new leading master takes no writes
_SECONDS = 60


class BucketBackup:
    """Backups of one object storage; a client of S3 goes to a member through Nomad."""

    def __init__(self, nomad: Nomad, stand_in: StandIn) -> None:
        self._nomad = nomad
        self._stand_in = stand_in
        self._exec = Exec(nomad.endpoint)
        self._reports = Reports(nomad)

    def check(self) -> None:
        """Raise where no member runs."""
        self._reports.leader(self._stand_in)

    def save(self, file: Path) -> int:
        """Write a backup to a new file and return its size in bytes; nothing is left of one that fails."""
        with self._client() as s3, new_file(file) as writing:
            buckets.write(s3, writing)
            return writing.tell()

    def restore(self, backup: BinaryIO) -> None:
        """Give every object what it was; what is there beside them stays."""
        try:
            buckets.check(backup)
        except buckets.Incomplete as error:
            raise UsageProblem(messages.no_whole_backup(backup.name, str(error))) from error
        with self._client() as s3:
            buckets.put_back(s3, backup)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Give a client that may do everything; raise `DeployError` for what it meets."""
        import boto3
        from boto3.exceptions import Boto3Error
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        task = self._reports.leader(self._stand_in)
        operator = names.node_variable(self._stand_in.job)
        access, secret = (self._item(operator, f"operator_{name}") for name in ("access_key", "secret_key"))
        with (
            TemporaryDirectory() as folder,
            passage(through(self._exec, task, "client")) as way,
        ):
            authority = Path(folder) / "ca.pem"
            authority.write_text(self._item(names.variable_of(self._stand_in.job), "ca").reveal())
            s3 = boto3.client(
                "s3",
                endpoint_url=f"https://127.0.0.1:{way.port}",
                region_name="us-east-1",
                aws_access_key_id=access.reveal(),
                aws_secret_access_key=secret.reveal(),
                verify=str(authority),
                config=Config(
                    retries={"mode": "standard", "max_attempts": _ATTEMPTS},
                    read_timeout=_SECONDS,
                    proxies={},  # none of them knows this machine's loopback
                ),
            )
            try:
                yield s3
            except (BotoCoreError, ClientError, Boto3Error) as error:
                if way.problem:
                    raise way.problem from error
                raise DeployError(messages.storage_failed(self._stand_in.name, str(error))) from error
            finally:
                s3.close()

    def _item(self, path: str, name: str) -> Sensitive:
        variable = self._nomad.variable(path)
        if variable is None or name not in variable.items:
            raise BackendError(messages.no_item(path, name))
        return variable.items[name]
