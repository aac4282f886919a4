"""Print what the doctor found: a table of what is wrong, with the fix below each, and what is well in a line."""

from __future__ import annotations

from collections.abc import Sequence
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
    for finding in sorted(findings, key=lambda each: each.level == "error"):
        if finding.level != "ok":
            console.data("\n" + _remedy(finding, ink))
    console.note(_sum(findings))


def _row(finding: Finding) -> tuple[str, ...]:
    return finding.level, finding.area, finding.where, " ".join(finding.what.split())


def _remedy(finding: Finding, ink: Ink) -> str:
    label = ink(f"{finding.level}: {human.printable(finding.where)}:", "bold", _STYLES[finding.level])
    return f"{label} {human.printable(finding.what)}\n   {ink('fix:', 'cyan')} {human.printable(finding.fix)}"


def _sum(findings: Sequence[Finding]) -> str:
    counts = [(sum(each.level == level for each in findings), level) for level in ("error", "warning")]
    told = [f"{count} {level}{'s' if count > 1 else ''}" for count, level in counts if count]
    return ", ".join(told) or "all is well"
