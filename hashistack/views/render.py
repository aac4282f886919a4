"""What `render` did, would do, or must not do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.messages import files as say
from hashistack.tree.compare import Action, Blocked, Change, Changes, NoFile, conflict
from hashistack.tree.lock import NAME
from hashistack.views import human, json, problems
from hashistack.views.console import Console, Ink, Style

_STYLES: dict[Action, Style] = {"create": "green", "update": "yellow", "delete": "red"}
_SHOWN: tuple[Action, ...] = ("create", "update", "delete")
_DONE: dict[Action, str] = {"create": "created", "update": "updated", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything to tell about one `render`: `output` is the folder as the user would write it."""

    output: str
    changes: Changes
    notices: tuple[Diagnostic, ...]

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Return the notices, then a warning for each edited file that is no longer rendered."""
        return (*self.notices, *(say.abandoned(change.path) for change in self.changes.having("abandon")))

    def forced(self) -> Outcome:
        """Return the same with every conflict decided for hashistack."""
        return replace(self, changes=self.changes.forced())


def written(console: Console, outcome: Outcome) -> None:
    """Print one line for each file that was written or removed, and the sum."""
    if console.json:
        console.document(_document(Exit.DONE, outcome))
        return
    for change in outcome.changes.having(*_SHOWN):
        console.data(f"{console.ink(change.action, _STYLES[change.action])}  {change.path}")
    problems.notices(console, outcome.remarks)
    console.note(_summary(outcome, _DONE))


def pending(console: Console, outcome: Outcome, code: Exit) -> None:
    """Print what would change as one unified diff, and the sum."""
    if console.json:
        console.document(_document(code, outcome, diff=True))
        return
    _print_diffs(console, outcome.changes.effective)
    problems.notices(console, outcome.remarks)
    for change in outcome.changes.conflicts:
        console.problem(human.diagnostic(conflict(change), console.ink_stderr))
    console.note(_summary(outcome, {action: f"to {action}" for action in _SHOWN}))


def conflicts(console: Console, outcome: Outcome) -> None:
    """Print what stands in the way: the difference between what is there and what would be, and why."""
    if console.json:
        console.document(_document(Exit.CONFLICT, outcome, diff=True))
        return
    _print_diffs(console, outcome.changes.conflicts)
    problems.show(console, [conflict(change) for change in outcome.changes.conflicts], Exit.CONFLICT)


def unchanged(outcome: Outcome) -> str:
    """Return what a render that changes nothing prints on stderr, on every terminal."""
    return "".join(f"{line}\n" for line in (*human.notices(outcome.notices), _unchanged(outcome)))


def _unchanged(outcome: Outcome) -> str:
    count = sum(change.new is not None for change in outcome.changes.every)
    return f"{outcome.output}: {count} files, nothing to change"


def _summary(outcome: Outcome, words: dict[Action, str]) -> str:
    counts = {action: len(outcome.changes.having(action)) for action in (*_SHOWN, "conflict", "keep")}
    changed = [f"{counts[action]} {words[action]}" for action in _SHOWN if counts[action]]
    if counts["conflict"]:
        changed.append(f"{counts['conflict']} in conflict")
    if not changed and outcome.changes.lock_differs:
        changed = [f"{NAME} {words['update']}"]
    if not changed:
        return _unchanged(outcome)
    return f"{outcome.output}: {', '.join(changed)}, {counts['keep']} unchanged"


def _print_diffs(console: Console, changes: Sequence[Change]) -> None:
    for change in changes:
        console.data(_diff(change, console.ink))


def _diff(change: Change, ink: Ink = human.PLAIN) -> str:
    if isinstance(change.old, NoFile):
        return f"{change.path} is {change.old.kind}"
    if isinstance(change.old, Blocked):
        return f"{change.old.by} is no folder"
    return human.diff(change.path, change.old, change.new, ink)


def _document(code: Exit, outcome: Outcome, *, diff: bool = False) -> dict[str, object]:
    changes = [
        {"path": change.path, "action": change.action, "template": change.template}
        | ({"diff": _diff(change)} if diff and change.action != "keep" else {})
        for change in outcome.changes.every
        if change.action != "forget"
    ]
    remarks = (*outcome.remarks, *map(conflict, outcome.changes.conflicts))
    lock = "update" if outcome.changes.effective or outcome.changes.lock_differs else "keep"
    return json.document(code, remarks, output=outcome.output, lock=lock, files=changes)
