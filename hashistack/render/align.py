"""Align equals signs as `nomad fmt` and `terraform fmt` do, so that templates need not count spaces.

The rule is that of hclwrite's formatter: the equals signs of neighbouring lines stand in one column; a blank line,
a comment, a block or a list over more lines ends the neighbourhood; a heredoc does not, and is left alone.
"""

from __future__ import annotations

import re

_ATTRIBUTE = re.compile(r'(?P<indent> *)(?P<name>[A-Za-z_][\w-]*|"(?:[^"\\]|\\.)*") *= (?P<value>\S.*)')
_HEREDOC = re.compile(r"<<-?(?P<tag>\w+)$")


def align(text: str) -> str:
    """Return `text` with the equals signs of each group of neighbouring attributes in one column."""
    lines = text.split("\n")
    group: list[tuple[int, re.Match[str]]] = []
    end_of_heredoc: str | None = None
    for index, line in enumerate(lines):
        if end_of_heredoc is not None:
            end_of_heredoc = None if line.strip() == end_of_heredoc else end_of_heredoc
            continue
        # Most lines are no attributes: the regular expressions are for those that may be.
        attribute = _ATTRIBUTE.fullmatch(line) if " = " in line and line[-1] not in "[{(" else None
        if attribute is None:
            _close(lines, group)
            continue
        group.append((index, attribute))
        if "<<" in line and (opened := _HEREDOC.search(line)):
            end_of_heredoc = opened["tag"]
    _close(lines, group)
    return "\n".join(lines)


def _close(lines: list[str], group: list[tuple[int, re.Match[str]]]) -> None:
    if len(group) > 1:
        width = max(len(match["name"]) for _, match in group)
        for index, match in group:
            lines[index] = f"{match['indent']}{match['name']:<{width}} = {match['value']}"
    group.clear()
