"""Print what Terraform is about to do, by what it means, what it costs, and whether everything finds room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.plan.changes import Action, Change, Field, Summary
from hashistack.plan.concerns import noun
from hashistack.plan.cost import NOT_COUNTED, Estimate
from hashistack.plan.fit import Fit, Level
from hashistack.plan.progress import Phase
from hashistack.plan.risks import Kind, Mark, marks
from hashistack.plan.steps import Plan
from hashistack.plan.terraform import Step
from hashistack.views import human, json, problems
from hashistack.views.console import Console, Ink, Style
from hashistack.views.up import describe

_SIGNS: dict[Action, str] = {"create": "+", "update": "~", "replace": "±", "destroy": "-", "forget": "."}
_STYLES: dict[Action, Style] = {
    "create": "green",
    "update": "yellow",
    "replace": "red",
    "destroy": "red",
    "forget": "dim",
}
_SUMS: dict[Action, str] = {
    "create": "to create",
    "update": "to change in place",
    "replace": "to REPLACE",
    "destroy": "to DESTROY",
    "forget": "to forget",
}
_PHASES: dict[Phase, str] = {"install": "install on", "start": "start the agents on", "remove": "clear"}
_WIDTH = 96
_LOUD: dict[Kind, tuple[str, Style]] = {
    "loses data": ("LOSES DATA", "red"),
    "interrupts": ("INTERRUPTS", "red"),
    "changes addresses": ("CHANGES ADDRESSES", "yellow"),
    "shifts traffic": ("shifts traffic", "yellow"),
    "refreshes": ("replaces machines", "yellow"),
    "waits": ("not yet", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that `hashistack plan` has to tell about an environment; None is what its target does not have.

    `hosts` are Terraform's steps on machines of one's own; `jobs` is None too where no version is asked for.
    """

    environment: str
    summary: Summary | None = None
    estimate: Estimate | None = None
    fit: Fit | None = None
    hosts: tuple[Step, ...] | None = None
    jobs: Plan | None = None
    notices: tuple[Diagnostic, ...] = ()

    @property
    def pending(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(
            (self.summary and self.summary.pending) or self.hosts or (self.jobs and self.jobs.changes)
        )


def show(console: Console, outlook: Outlook, code: Exit) -> None:
    """Print the plan of an environment: the changes, what to know about them, the cost, the room."""
    if console.json:
        console.document(_document(outlook, code))
        return
    for line in _sections(outlook, console):
        console.data(line)
    problems.notices(console, outlook.notices)
    console.note(_end(outlook))


def _sections(outlook: Outlook, console: Console) -> Iterator[str]:
    if outlook.summary:
        yield from change_lines(outlook.summary, console.ink, verbose=console.verbose)
    for step in outlook.hosts or ():
        yield f"{_PHASES[step.phase]} {step.host}"
    for job_step in outlook.jobs.steps if outlook.jobs else ():
        yield describe(job_step)
    if outlook.estimate:
        yield ""
        yield from _estimate_lines(outlook.estimate, console.ink)
    if outlook.fit:
        yield ""
        yield from _fit_lines(outlook.fit, console.ink)


def _end(outlook: Outlook) -> str:
    if outlook.summary:
        return _sum(outlook.environment, outlook.summary)
    return f"{outlook.environment}: " + ("something to do" if outlook.pending else "nothing to change")


def show_changes(console: Console, summary: Summary, environment: str) -> None:
    """Print what Terraform is about to do, before it is asked whether it may; as JSON one record."""
    if console.json:
        console.record({"event": "plan", "environment": environment, **_changes(summary)})
        return
    for line in change_lines(summary, console.ink_stderr, verbose=console.verbose):
        console.note(line)
    console.note(_sum(environment, summary))


def change_lines(summary: Summary, ink: Ink, *, verbose: bool = False) -> Iterator[str]:
    """Yield the changes by concern, then what to know before saying yes."""
    for concern, changes in summary.by_concern().items():
        yield ink(concern, "bold")
        created = [change for change in changes if change.action == "create"]
        if created and not verbose:
            first, *rest = wrap(_counted(created), _WIDTH, break_long_words=False)
            yield f"  {ink('+', 'green')} {first}"
            yield from (f"    {line}" for line in rest)
        for change in changes:
            if change.action != "create" or verbose:
                yield f"  {_change(change, ink)}"
    for address in summary.gone:
        yield ink(f"somebody has removed {address} outside Terraform", "yellow")
    found = marks(summary)
    if found:
        yield ""
        width = max(len(_LOUD[mark.kind][0]) for mark in found)
        yield from (_mark(mark, ink, width) for mark in found)


def _counted(changes: Sequence[Change]) -> str:
    """Return nouns with their number: "VPC, 4 subnets, 2 NAT gateways"."""
    counts = Counter(noun(change.type) for change in changes)
    return ", ".join(name if count == 1 else f"{count} {_plural(name)}" for name, count in counts.items())


def _plural(name: str) -> str:
    head, of, rest = name.partition(" for ")
    if head.endswith("y") and not head.endswith("ay"):
        return f"{head[:-1]}ies{of}{rest}"
    return f"{head}{'es' if head.endswith('s') else 's'}{of}{rest}"


def _change(change: Change, ink: Ink) -> str:
    sign = ink(_SIGNS[change.action], _STYLES[change.action])
    words = human.printable(change.words)
    match change.action:
        case "update":
            return f"{sign} {words}: {', '.join(_field(field) for field in change.fields)}"
        case "replace":
            because = f" because of {', '.join(change.because)}" if change.because else ""
            return f"{sign} {words} {ink('REPLACED', 'bold', 'red')}{because}"
        case "destroy":
            return f"{sign} {words} {ink('DESTROYED', 'bold', 'red')}"
        case _:
            return f"{sign} {words}"


def _field(field: Field) -> str:
    values = " -> ".join(value for value in (field.before, field.after) if value is not None)
    return human.printable(f"{field.name} {values}".rstrip()) if field.after is not None else field.name


def _mark(mark: Mark, ink: Ink, width: int) -> str:
    words, style = _LOUD[mark.kind]
    return f"{ink(f'{words:<{width}}', 'bold', style)}  {human.printable(mark.address)}: {mark.why}"


def _sum(environment: str, summary: Summary) -> str:
    counts = [f"{count} {words}" for action, words in _SUMS.items() if (count := summary.count(action))]
    if counts:
        return f"{environment}: {', '.join(counts)}"
    return f"{environment}: {'only outputs change' if summary.pending else 'nothing to change'}"


def _estimate_lines(estimate: Estimate, ink: Ink) -> Iterator[str]:
    yield ink(f"a month, estimated (list prices of {estimate.as_of}, {estimate.region}, US dollars)", "bold")
    rows = [(f"  {line.what}", line.detail, _range(line.low, line.high)) for line in estimate.lines]
    yield human.table([*rows, ("  in all, about", "", _range(estimate.low, estimate.high))])
    yield from (f"  {line}" for line in wrap(f"not counted: {'; '.join(NOT_COUNTED)}", _WIDTH))
    if estimate.unknown:
        yield f"  no price known: {', '.join(estimate.unknown)}"


def _range(low: float, high: float) -> str:
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"


def _fit_lines(fit: Fit, ink: Ink) -> Iterator[str]:
    yield ink("room on the clients", "bold")
    yield f"  {_level(fit.least, fit.kind)}"
    if fit.most.clients > fit.least.clients:
        yield f"  {_level(fit.most, fit.kind)}"


def _level(level: Level, kind: str) -> str:
    asked = (
        f"processes ask for {_share(level.cpu_asked, level.cpu)} of the CPU, "
        f"{_share(level.memory_asked, level.memory)} of the memory"
    )
    return f"{level.clients} x {kind}: {asked}" + ("" if level.lack is None else "; not all find room")


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}%" if whole > 0 else "all"


def _changes(summary: Summary) -> dict[str, object]:
    return {
        "changes": [asdict(change) for change in summary.changes],
        "gone": summary.gone,
        "outputs": summary.outputs,
        "marks": [asdict(mark) for mark in marks(summary)],
    }


def _document(outlook: Outlook, code: Exit) -> dict[str, object]:
    content: dict[str, object] = {"environment": outlook.environment, "pending": outlook.pending}
    if outlook.summary:
        content |= _changes(outlook.summary)
    if estimate := outlook.estimate:
        totals = {"low": estimate.low, "high": estimate.high, "not_counted": NOT_COUNTED}
        content["cost"] = {**asdict(estimate), **totals}
    if outlook.fit:
        content["fit"] = asdict(outlook.fit)
    if outlook.hosts is not None:
        content["hosts"] = [step._asdict() for step in outlook.hosts]
    if outlook.jobs:
        content["jobs"] = [
            {"step": type(step).__name__, "does": describe(step)} for step in outlook.jobs.steps
        ]
    return json.document(code, outlook.notices, **content)
