"""Stacks that are applied to moto in the background, since the provider waits more than it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.aws import stand as stands
from tests.aws.stand import Stand
from tests.bed import moto, terraform
from tests.bed.missing import BedError
from tests.conftest import needed
from tests.machines.times import step

PASSWORD, NEXT_PASSWORD = "the-first-password-of-db", "the-second-password-of-db"
DATABASE = "aws_db_instance.db"


@pytest.fixture(scope="package")
def applying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Stand]]:
    """Begin to apply the whole stack to an empty account."""
    with _begun(tmp_path_factory.mktemp("stack"), _apply) as future:
        yield future


@pytest.fixture(scope="package")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Stand]]:
    """Begin to change the password of a database in an account of its own: RDS takes minutes for it."""
    with _begun(tmp_path_factory.mktemp("rotated"), _rotate) as future:
        yield future


@pytest.fixture(scope="package")
def stand(applying: Future[Stand], rotating: Future[Stand]) -> Stand:
    """Return the stack when it stands."""
    assert rotating
    return applying.result()


@pytest.fixture(scope="package")
def rotated(rotating: Future[Stand]) -> Stand:
    """Return the stack whose database has got another password."""
    return rotating.result()


@contextmanager
def _begun(folder: Path, work: Callable[[Stand], None]) -> Iterator[Future[Stand]]:
    with needed():
        terraform.ensure()
        moto.ensure()
    with ExitStack() as stack:
        aws = stack.enter_context(moto.running(folder))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stand = stands.begin(aws, folder)
        stand.hand_over(PASSWORD)
        yield pool.submit(_worked_on, stand, work)


def _worked_on(stand: Stand, work: Callable[[Stand], None]) -> Stand:
    try:
        work(stand)
    except BedError as error:
        error.add_note(f"moto complained of:\n{stand.aws.complaints()}")
        raise
    return stand


def _apply(stand: Stand) -> None:
    with step("apply of the whole stack to moto") as watch:
        stand.said = stand.terraform.apply()
        watch.note = f"{len(stand.terraform.resources())} resources"


def _rotate(stand: Stand) -> None:
    stand.terraform.apply(f"-target={DATABASE}")
    stand.hand_over(NEXT_PASSWORD, version=2)
    with step("password rotation on moto"):
        stand.changed = stand.terraform.changes(f"-target={DATABASE}")
        stand.said = stand.terraform.apply_planned(stand.variables)
