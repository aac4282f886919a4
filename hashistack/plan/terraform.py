"""What Terraform says while it works on the hosts, as events: its JSON stream in, progress and failures out. Pure.

The form of the stream is that of developer.hashicorp.com/terraform/internals/machine-readable-ui; the names of the
resources are those of `compile/onprem.py`.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hashistack.diagnostics import Diagnostic
from hashistack.messages import hosts as say_of_hosts
from hashistack.messages import machines as say
from hashistack.plan.progress import Event, HostDone, HostFailed, HostLine, HostStarted, Phase, Warned

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


class Step(NamedTuple):
    """One thing to do on one host."""

    host: str
    phase: Phase


@dataclass(slots=True)
class Stream:
    """All that Terraform has said so far."""

    _planned: dict[Step, None] = field(default_factory=dict)
    _ended: set[Step] = field(default_factory=set)
    _errored: set[Step] = field(default_factory=set)
    _logs: dict[Step, deque[str]] = field(default_factory=dict)
    _reasons: dict[Step, str] = field(default_factory=dict)
    _general: list[str] = field(default_factory=list)
    _noise: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    _locked: str = ""

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
    def failures(self) -> tuple[Diagnostic, ...]:
        """Return what went wrong on each host, and which hosts were not done because of it."""
        failed = sorted(step for step in self._errored if step.phase != "remove")
        found = tuple(problem for step in failed for problem in self._problems(step))
        waiting = sorted({step.host for step in self._planned if step not in self._ended | self._errored})
        others = [host for host in waiting if host not in {step.host for step in failed}]
        return (*found, say.hosts_waiting(others)) if found and others else found

    @property
    def reason(self) -> str:
        """Return why Terraform itself gave up, as far as it said so."""
        return "; ".join(self._general) or " ".join(filter(None, self._noise))

    def _hook(self, kind: str, hook: dict[str, Any]) -> Iterator[Event]:
        step = _step(hook["resource"]["addr"], str(hook.get("action", "")))
        if step is None:
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
        step = _step(str(said.get("address") or ""), "create")
        if said["severity"] != "error" or summary == "execution halted":
            return
        if summary == _LOCKED:
            self._locked = detail
        elif step is not None:
            self._errored.add(step)
            self._reasons[step] = detail or summary
        else:
            self._general.append(" ".join(f"{summary}: {detail}".split()) if detail else summary)

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
