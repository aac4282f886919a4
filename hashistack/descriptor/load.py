"""The descriptor side of the story: text -> nodes -> checked -> merged -> checked for meaning -> model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from hashistack.descriptor import yaml
from hashistack.descriptor.build import build
from hashistack.descriptor.environments import Merged, incomplete, merged, unknown_overrides
from hashistack.descriptor.meaning import mistakes
from hashistack.descriptor.meaning_aws_network import overlaps
from hashistack.descriptor.meaning_aws_state import shared_states
from hashistack.descriptor.nodes import Finding, Mapping, Mark
from hashistack.descriptor.schema import ROOT
from hashistack.descriptor.shape import check
from hashistack.diagnostics import Diagnostic, Span
from hashistack.messages import descriptor_many as many
from hashistack.messages.descriptor_secrets import PASSWORD_NOT_SECRET
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
    findings += overlaps(checked)
    findings += shared_states(checked)
    findings += _together({stack.name: list(_some(stack)) for stack in stacks})
    if any(diagnostic.severity == "error" for _, diagnostic in findings):
        return None, findings
    return build(stacks, file), findings


def _some(stack: Merged) -> Iterator[Finding]:
    """Yield what is wrong in one environment, and after the most that anybody reads that there is more."""
    errors = 0
    for finding in chain(incomplete(stack), mistakes(stack)):
        errors += finding[1].severity == "error"
        if errors > _MOST:
            # Not counted: each of them takes a guess at what was meant, and there can be a hundred thousand.
            yield finding[0], many.more_mistakes(_MOST)
            return
        yield finding


def _together(found: dict[str, list[Finding]]) -> Iterator[Finding]:
    """Yield the findings of all environments; what differs in nothing but the environment becomes one.

    Such findings have the same place, code and path, and are the same in number there.
    """
    places: dict[tuple[Mark, str, str, int], dict[Diagnostic, list[str]]] = {}
    for name, findings in found.items():
        counts: Counter[tuple[Mark, str, str]] = Counter()
        for mark, diagnostic in findings:
            key = (mark, diagnostic.code, diagnostic.path)
            places.setdefault((*key, counts[key]), {}).setdefault(diagnostic, []).append(name)
            counts[key] += 1
    for (mark, *_), variants in places.items():
        first, *others = variants
        names = [name for other in others for name in variants[other]]
        yield mark, many.likewise(first, names) if names else first


def _placed(findings: Iterable[Finding], text: str, file: str) -> tuple[Diagnostic, ...]:
    """Return the findings in the order of the file, each once, with their places and source lines."""
    once = sorted(
        set(findings), key=lambda finding: (finding[0], finding[1].code, finding[1].path, finding[1].summary)
    )
    if not once:
        return ()
    lines = text.split("\n")
    for mark, diagnostic in once:
        if diagnostic.code == PASSWORD_NOT_SECRET:
            lines[mark[0] - 1] = _masked(lines[mark[0] - 1], mark)
    return tuple(
        replace(diagnostic, span=Span(file, *mark), source=lines[mark[0] - 1]) for mark, diagnostic in once
    )


def _masked(line: str, mark: Mark) -> str:
    """Return the line without what may be a password, whichever mistake it is shown for."""
    _, col, _, end_col = mark
    return f"{line[: col - 1]}{'*' * (end_col - col)}{line[end_col - 1 :]}"
