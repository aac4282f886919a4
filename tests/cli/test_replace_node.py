"""What `replace-node` looks at again when it has been agreed to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hashistack.backends.cluster import Cluster, NoAgents
from hashistack.backends.consul import Consul
from hashistack.backends.nomad import Nomad
from hashistack.backends.state import StateFolder
from hashistack.cli.replace_node import Choice, replace
from hashistack.cli.terminal import Session, Terminal
from hashistack.diagnostics import BackendError, Exit, HashistackError
from hashistack.views.cluster_events import EventView
from tests.backends.answers import Answers, answering
from tests.unit.plan.stacks import stack

SHOP = stack("""\
app: shop
image: registry.example.com/shop
processes:
  worker: {command: work}
environments:
  factory:
    target: onprem
    domain: shop.lan
    ssh: {user: root}
    hosts:
      h1: {address: 10.0.0.1, roles: [server, client, ingress]}
      h2: {address: 10.0.0.2, roles: [client]}
""")


def machine(status: str, identity: str = "n-2") -> dict[str, object]:
    return {
        "ID": identity,
        "Name": "h2",
        "Status": status,
        "SchedulingEligibility": "eligible",
        "Drain": False,
    }


class Meanwhile(io.StringIO):
    """A terminal that is read slowly: when something is shown, the machines have become others."""

    def __init__(self, nomad: Answers, machines: list[dict[str, object]]) -> None:
        super().__init__()
        self._nomad, self._machines = nomad, machines

    def write(self, text: str) -> int:
        self._nomad.given["nodes"] = self._machines
        return super().write(text)


@dataclass
class Site:
    """A cluster of which a machine is down."""

    nomad: Answers
    folder: Path
    purged: list[str] = field(default_factory=list)

    def replace(self, *afterwards: dict[str, object]) -> Exit:
        """Give the machine up, while the machines become these."""
        shown = Meanwhile(self.nomad, list(afterwards))
        terminal = Terminal(io.BytesIO(), io.StringIO(), shown, {}, self.folder)
        console = terminal.console(json=False, quiet=False, verbose=False, no_color=True)
        nomad, consul = self.nomad.endpoint("Nomad"), self.nomad.endpoint("Consul")
        cluster = Cluster(
            Nomad(nomad), Consul(consul), NoAgents(), StateFolder(self.folder), "127.0.0.1:8500"
        )
        choice = Choice("h2", lost=False, yes=True)
        return replace(Session(terminal, console), cluster, SHOP, EventView(console), choice)

    @property
    def changes(self) -> list[str]:
        return [path for _, path, _ in self.nomad.changes]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with answering() as nomad:
        nomad.given = {"nodes": [machine("down")], "jobs": [], "volumes": [], "vars": []}
        yield Site(nomad, tmp_path)


def test_a_machine_that_stays_away_is_given_up(site: Site) -> None:
    assert site.replace(machine("down")) == Exit.DONE
    assert site.changes == ["node/n-2/purge"]


def test_one_that_is_back_by_then_is_not(site: Site) -> None:
    with pytest.raises(HashistackError, match="h2 is alive"):
        site.replace(machine("ready"))
    assert site.changes == []


def test_nor_is_what_was_not_shown(site: Site) -> None:
    with pytest.raises(BackendError, match="what h2 has was changed by somebody else"):
        site.replace(machine("down"), machine("down", "n-3"))
    assert site.changes == []
