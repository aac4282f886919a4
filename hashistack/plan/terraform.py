"""What Terraform says while it works, as events: its JSON stream in, progress and failures out. Pure.

The form of the stream is that of developer.hashicorp.com/terraform/internals/machine-readable-ui. Steps on hosts are
told by the names of the resources in `compile/onprem.py`; all other resources are pieces of a cloud.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hashistack.diagnostics import Diagnostic
from hashistack.messages import hosts as say_of_hosts
from hashistack.messages import machines as say
from hashistack.plan.concerns import noun
from hashistack.plan.progress import (
    Applied,
    Event,
    HostDone,
    HostFailed,
    HostLine,
    HostStarted,
    Phase,
    PieceBegun,
    PieceDone,
    PieceFailed,
    PieceLasts,
    Warned,
)

_LAST_LINES = 15
_RESOURCE = re.compile(r'terraform_data\.(?:(?P<part>install|agent)_(?P<name>.+)|member\["(?P<member>.+)"\])')
_PHASES: dict[str, Phase] = {"install": "install", "agent": "start"}
# What the connection to a host says of itself, the same for every provisioner of every host.
_CHATTER = re.compile(
    r"Connecting to remote host via SSH\.\.\.|Using configured bastion host\.\.\.|Connected!"
    r"|  (Host|User|Password|Private key|Certificate|SSH Agent|Checking Host Key|Target Platform): .*"
)
_OUR_WORDS = "hashistack: "
_ERROR, _FIX = f"{_OUR_WORDS}error: ", f"{_OUR_WORDS}fix: "
_LOCKED = "Error acquiring the state lock"
_SILENT = "timeout - last error: "
_HOSTS_ONLY = "terraform_data"
_LONG = 60  # seconds after which it is told, again and again, that a piece still takes its time


class Step(NamedTuple):
    """One thing to do on one host."""

    host: str
    phase: Phase


class Fault(NamedTuple):
    """An error of Terraform's that is about no host: what it says, and the resource, "" if it is about none."""

    text: str
    address: str


@dataclass(slots=True)
class Stream:
    """All that Terraform has said so far."""

    _planned: dict[Step, None] = field(default_factory=dict)
    _ended: set[Step] = field(default_factory=set)
    _errored: set[Step] = field(default_factory=set)
    _logs: dict[Step, deque[str]] = field(default_factory=dict)
    _reasons: dict[Step, str] = field(default_factory=dict)
    _general: list[Fault] = field(default_factory=list)
    _noise: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    _locked: str = ""
    _pieces: bool = False

    def read(self, line: str) -> Iterator[Event]:
        """Take in a line, and yield what it means for a host."""
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._noise.append(line.rstrip())
            return
        kind = str(said.get("type"))
        if kind == "diagnostic":
            self._diagnostic(said["diagnostic"])
        elif kind == "planned_change":
            self._plan(said["change"])
        elif "hook" in said:
            yield from self._hook(kind, said["hook"])
        elif kind == "change_summary" and self._pieces:
            yield from _summary(said["changes"])

    @property
    def planned(self) -> tuple[Step, ...]:
        """Return what is to be done, by host."""
        return tuple(sorted(self._planned))

    @property
    def locked(self) -> Diagnostic | None:
        """Return who else holds the state, if somebody does."""
        if not self._locked:
            return None
        found = dict(re.findall(r"^ *(Who|Created): +(.+?) *$", self._locked, re.MULTILINE))
        return say.state_locked(found.get("Who", "somebody"), found.get("Created", ""))

    @property
    def lock(self) -> Fault:
        """Return the same in Terraform's own words."""
        return Fault(f"{_LOCKED}: {self._locked}", "")

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """Return what went wrong on each host, and which hosts were not done because of it."""
        failed = sorted(step for step in self._errored if step.phase != "remove")
        found = tuple(problem for step in failed for problem in self._problems(step))
        waiting = sorted({step.host for step in self._planned if step not in self._ended | self._errored})
        others = [host for host in waiting if host not in {step.host for step in failed}]
        return (*found, say.hosts_waiting(others)) if found and others else found

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the errors that are about no host."""
        return tuple(self._general)

    @property
    def reason(self) -> str:
        """Return why Terraform itself gave up, as far as it said so."""
        return "; ".join(fault.text for fault in self._general) or " ".join(filter(None, self._noise))

    def _hook(self, kind: str, hook: dict[str, Any]) -> Iterator[Event]:
        step = _step(hook["resource"]["addr"], str(hook.get("action", "")))
        if step is None:
            for event in _piece(kind, hook):
                self._pieces = True
                yield event
            return
        match kind:
            case "apply_start":
                yield HostStarted(*step)
            case "provision_progress":
                yield from self._line(step, str(hook["output"]).rstrip())
            case "provision_errored":
                self._errored.add(step)
            case "apply_errored":
                self._errored.add(step)
                yield HostFailed(*step, tuple(self._logs.get(step, ())))
            case "apply_complete":
                self._ended.add(step)
                yield self._done(step, int(hook.get("elapsed_seconds") or 0))

    def _line(self, step: Step, text: str) -> Iterator[Event]:
        if text and not _CHATTER.fullmatch(text):
            self._logs.setdefault(step, deque(maxlen=_LAST_LINES)).append(text)
            yield HostLine(*step, text.removeprefix(_OUR_WORDS))

    def _done(self, step: Step, seconds: int) -> Event:
        if step in self._errored:  # a host that could not be cleared is given up, and that stops nothing
            lines = self._logs.get(step)
            return Warned(say_of_hosts.left_behind(step.host, lines[-1] if lines else "it does not answer"))
        return HostDone(*step, seconds)

    def _plan(self, change: dict[str, Any]) -> None:
        step = _step(change["resource"]["addr"], change["action"])
        if step is not None:
            self._planned[step] = None

    def _diagnostic(self, said: dict[str, Any]) -> None:
        summary, detail = str(said["summary"]), str(said.get("detail") or "")
        address = str(said.get("address") or "")
        step = _step(address, "create")
        if said["severity"] != "error" or summary == "execution halted":
            return
        if summary == _LOCKED:
            self._locked = detail
        elif step is not None:
            self._errored.add(step)
            self._reasons[step] = detail or summary
        else:
            text = " ".join(f"{summary}: {detail}".split()) if detail else summary
            self._general.append(Fault(text, address))

    def _problems(self, step: Step) -> Iterator[Diagnostic]:
        """Yield what the script on the host found, else what Terraform says of it."""
        lines, reason = list(self._logs.get(step, ())), self._reasons.get(step, "")
        errors = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
        fixes = [line.removeprefix(_FIX) for line in lines if line.startswith(_FIX)]
        if reason.startswith(_SILENT):
            yield say.host_silent(step.host, reason.removeprefix(_SILENT))
        elif errors and len(errors) == len(fixes):
            for error, fix in zip(errors, fixes, strict=True):
                yield say.host_problem(step.host, error, fix)
        else:
            yield say.host_failed(step.host, step.phase, lines[-1] if lines else reason)


def what(resource: Mapping[str, Any]) -> str:
    """Return what people call a resource: "subnet private eu-west-1a"; the only one of its kind has no name."""
    name, key = str(resource["resource_name"]), resource.get("resource_key")
    own = () if name in ("main", "this") else (name,)
    return " ".join((noun(str(resource["resource_type"])), *own, *((str(key),) if key is not None else ())))


def _summary(changes: Mapping[str, Any]) -> Iterator[Event]:
    if changes.get("operation") in ("apply", "destroy"):
        yield Applied(int(changes["add"]), int(changes["change"]), int(changes["remove"]))


def _piece(kind: str, hook: Mapping[str, Any]) -> Iterator[Event]:
    """Yield what is done with a resource that is no step on a host; reading data is nothing to tell."""
    resource = hook["resource"]
    address = str(resource["addr"])
    if resource.get("resource_type") in (_HOSTS_ONLY, None) or address.startswith(("data.", "ephemeral.")):
        return
    named = address, what(resource), str(hook.get("action", ""))
    seconds = int(hook.get("elapsed_seconds") or 0)
    match kind:
        case "apply_start":
            yield PieceBegun(*named)
        case "apply_progress" if seconds and seconds % _LONG == 0:
            yield PieceLasts(*named, seconds)
        case "apply_complete":
            yield PieceDone(*named, seconds)
        case "apply_errored":
            yield PieceFailed(*named)


def _step(address: str, action: str) -> Step | None:
    """Return what a change of a resource means for a host; None for what is only Terraform's own bookkeeping.

    Hooks of provisioners name no action: a member has provisioners only for its removal.
    """
    found = _RESOURCE.fullmatch(address)
    if found is None:
        return None
    if found["member"]:
        return Step(found["member"], "remove") if action in ("delete", "") else None
    return Step(found["name"], _PHASES[found["part"]]) if action != "delete" else None
