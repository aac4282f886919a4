"""The help of every command is pinned: `--update-help` writes what it is now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hashistack.cli import SUMMARIES, hashistack

HELP = Path(__file__).parent / "help"


def pages() -> Iterator[tuple[str, str]]:
    with click.Context(hashistack, info_name="hashistack", terminal_width=80) as root:
        yield "hashistack", root.get_help()
        for name in SUMMARIES:
            command = hashistack.get_command(root, name)
            assert command is not None
            yield from _page(command, name, root)


def _page(command: click.Command, name: str, parent: click.Context) -> Iterator[tuple[str, str]]:
    with click.Context(command, info_name=command.name, parent=parent, terminal_width=80) as context:
        yield name, context.get_help()
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                yield from _page(inner, f"{name}-{inner.name}", context)


def test_the_help_of_every_command(request: pytest.FixtureRequest) -> None:
    shown = {f"{name}.txt": f"{page}\n" for name, page in pages()}
    if request.config.getoption("--update-help"):
        for path in HELP.glob("*.txt"):
            path.unlink()
        for name, page in shown.items():
            (HELP / name).write_text(page)
    assert shown == {path.name: path.read_text() for path in HELP.glob("*.txt")}


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=name) for name, page in pages() if " COMMAND" not in page]
)
def test_it_begins_with_an_example_and_ends_with_the_exit_codes(page: str) -> None:
    assert page.startswith("Example:\n  ")
    assert "\nExit codes:\n  0 " in page
    assert page.index("Exit codes") > page.index("Options")
