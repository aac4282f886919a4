"""What happens while a cluster is changed: one line for people, one JSON object a line for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.plan.finding import Finding
from hashistack.plan.progress import (
    AgentsKept,
    AgentsStarted,
    AgentsStopped,
    CredentialsMade,
    Emptied,
    Event,
    HostDone,
    HostFailed,
    HostLine,
    HostStarted,
    Led,
    Left,
    LogLine,
    Made,
    Planned,
    Ready,
    Released,
    Removed,
    Restored,
    Reverting,
    Rollout,
    Running,
    Saved,
    Stored,
    Submitted,
    Trouble,
    Unchanged,
    Upgraded,
    Waiting,
    Warned,
)
from hashistack.plan.progress_hosts import AccessBegun, AccessChanged, HandedOver, Joined
from hashistack.plan.steps import Address
from hashistack.views import human, json, problems
from hashistack.views.cloud_events import doing, notable, said
from hashistack.views.console import Console, Ink


class EventView:
    """Prints events as they happen; `doing` is what the last one was about."""

    def __init__(self, console: Console) -> None:
        """Print to `console`, as JSON if it says so."""
        self._console = console
        self.doing = "preparing"

    def report(self, event: Event) -> None:
        """Print an event."""
        self.doing = _doing(event) or self.doing
        if self._console.json:
            self._console.record({"event": _snake(type(event).__name__), **asdict(event)})
        elif isinstance(event, Ready):
            self._addresses(event)
        elif isinstance(event, Warned):
            problems.notices(self._console, (event.diagnostic,))
        else:
            say = self._console.note if notable(event) else self._console.detail
            for line in event_lines(event, self._console.ink_stderr):
                say(line)

    def notices(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Print remarks that end nothing."""
        if not self._console.json:
            problems.notices(self._console, diagnostics)
            return
        for diagnostic in diagnostics:
            self._console.record({"event": "notice", **json.diagnostic(diagnostic)})

    def failed(self, diagnostics: tuple[Diagnostic, ...], code: Exit) -> None:
        """Print what ended the command."""
        if self._console.json:
            self._console.record({"event": "failed", **json.document(code, diagnostics)})
            return
        for diagnostic in diagnostics:
            self._console.problem(human.diagnostic(diagnostic, self._console.ink_stderr))

    def done(self) -> None:
        """Print the end of a stream of JSON objects."""
        if self._console.json:
            self._console.record({"event": "done", **json.document(Exit.DONE)})

    def _addresses(self, event: Ready) -> None:
        self._console.note(f"{event.app} {event.version} is up")
        if event.addresses:
            self._console.data(address_table(event.addresses, self._console.ink))


def _doing(event: Event) -> str | None:
    """Return what goes on from this event on; None if that is what went on before."""
    match event:
        case Submitted(job):
            return f"waiting for {job}"
        case Waiting(what):
            return f"waiting for {what}"
        case HostStarted():
            return "working on the hosts"
    return doing(event)


def address_table(addresses: tuple[Address, ...], ink: Ink) -> str:
    """Return addresses with the process behind each; internal ones say so."""
    rows = [(each.url, each.process + (" (internal)" if each.internal else "")) for each in addresses]
    return human.table(rows, ink=ink)


def event_lines(event: Event, ink: Ink) -> Iterator[str]:
    """Yield the lines that say what happened."""
    match event:
        case Trouble(job, finding):
            yield from _finding(job, finding, ink)
        case HostFailed():
            yield from _host_failed(event, ink)
        case Planned(steps):
            yield from steps
        case HostLine(host, _, text):
            yield f"{ink(host + ' |', 'dim')} {_log_line(text)}"
        case LogLine(job, _, text):
            yield f"{ink(job + ' |', 'dim')} {_log_line(text)}"
        case Rollout(job, process, placed, healthy, desired):
            yield f"{job}: {process} {placed} of {desired} placed, {healthy} healthy"
        case Running(job, version) | Released(job, version):
            outcome = _OUTCOMES[type(event)] if version or isinstance(event, Running) else "done"
            yield f"{ink(_named(job, version), 'bold')} {ink(outcome, 'green')}"
        case Submitted(job, version) | Unchanged(job, version):
            yield f"{_named(job, version)} {_OUTCOMES[type(event)]}"
        case Reverting(job, version, previous):
            yield ink(
                f"{_named(job, version)} failed; going back to {previous or 'the version before'}", "yellow"
            )
        case _:
            yield human.printable(_other(event))


_OUTCOMES = {Running: "runs", Released: "released", Submitted: "submitted", Unchanged: "unchanged"}


def _other(event: Event) -> str:
    match event:
        case AgentsStarted(agents):
            return f"started {' and '.join(agents)} on this machine"
        case AgentsStopped(agents, keeps_data):
            return f"stopped {' and '.join(agents)} and {'kept' if keeps_data else 'removed'} their data"
        case AgentsKept(agents, jobs):
            return f"{' and '.join(agents)} go on: {', '.join(jobs)} still runs on them"
        case Stored(path, names, generated):
            return f"{'generated' if generated else 'stored'} {', '.join(names)} in Nomad variable {path}"
        case Made(kind, name, hosts):
            return f"made {kind} {name} on {', '.join(hosts)}"
        case Waiting(what):
            return f"waiting for {what}"
        case Removed(kind, name):
            return f"removed {kind} {name}"
        case Left(kind, name, why):
            return f"left {kind} {name}: {why}"
        case _:
            return _machines(event)


def _machines(event: Event) -> str:
    match event:
        case CredentialsMade(made, renewed, folder):
            return f"{_credentials(made, renewed)} in {folder}: back that folder up, safely"
        case AccessBegun(product):
            return f"{product} refuses everybody without a token from now on"
        case AccessChanged(product, written, removed):
            return f"{product}: {_access(written, removed)}"
        case HostStarted(host, phase):
            return f"{host}: {_BEGINS[phase]}"
        case HostDone(host, phase, seconds):
            return f"{host}: {_ENDS[phase]} ({seconds} s)"
        case HandedOver(host, names):
            return f"{host} has been given {', '.join(names)}"
        case Joined(host):
            return f"{host} takes jobs"
        case _:
            return _upkeep(event)


def _upkeep(event: Event) -> str:
    match event:
        case Saved(product, size):
            return f"saved {product}: {human.size(size)}"
        case Restored(product, taken):
            return f"{product} has what it had at {taken}"
        case Led(product, host):
            return f"{product} is led by {host}"
        case Emptied(host):
            return f"{host} is empty: its instances run elsewhere"
        case Upgraded(host, consul, nomad):
            return f"{host} runs Consul {consul} and Nomad {nomad} and is healthy"
        case _:
            return said(event)


_BEGINS = {"install": "installing", "start": "starting the agents", "remove": "clearing it"}
_ENDS = {"install": "installed", "start": "the agents run", "remove": "cleared"}


def _host_failed(event: HostFailed, ink: Ink) -> Iterator[str]:
    yield ink(f"{event.host}: {event.phase} failed", "bold", "yellow")
    for line in event.log:
        yield f"   {ink('log |', 'dim')} {_log_line(line)}"


def _credentials(made: tuple[str, ...], renewed: tuple[str, ...]) -> str:
    done = [("made the credentials of", made), ("renewed those of", renewed)]
    return " and ".join(f"{verb} {', '.join(names)}" for verb, names in done if names)


def _access(written: int, removed: int) -> str:
    done = [(f"{written} rights and tokens written", written), (f"{removed} removed", removed)]
    return ", ".join(words for words, count in done if count)


def _finding(job: str, finding: Finding, ink: Ink) -> Iterator[str]:
    yield f"{ink(f'{job}: {finding.where}:', 'bold', 'yellow')} {human.printable(finding.cause)}"
    yield f"   {ink('event:', 'cyan')} {human.printable(_one_line(finding.event))}"
    for line in finding.log:
        yield f"   {ink('log |', 'dim')} {_log_line(line)}"
    if finding.hint:
        yield f"   {ink('hint:', 'cyan')} {human.printable(finding.hint)}"


_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")  # ECMA-48, Select Graphic Rendition


def _log_line(text: str) -> str:
    """Return a line of a log without its colours, which would be noise once they are made printable."""
    return human.printable(_COLOUR.sub("", text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _named(job: str, version: str | None) -> str:
    return f"{job} {version}" if version else job


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
