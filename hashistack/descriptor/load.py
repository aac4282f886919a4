"""The descriptor side of the story: text -> nodes -> checked -> merged -> checked for meaning -> model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from hashistack.descriptor import yaml
from hashistack.descriptor.build import build
from hashistack.descriptor.environments import merged, unknown_overrides
from hashistack.descriptor.meaning import mistakes
from hashistack.descriptor.nodes import Finding, Mapping, Mark
from hashistack.descriptor.schema import ROOT
from hashistack.descriptor.shape import check
from hashistack.diagnostics import Diagnostic, Span
from hashistack.messages.descriptor_meaning import PASSWORD_NOT_SECRET
from hashistack.model import Application

# Nobody reads more than this for one environment, and each takes a guess at what was meant.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Loaded:
    """The application, None if there is an error; and everything found, in the order of the file."""

    application: Application | None
    diagnostics: tuple[Diagnostic, ...]


def load(text: str | bytes, file: str) -> Loaded:
    """Read a descriptor; `file` is its name in messages. Never raises for what a file can contain."""
    decoded, findings = yaml.decode(text)
    application = None
    if not findings:
        application, findings = _read(decoded, file)
    diagnostics = _placed(findings, decoded, file)
    failed = any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return Loaded(None if failed else application, diagnostics)


def _read(text: str, file: str) -> tuple[Application | None, list[Finding]]:
    tree, findings = yaml.parse(text)
    if tree is None:
        return None, findings
    checked, wrong = check(tree, ROOT)
    findings += wrong
    if not isinstance(checked, Mapping):
        return None, findings
    stacks = merged(checked)
    findings += unknown_overrides(checked)
    for stack in stacks:
        findings += islice(mistakes(stack), _MOST)
    if any(diagnostic.severity == "error" for _, diagnostic in findings):
        return None, findings
    return build(stacks, file), findings


def _placed(findings: Iterable[Finding], text: str, file: str) -> tuple[Diagnostic, ...]:
    """Return the findings in the order of the file, each once, with their places and source lines."""
    once = sorted(
        set(findings), key=lambda finding: (finding[0], finding[1].code, finding[1].path, finding[1].summary)
    )
    if not once:
        return ()
    lines = text.split("\n")
    return tuple(
        replace(diagnostic, span=Span(file, *mark), source=_source(lines[mark[0] - 1], mark, diagnostic.code))
        for mark, diagnostic in once
    )


def _source(line: str, mark: Mark, code: str) -> str:
    """Return the line to show; what may be a password is not."""
    if code != PASSWORD_NOT_SECRET:
        return line
    _, col, _, end_col = mark
    return f"{line[: col - 1]}{'*' * (end_col - col)}{line[end_col - 1 :]}"
