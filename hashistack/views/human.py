"""Values as text for people: diagnostics, tables, unified diffs. Pure: `Console` prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category, east_asian_width

from hashistack.diagnostics import Diagnostic, Span
from hashistack.views.console import Ink, Style

PLAIN = Ink(colour=False)
TAB = 4
"""Columns between the tab stops of a source line that is shown."""
SHOWN = 120
"""Characters of a source line that are shown: of a longer one, what stands around the marker."""


def diagnostic(value: Diagnostic, ink: Ink = PLAIN) -> str:
    """Return a diagnostic: GNU's first line, the source line with a marker, the hint (GNU Coding Standards 4.4)."""
    lines = [_first_line(value, ink)]
    if value.span and value.source:
        lines += _excerpt(value.span, value.source, ink)
    if value.hint:
        lines.append(f"   {ink('hint:', 'cyan')} {printable(value.hint)}")
    return "\n".join(lines)


def notices(values: Sequence[Diagnostic]) -> list[str]:
    """Return remarks as plain lines, the same on every terminal; one that several environments share stands once."""
    shared: dict[tuple[str, str, str, str], list[str]] = {}
    for value in values:
        place = f"{_place(value.span)} " if value.span else ""
        environment, below = _split(value.path)
        shared.setdefault((place, value.code, below, value.summary), []).append(environment)
    return [
        f"{place}warning[{code}]: {_path(environments, below)}{printable(summary)}"
        for (place, code, below, summary), environments in shared.items()
    ]


def _split(path: str) -> tuple[str, str]:
    """Split `environments.NAME.rest` into name and rest; any other path is all rest."""
    top, _, below = path.partition(".")
    if top != "environments":
        return "", path
    name, _, rest = below.partition(".")
    return name, rest


def _path(environments: Sequence[str], below: str) -> str:
    names = [name for name in environments if name]
    place = names[0] if len(names) == 1 else f"{{{','.join(names)}}}"
    parts = [*(["environments", place] if names else []), *([below] if below else [])]
    return f"{printable('.'.join(parts))}: " if parts else ""


def _first_line(value: Diagnostic, ink: Ink) -> str:
    place = _place(value.span) if value.span else "hashistack:"
    colour: Style = "red" if value.severity == "error" else "yellow"
    label = ink(f"{value.severity}[{value.code}]:", "bold", colour)
    path = f"{printable(value.path)}: " if value.path else ""
    return f"{ink(place, 'bold')} {label} {path}{printable(value.summary)}"


def _place(span: Span) -> str:
    return f"{printable(span.file)}:{span.line}:{span.col}:"


def _excerpt(span: Span, source: str, ink: Ink) -> list[str]:
    """Return the numbered source line and the line with the marker below the columns that `span` covers."""
    first = 0 if len(source) <= SHOWN else min(max(span.col - 1 - SHOWN // 3, 0), len(source) - SHOWN)
    end = (span.end_col - 1 if span.end_line == span.line else len(source)) - first
    cells = list(_window(source, first))
    start = min(span.col - 1 - first, len(cells))
    before = sum(width for _, width in cells[:start])
    marked = sum(width for _, width in cells[start:end]) or 1
    number = f"{span.line:>5} |"
    gutter = " " * (len(number) - 1) + "|"
    return [
        f"{ink(number, 'dim')} {''.join(text for text, _ in cells)}",
        f"{ink(gutter, 'dim')} {' ' * before}{ink('^' * marked, 'bold', 'red')}",
    ]


def _window(line: str, first: int) -> Iterator[tuple[str, int]]:
    """Yield the cells of `line` from the character `first`, as many as are shown; an ellipsis says that it goes on."""
    last = first + SHOWN
    cells = list(_cells(line[first:last]))
    if first:
        cells[0] = ("…", 1)
    if last < len(line):
        cells[-1] = ("…", 1)
    yield from cells


def _cells(line: str) -> Iterator[tuple[str, int]]:
    """Yield for each character of `line` what is shown for it and how many columns that takes."""
    column = 0
    for char in line:
        if char == "\t":
            cell = (" " * (TAB - column % TAB), TAB - column % TAB)
        elif not char.isprintable() and category(char) != "Cf":
            escaped = repr(char)[1:-1]
            cell = (escaped, len(escaped))
        else:
            cell = (char, _width(char))
        column += cell[1]
        yield cell


def _width(char: str) -> int:
    """Return the columns of a terminal that `char` takes (Unicode Standard Annex 11)."""
    if category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(char) in {"W", "F"} else 1


def printable(text: str) -> str:
    """Return `text` with line breaks kept and other control characters escaped: a file must not drive the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


def duration(seconds: int) -> str:
    """Return a time as people say it: "42 s", "3 min 5 s"."""
    minutes, rest = divmod(seconds, 60)
    return " ".join(
        filter(None, (f"{minutes} min" if minutes else "", f"{rest} s" if rest or not minutes else ""))
    )


def size(count: int) -> str:
    """Return a number of bytes in KiB or MiB, never as zero."""
    return f"{count / (1 << 20):.1f} MiB" if count >= 1 << 20 else f"{max(1, round(count / 1024))} KiB"


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), ink: Ink = PLAIN) -> str:
    """Return rows as left-aligned columns two spaces apart, with a bold header where one is given."""
    texts = [[printable(cell) for cell in row] for row in ([header, *rows] if header else rows)]
    widths = [max(map(_columns, column)) for column in zip(*texts, strict=True)]
    lines = [_row(row, widths) for row in texts]
    if header:
        lines[0] = ink(lines[0], "bold")
    return "\n".join(lines)


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)
    ).rstrip()


def _columns(text: str) -> int:
    return sum(map(_width, text))


def diff(path: str, old: bytes | None, new: bytes | None, ink: Ink = PLAIN) -> str:
    """Return a unified diff; None is a file that does not exist. Files that are no UTF-8 are shown by escapes."""
    from difflib import unified_diff  # only what prints a diff pays for it

    before = "/dev/null" if old is None else f"a/{path}"
    after = "/dev/null" if new is None else f"b/{path}"
    lines = unified_diff(_lines(old), _lines(new), before, after, lineterm="")
    return "\n".join(_coloured(line, ink) for line in lines)


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode(errors="backslashreplace")
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], f"{lines[-1]}\n\\ No newline at end of file"]


def _coloured(line: str, ink: Ink) -> str:
    styles: dict[str, Style] = {"+": "green", "-": "red", "@": "cyan"}
    text = printable(line)
    if line.startswith(("+++", "---")):
        return ink(text, "bold")
    return ink(text, styles[line[0]]) if line[:1] in styles else text
