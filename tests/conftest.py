"""Options and fixtures that all tests share: the real parts, started once, or a reason why they cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from hashistack.backends.terraform import PROGRAMS
from tests.bed import agents, engine, factory, images, last_words, packages
from tests.bed.missing import BedUnavailable, Missing
from tests.machines.times import STEPS, Step
from tests.tools import build


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites what golden tests compare with."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*/expected")
    parser.addoption("--update-help", action="store_true", help="rewrite tests/cli/help")


# Two parts that run beside each other. What agents and machines answer to is in a hurry: one after another, and before
# all other tests, which wait for nobody but themselves. The machines of tests/aws/boot are the first of these: they are
# gone before the others' are there.
_HURRIED = ("tests/backends", "tests/bed", "tests/local", "tests/machines")
# Agents or machines of their own, and no clock; and images that the stand-ins' machines want, half an hour later.
_IMAGES = "tests/bed/test_images.py"
_OWN = ("tests/local/test_claim.py", "tests/machines/terraform", "tests/machines/test_script.py")
_AT_LEISURE = (*_OWN, _IMAGES)
_PATIENT = 10  # the niceness of the others


def _is_hurried(nodeid: str) -> bool:
    return nodeid.startswith(_HURRIED) and not nodeid.startswith(_AT_LEISURE)


class _Parts(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Give each of two processes one part, in its order."""

    def _split_scope(self, nodeid: str) -> str:
        return "hurried" if _is_hurried(nodeid) else "patient"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Parts:
    """Divide the tests, for ``--numprocesses 2 --dist loadscope``."""
    return _Parts(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what only waits for the network come when nobody else needs the processors."""
    items.sort(key=lambda item: item.nodeid.startswith(_IMAGES))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the other part have the processors first."""
    beside = hasattr(item.config, "workerinput")
    if beside and not _is_hurried(item.nodeid) and os.nice(0) < _PATIENT:
        os.nice(_PATIENT)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the steps that this process timed to the one that prints them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["steps"] = [astuple(one) for one in STEPS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the steps that another process timed."""
    STEPS.extend(Step(*values) for values in getattr(node, "workeroutput", {}).get("steps", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long the steps took that were timed."""
    if STEPS:
        terminalreporter.section("what the steps took")
        for one in STEPS:
            terminalreporter.write_line(str(one))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the machines complained of to the report of a test that failed on them."""
    report = yield
    if report.failed:
        report.sections.extend(section for bed in factory.RUNNING for section in _last_words(bed))
    return report


def _last_words(bed: factory.Factory) -> list[tuple[str, str]]:
    try:
        return list(last_words.sections(bed))
    except (OSError, subprocess.SubprocessError) as error:  # what failed is to be told all the same
        return [("the machines' logs could not be read", str(error))]


@pytest.fixture(scope="session")
def nomad_binary() -> Path:
    """Return the path of a real Nomad."""
    with needed():
        return build.ensure("nomad")


@pytest.fixture(scope="session")
def consul_binary() -> Path:
    """Return the path of a real Consul."""
    with needed():
        return build.ensure("consul")


@pytest.fixture(scope="session")
def terraform() -> Path:
    """Return the path of a real Terraform or OpenTofu."""
    with needed():
        found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
        if found is None:
            raise BedUnavailable([Missing("terraform", "neither it nor tofu is on PATH", "Install one.")])
    return Path(found)


@pytest.fixture(scope="session")
def docker() -> Iterator[engine.Engine]:
    """Return a Docker engine that answers, with the images that the jobs name."""
    with ExitStack() as stack:
        with needed():
            packages.ensure()
            running = stack.enter_context(engine.running())
            images.ensure(running)
        yield running


@pytest.fixture(scope="session")
def cluster(docker: engine.Engine) -> Iterator[agents.Agents]:
    """Return a Consul and a Nomad agent that know nothing of hashistack."""
    with ExitStack() as stack:
        with needed():
            running = stack.enter_context(agents.running(docker))
        yield running


@contextmanager
def needed() -> Iterator[None]:
    """Skip the test with the reason where a real part cannot be had; in CI that is a failure."""
    try:
        yield
    except BedUnavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have every real part: {reason}", pytrace=False)
        pytest.skip(str(reason))


def program(name: str, package: str = "") -> str:
    """Return the path of a program that a test needs; ``package`` is Debian's, where it has another name."""
    with needed():
        packages.ensure([package or name])
    return shutil.which(name) or name
