"""One operator at a time: a parameter that only one of them can create."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from hashistack.backends.aws import Aws, code, explained
from hashistack.diagnostics import BackendError, ConflictError
from hashistack.messages import aws as messages

# docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html
_GIVEN_BACK_SECONDS = 40.0
_TICK = 2.0


@contextmanager
def locked(aws: Aws, prefix: str, owner: str) -> Iterator[None]:
    """Hold the lock of an environment; raise `ConflictError` naming who holds it.

    The lock of a process of the same `owner` that is no more is taken over: it was killed.
    """
    name, ssm = f"/{prefix}/lock", aws.client("ssm")
    value = f"{owner} {os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    with explained("locking this environment"):
        _take(aws, name, value, owner)
    try:
        yield
    finally:
        with suppress(BackendError), explained("unlocking this environment"):
            ssm.delete_parameter(Name=name)


def _take(aws: Aws, name: str, value: str, owner: str) -> None:
    """Take the lock; a name that was given back a moment ago may be taken again after half a minute only."""
    ssm, end = aws.client("ssm"), time.monotonic() + _GIVEN_BACK_SECONDS
    while not _taken(ssm, name, value):
        _make_way(ssm, name, owner)
        if _taken(ssm, name, value):
            return
        holder, _, since = _read(ssm, name)
        if holder or time.monotonic() > end:
            raise ConflictError(
                messages.locked(holder or "somebody", since or "a moment ago", name, aws.region)
            )
        time.sleep(_TICK)


def _taken(ssm: Any, name: str, value: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=False)
    except ClientError as error:
        if code(error) == "ParameterAlreadyExists":
            return False
        raise
    return True


def _make_way(ssm: Any, name: str, owner: str) -> None:
    """Remove a lock that nobody holds any more, as far as this machine can tell."""
    holder, pid, _ = _read(ssm, name)
    if holder == owner and pid.isdigit() and not _runs(int(pid)):
        ssm.delete_parameter(Name=name)


def _read(ssm: Any, name: str) -> tuple[str, str, str]:
    from botocore.exceptions import ClientError

    try:
        text = str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if code(error) == "ParameterNotFound":  # given back in this moment
            return "", "", ""
        raise
    holder, pid, since = (*text.split(" "), "", "", "")[:3]
    return holder, pid, since


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
