"""Rules that every start script keeps, whatever it starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashistack.render.environment import template_folders

SCRIPTS = sorted(path for folder in template_folders() for path in folder.rglob("*.sh"))
WRITES_SECRETS = re.compile(r">\s*\"?(/secrets|\$\{?NOMAD_SECRETS_DIR)")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_written_among_the_secrets(path: Path) -> None:
    """After a boot of the machine Nomad 1.11.3 makes their folder anew, and only root may write there."""
    assert not WRITES_SECRETS.search(path.read_text())


def test_the_rule_sees_who_breaks_it() -> None:
    assert WRITES_SECRETS.search('cat key >"/secrets/both.pem"')
    assert WRITES_SECRETS.search("cat key > $NOMAD_SECRETS_DIR/both.pem")
