"""Terraform, or OpenTofu, as a program: plan, apply and destroy a folder, and tell what happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashistack.diagnostics import BackendError, ConflictError, DeployError, Diagnostic
from hashistack.messages import machines as messages
from hashistack.plan.losses import managed
from hashistack.plan.progress import Event, Planned
from hashistack.plan.terraform import Fault, Step, Stream

PROGRAMS = ("terraform", "tofu")
"""What is looked for on PATH, in this order."""

# Hosts are worked on all at once; Terraform's own limit is ten resources.
_PARALLEL = "-parallelism=64"
# A cloud throttles who asks for too much at once.
_GENTLY = "-parallelism=30"

# What hashistack sets itself; arguments of `init`, like -plugin-dir, stay the user's.
_SET_HERE = ("TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy")

Report = Callable[[Event], None]
Explain = Callable[[Sequence[Fault]], Sequence[Diagnostic]]
"""Says more of Terraform's errors than Terraform does."""


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


def destroy(folder: Path, variables: Path, report: Report, explain: Explain | None = None) -> None:
    """Clear all that the state knows; raises as `apply` does. Hosts that do not answer are warned of."""
    _change(folder, ["apply", "-destroy", "-auto-approve", _PARALLEL], variables, report, explain)


def plan(folder: Path, variables: Path, replace: Sequence[str] = ()) -> tuple[Step, ...]:
    """Return what `apply` would do, by host."""
    again = (f"-replace={each}" for each in replace)
    return _change(folder, ["plan", *again], variables, lambda _: None).planned


def planned(
    folder: Path,
    variables: Path,
    out: Path,
    report: Report,
    explain: Explain | None = None,
    targets: Sequence[str] = (),
) -> dict[str, Any]:
    """Write what would be done to the file `out` and return it, as `terraform show -json` does; raises as `apply`."""
    chosen = [f"-target={each}" for each in targets]
    _change(folder, ["plan", _GENTLY, f"-out={out}", *chosen], variables, report, explain)
    return shown(folder, out)


def apply_plan(
    folder: Path, out: Path, variables: Path, report: Report, explain: Explain | None = None
) -> None:
    """Do what the file `out` says; the values of ephemeral variables are handed in once more. Raises as `apply`."""
    _change(folder, ["apply", _GENTLY, str(out)], variables, report, explain, prepared=True)


def shown(folder: Path, out: Path | None = None) -> dict[str, Any]:
    """Return a plan, or the state if there is no `out`, as JSON."""
    found: dict[str, Any] = json.loads(_read(folder, "show", "-json", *((str(out),) if out else ())))
    return found


def outputs(folder: Path) -> dict[str, Any]:
    """Return the values of the outputs that the state has."""
    found = json.loads(_read(folder, "output", "-json"))
    return {name: each["value"] for name, each in found.items()}


def resources(folder: Path) -> tuple[str, ...]:
    """Return the addresses of what the state holds; data that was only read is none of it."""
    return tuple(each["address"] for each in managed(shown(folder)))


def forget(folder: Path, addresses: Sequence[str]) -> None:
    """Take resources out of the state; they stay as they are."""
    if addresses:
        _read(folder, "state", "rm", *addresses)


def remove_plan(out: Path) -> None:
    """Remove the file of a plan; it holds what the state will."""
    out.unlink(missing_ok=True)


def prepare(folder: Path, explain: Explain | None = None) -> None:
    """Make the folder ready for the other commands."""
    _init(program(), folder, explain)


def program() -> str:
    """Return the path of terraform or tofu; raise BackendError if there is neither."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise BackendError(messages.terraform_missing())
    return found


def _change(
    folder: Path,
    arguments: Sequence[str],
    variables: Path,
    report: Report,
    explain: Explain | None = None,
    *,
    prepared: bool = False,
) -> Stream:
    command = program()
    if not prepared:
        _init(command, folder, explain)
    stream = Stream()
    flags = ["-json", "-input=false", f"-var-file={variables.resolve()}"]
    verb, *rest = arguments  # the file of a plan is the last argument
    with _running([command, verb, *flags, *rest], folder) as child:
        interrupted = _follow(child, stream, report)
        code = child.process.wait()
    if interrupted:
        raise KeyboardInterrupt
    if stream.locked:
        raise ConflictError(*(explain([stream.lock]) if explain else (stream.locked,)))
    if stream.failures:
        raise DeployError(*stream.failures)
    if code and explain and stream.faults:
        raise DeployError(*explain(stream.faults))
    if code:
        raise BackendError(messages.terraform_failed(verb, stream.reason))
    return stream


@dataclass(slots=True)
class _Child:
    """Terraform at work; `ending` once it was told to end."""

    process: subprocess.Popen[str]
    ending: bool = False

    def end(self) -> None:
        """Tell it to end in order, once: a second time it would drop what it has not written down yet."""
        if not self.ending:
            self.ending = True
            self.process.send_signal(signal.SIGINT)

    def drain(self) -> None:
        """Wait for its end, whatever happens meanwhile: it would be killed if nobody read what it says."""
        while self.process.poll() is None:
            with suppress(KeyboardInterrupt):
                self.process.communicate()


def _follow(child: _Child, stream: Stream, report: Report) -> bool:
    """Report what is said until the end of it; tell whether there was an interrupt, which is passed on."""
    interrupted = False
    while child.process.stdout:
        try:
            for line in child.process.stdout:
                for event in stream.read(line):
                    report(event)
            break
        except KeyboardInterrupt:
            child.end()
            if not interrupted:
                interrupted = True
                report(Planned(("Terraform ends what it has begun; the next run goes on from there",)))
    return interrupted


def _init(command: str, folder: Path, explain: Explain | None = None) -> None:
    """Prepare the folder; where it names providers that are not there, they are downloaded."""
    if not folder.is_dir():
        raise BackendError(messages.not_rendered(str(folder)))
    done = _ended([command, "init", "-input=false", "-no-color"], folder, subprocess.STDOUT)
    if done.returncode:
        said = " ".join(done.stdout[max(done.stdout.find("Error: "), 0) :].split())
        found = explain([Fault(said, "")]) if explain else ()
        raise BackendError(*(found or (messages.terraform_failed("init", said),)))


def _read(folder: Path, *arguments: str) -> str:
    """Return what a command prints that changes nothing."""
    done = _ended([program(), *arguments], folder, subprocess.PIPE)
    if done.returncode:
        raise BackendError(messages.terraform_failed(arguments[0], " ".join(done.stderr.split())))
    return done.stdout


def _ended(command: Sequence[str], folder: Path, errors: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        check=False,
    )


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[_Child]:
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
    child = _Child(process)
    try:
        yield child
    finally:
        if process.poll() is None:
            child.end()
            child.drain()
        if process.stdout:
            process.stdout.close()


def _environment() -> dict[str, str]:
    """Return the environment without what would add to the command line: `hashistack env` sets it for work by hand."""
    kept = {name: value for name, value in os.environ.items() if name not in _SET_HERE}
    return kept | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
