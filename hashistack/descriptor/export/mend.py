"""Make a descriptor valid that was made from somebody's files: what is wrong in it becomes a comment."""

from __future__ import annotations

from hashistack.descriptor.load import load


def mended(text: str) -> tuple[str, list[str]]:
    """Return `text` with every mistake commented out, and a note on each; the text is "" if that is impossible."""
    notes: list[str] = []
    while mistakes := [found for found in load(text, "").diagnostics if found.severity == "error"]:
        lines = text.split("\n")
        for mistake in mistakes:
            line = mistake.span.line - 1 if mistake.span else 0
            if not lines[line].lstrip().startswith("#"):
                _comment_out(lines, line)
                notes.append(f"{mistake.path} is commented out: {mistake.summary}")
        if lines == text.split("\n"):
            return "", notes
        text = "\n".join(lines)
    return text, notes


def _comment_out(lines: list[str], first: int) -> None:
    """Put a mark before a line and all that belong to it: those below that are further to the right."""
    depth = _depth(lines[first])
    end = first + 1
    while end < len(lines) and lines[end] and _depth(lines[end]) > depth:
        end += 1
    for line in range(first, end):
        lines[line] = f"{lines[line][:depth]}# {lines[line][depth:]}"


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
