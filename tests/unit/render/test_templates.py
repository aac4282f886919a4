"""Rules that every template keeps, whatever it shows."""

from pathlib import Path

import jinja2
import pytest

from hashistack.render.environment import environment, template_folders

TEMPLATES = sorted(path for folder in template_folders() for path in folder.rglob("*.j2"))
FORBIDDEN = ("{% macro", "{% autoescape", "|safe", "| safe", "|default", "| default")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_expression_stands_inside_quotes(path: Path) -> None:
    assert expressions_inside_quotes(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_nothing_gets_round_the_literals(path: Path) -> None:
    source = path.read_text()
    assert [word for word in FORBIDDEN if word in source] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 150


def test_the_lint_sees_an_expression_inside_quotes() -> None:
    assert expressions_inside_quotes('a = "x-{{ v }}"\nb = {{ v }}\n') == [1]


def test_undefined_values_are_refused() -> None:
    with pytest.raises(TypeError, match="StrictUndefined"):
        environment().from_string("{{ nothing }}").render()


def test_a_mark_of_safety_opens_no_hole() -> None:
    assert environment().from_string("{{ v|safe }}").render(v='"${x}') == r'"\"$${x}"'


def expressions_inside_quotes(source: str) -> list[int]:
    """Return the lines where an expression begins while the text of the line so far has an open quote."""
    line, bad = "", []
    for number, token, text in jinja2.Environment(trim_blocks=True, lstrip_blocks=True).lex(source):
        if token == "data":
            line = text.rsplit("\n", 1)[-1] if "\n" in text else line + text
        elif token == "variable_begin" and (line.count('"') - line.count('\\"')) % 2:
            bad.append(number)
    return bad
