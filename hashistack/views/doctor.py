"""Print what the doctor found: a table of what is wrong, with the fix below each, and what is well in a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from hashistack.diagnostics import Exit
from hashistack.plan.checkup import Finding, Level
from hashistack.views import human, json
from hashistack.views.console import Console, Ink, Style

_STYLES: dict[Level, Style] = {"ok": "green", "warning": "yellow", "error": "red"}


def show(console: Console, findings: Sequence[Finding], code: Exit) -> None:
    """Print all findings: as text errors last, nearest to the prompt; as JSON in their order."""
    if console.json:
        console.document(json.document(code, findings=[asdict(finding) for finding in findings]))
        return
    ink = console.ink
    console.data(
        human.table([_row(finding) for finding in findings], header=("", "what", "where", "state"), ink=ink)
    )
    for same in _alike(sorted(findings, key=lambda each: each.level == "error")):
        console.data("\n" + _remedy(same, ink))
    console.note(_sum(findings))


def _row(finding: Finding) -> tuple[str, ...]:
    return finding.level, finding.area, finding.where, " ".join(finding.what.split())


def _alike(findings: Sequence[Finding]) -> Iterable[list[Finding]]:
    """Put together what is wrong in the same way in several places."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.level != "ok":
            groups.setdefault((finding.level, finding.area, finding.what, _fix(finding)), []).append(finding)
    return groups.values()


def _fix(finding: Finding) -> str:
    """Return the fix as it reads for several places."""
    return finding.fix.replace(f"on {finding.where}:", "on each:")


def _remedy(same: Sequence[Finding], ink: Ink) -> str:
    first = same[0]
    where = ", ".join(finding.where for finding in same)
    fix = _fix(first) if len(same) > 1 else first.fix
    label = ink(f"{first.level}: {human.printable(where)}:", "bold", _STYLES[first.level])
    return f"{label} {human.printable(first.what)}\n   {ink('fix:', 'cyan')} {human.printable(fix)}"


def _sum(findings: Sequence[Finding]) -> str:
    counts = [(sum(each.level == level for each in findings), level) for level in ("error", "warning")]
    told = [f"{count} {level}{'s' if count > 1 else ''}" for count, level in counts if count]
    return ", ".join(told) or "all is well"
