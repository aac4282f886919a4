"""Values as JSON: the same form of document from every command."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic, Exit

FORMAT = 1
"""Readers ignore keys they do not know, and refuse another number here."""


def document(code: Exit, diagnostics: Sequence[Diagnostic] = (), **content: object) -> dict[str, object]:
    """Return the document of a finished command: how it ended, its own content, and what there is to say about it."""
    return {
        "format": FORMAT,
        "exit_code": int(code),
        **content,
        "diagnostics": [diagnostic(each) for each in diagnostics],
    }


def diagnostic(value: Diagnostic) -> dict[str, object]:
    """Return a diagnostic with its place; keys without a value are left out."""
    place: dict[str, object] = {}
    if value.span:
        span = value.span
        place = {
            "file": span.file,
            "line": span.line,
            "col": span.col,
            "end_line": span.end_line,
            "end_col": span.end_col,
        }
    words = {"path": value.path, "summary": value.summary, "hint": value.hint}
    return {"code": value.code, "severity": value.severity, **{k: v for k, v in words.items() if v}, **place}
