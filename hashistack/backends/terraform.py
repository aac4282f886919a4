"""Terraform, or OpenTofu, as a program: apply, destroy and plan a folder, and tell what happens on each host."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hashistack.diagnostics import BackendError, ConflictError, DeployError
from hashistack.messages import machines as messages
from hashistack.plan.progress import Event
from hashistack.plan.terraform import Step, Stream

PROGRAMS = ("terraform", "tofu")
"""What is looked for on PATH, in this order."""

# Hosts are worked on all at once; Terraform's own limit is ten resources.
_PARALLEL = "-parallelism=64"

Report = Callable[[Event], None]


def apply(
    folder: Path, variables: Path, report: Report, targets: Sequence[str] = (), replace: Sequence[str] = ()
) -> None:
    """Make the hosts what `folder` says; with `targets` only these resources and what they need.

    `replace` are the addresses of resources to do again. Raises DeployError with what went wrong on each host,
    ConflictError if somebody else is at it, BackendError if Terraform itself fails. An interrupt is passed on, and
    raised again when Terraform has ended in order.
    """
    chosen = [*(f"-target={each}" for each in targets), *(f"-replace={each}" for each in replace)]
    _change(folder, ["apply", "-auto-approve", _PARALLEL, *chosen], variables, report)


def destroy(folder: Path, variables: Path, report: Report) -> None:
    """Clear all hosts that the state knows; raises as `apply` does. Hosts that do not answer are warned of."""
    _change(folder, ["apply", "-destroy", "-auto-approve", _PARALLEL], variables, report)


def plan(folder: Path, variables: Path) -> tuple[Step, ...]:
    """Return what `apply` would do, by host."""
    return _change(folder, ["plan"], variables, lambda _: None).planned


def program() -> str:
    """Return the path of terraform or tofu; raise BackendError if there is neither."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise BackendError(messages.terraform_missing())
    return found


def _change(folder: Path, arguments: Sequence[str], variables: Path, report: Report) -> Stream:
    command = program()
    _init(command, folder)
    stream = Stream()
    flags = ["-json", "-input=false", f"-var-file={variables.resolve()}"]
    with _running([command, *arguments, *flags], folder) as process:
        interrupted = _follow(process, stream, report)
        code = process.wait()
    if interrupted:
        raise KeyboardInterrupt
    if stream.locked:
        raise ConflictError(stream.locked)
    if stream.failures:
        raise DeployError(*stream.failures)
    if code:
        raise BackendError(messages.terraform_failed(arguments[0], stream.reason))
    return stream


def _follow(process: subprocess.Popen[str], stream: Stream, report: Report) -> bool:
    """Report what is said until the end of it; tell whether there was an interrupt, which is passed on once.

    A second one would make Terraform drop what it has not written down yet.
    """
    interrupted = False
    while process.stdout:
        try:
            for line in process.stdout:
                for event in stream.read(line):
                    report(event)
            break
        except KeyboardInterrupt:
            if not interrupted:
                process.send_signal(signal.SIGINT)
            interrupted = True
    return interrupted


def _init(command: str, folder: Path) -> None:
    """Prepare the folder: nothing is downloaded, but its user may have put a backend for the state beside it."""
    done = subprocess.run(
        [command, "init", "-input=false", "-no-color"],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BackendError(messages.terraform_failed("init", " ".join(done.stdout.split())))


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program until it ends; it is told to end if nobody listens any more."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on once
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait()
        if process.stdout:
            process.stdout.close()


def _environment() -> dict[str, str]:
    """Return the environment without what would add to the command line: `hashistack env` sets it for work by hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_CLI_ARGS")}
    return kept | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
