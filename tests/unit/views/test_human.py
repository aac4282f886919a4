"""What people see, character by character."""

from __future__ import annotations

import pytest

from hashistack.diagnostics import Diagnostic, Span
from hashistack.views import human
from hashistack.views.console import Ink


def at(source: str, col: int, end: int, line: int = 14) -> Diagnostic:
    return Diagnostic(
        "HS104", "wrong", "a.b", span=Span("hashistack.yaml", line, col, line, end), source=source
    )


def marker(source: str, col: int, end: int) -> list[str]:
    return human.diagnostic(at(source, col, end)).splitlines()[1:]


def test_a_diagnostic_in_full() -> None:
    value = Diagnostic(
        code="HS104",
        summary='should be a number from 1 to 65535, got "http"',
        path="processes.web.port",
        hint="write a number, for example 8000",
        span=Span("hashistack.yaml", 14, 11, 14, 15),
        source="    port: http",
    )
    assert human.diagnostic(value) == (
        'hashistack.yaml:14:11: error[HS104]: processes.web.port: should be a number from 1 to 65535, got "http"\n'
        "   14 |     port: http\n"
        "      |           ^^^^\n"
        "   hint: write a number, for example 8000"
    )


def test_without_a_place_the_program_speaks() -> None:
    assert human.diagnostic(Diagnostic("HS501", "no descriptor")) == "hashistack: error[HS501]: no descriptor"


@pytest.mark.parametrize(
    ("source", "col", "end", "shown", "marks"),
    [
        ("key: value", 6, 11, "key: value", "     ^^^^^"),
        ("日本: x", 1, 3, "日本: x", "^^^^"),
        ("日本: x", 5, 6, "日本: x", "      ^"),
        ("\ta: b", 2, 3, "    a: b", "    ^"),
        ("ab\tc: d", 4, 5, "ab  c: d", "    ^"),
        ("e\u0301: b", 5, 6, "e\u0301: b", "   ^"),
        ("a: \x1b[31m", 4, 5, r"a: \x1b[31m", "   ^^^^"),
        ("a: ", 4, 4, "a: ", "   ^"),
        ("a:", 90, 95, "a:", "  ^"),
        ("👍🏽: x", 1, 2, "👍🏽: x", "^^"),
    ],
)
def test_the_marker_stands_below_what_it_means(
    source: str, col: int, end: int, shown: str, marks: str
) -> None:
    assert marker(source, col, end) == [f"   14 | {shown}", f"      | {marks}"]


@pytest.mark.parametrize(("col", "at_start", "at_end"), [(1, "k", "…"), (5000, "…", "…"), (9997, "…", "k")])
def test_of_a_long_line_only_what_stands_around_the_marker_is_shown(
    col: int, at_start: str, at_end: str
) -> None:
    source, marks = marker(f"{'key: x, ' * 1250}"[:9999] + "k", col, col + 3)
    shown, marks = source.removeprefix("   14 | "), marks.removeprefix("      | ")
    assert len(shown) == human.SHOWN
    assert (shown[0], shown[-1]) == (at_start, at_end)
    whole = "key: x, " * 1250
    assert shown[marks.index("^") : len(marks)] == (whole[:9999] + "k")[col - 1 : col + 2]


def test_a_mark_that_is_longer_than_what_is_shown_ends_there() -> None:
    source, marks = marker("x" * 1000, 1, 900)
    assert len(source) == len(marks) == human.SHOWN + len("   14 | ")


def test_what_goes_on_over_lines_is_marked_to_the_end_of_the_first() -> None:
    value = Diagnostic("HS1", "x", span=Span("h", 2, 4, 9, 1), source="a: [b,")
    assert human.diagnostic(value).splitlines()[2] == "      |    ^^^"


def test_long_line_numbers_keep_the_bars_in_one_column() -> None:
    lines = human.diagnostic(at("x: y", 1, 2, line=123456)).splitlines()
    assert lines[1].index("|") == lines[2].index("|")


def test_colours_mark_but_do_not_change_the_text() -> None:
    value = at("key: value", 6, 11)
    coloured = human.diagnostic(value, Ink(colour=True))
    assert "\x1b[1;31merror[HS104]:\x1b[0m" in coloured
    assert "\x1b[1;31m^^^^^\x1b[0m" in coloured


def test_nothing_from_a_file_drives_the_terminal() -> None:
    value = Diagnostic(
        "HS1", "got \x1b[2J", "a.\x07", hint="\r", span=Span("\x1b.yaml", 1, 1, 1, 2), source="\x9b31m"
    )
    shown = human.diagnostic(value) + human.table([["\x1b[2J"]]) + human.diff("\x1b", b"\x1b\n", None)
    assert not {char for char in shown if not char.isprintable()} - {"\n"}


def test_notices_that_environments_share_stand_once() -> None:
    values = [
        Diagnostic("HS605", "fixed", f"environments.{name}.processes.web.scale", severity="warning")
        for name in ("a", "b")
    ]
    values += [
        Diagnostic("HS606", "no state", "environments.a", severity="warning"),
        Diagnostic("HS9", "plain"),
    ]
    assert human.notices(values) == [
        "warning[HS605]: environments.{a,b}.processes.web.scale: fixed",
        "warning[HS606]: environments.a: no state",
        "warning[HS9]: plain",
    ]


def test_a_notice_keeps_its_place() -> None:
    assert human.notices([at("x", 1, 2)]) == ["hashistack.yaml:14:1: warning[HS104]: a.b: wrong"]


def test_columns_stand_below_each_other() -> None:
    rows = [["web", "2 of 2"], ["日本", "1 of 1"]]
    assert human.table(rows, header=["name", "healthy"]) == "name  healthy\nweb   2 of 2\n日本  1 of 1"
    assert human.table([["a", ""]]) == "a"
    assert human.table([]) == ""


def test_a_unified_diff() -> None:
    assert human.diff("x", b"a\nb\n", b"a\nc\n") == "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c"
    assert human.diff("x", None, b"a\n") == "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a"
    assert human.diff("x", b"a\n", b"a\n") == ""


def test_a_missing_last_newline_shows() -> None:
    assert human.diff("x", b"a", b"a\n").splitlines()[3:] == ["-a", "\\ No newline at end of file", "+a"]


def test_a_diff_in_colours() -> None:
    shown = human.diff("x", b"a\n", b"b\n", Ink(colour=True)).splitlines()
    assert shown[-2:] == ["\x1b[31m-a\x1b[0m", "\x1b[32m+b\x1b[0m"]
