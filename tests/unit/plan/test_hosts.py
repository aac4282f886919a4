"""What forbids a start on machines of one's own, who leaves, and which host key Terraform is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hashistack.model import Host, Software, Ssh
from hashistack.plan.hosts import (
    Departures,
    HostFacts,
    Member,
    clients,
    departures,
    host_keys,
    obstacles,
    read_facts,
    risk,
    to_do_again,
    unlisted,
    uploads,
)

SSH = Ssh(user="admin", port=22, key=None, bastion=None)


def host(name: str, **changes: Any) -> Host:
    given = {"address": f"192.0.2.{name[1:]}", "roles": ("client", "server"), "rack": None, "pool": "default"}
    return Host(name=name, **{**given, "host_key": None, "volumes": (), **changes})


def fine(name: str, **changes: Any) -> HostFacts:
    return HostFacts(**{"name": name, "reach": "reached", "user": "admin", "root": True, **changes})


def codes(facts: HostFacts, *, seen: bool = False) -> list[str]:
    known = frozenset({"n1"}) if seen else frozenset()
    return [each.code for each in obstacles([host("n1")], [facts], SSH, "shop-factory", known)]


def test_a_fresh_host_and_one_of_this_cluster_are_fine() -> None:
    assert codes(fine("n1")) == codes(fine("n1", cluster="shop-factory")) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (HostFacts("n1", "unreachable", "timed out"), "HS462"),
        (HostFacts("n1", "refused", "publickey"), "HS464"),
        (HostFacts("n1", "host_key_unknown"), "HS465"),
        (HostFacts("n1", "host_key_changed"), "HS466"),
        (fine("n1", root=False), "HS467"),
        (fine("n1", cluster="till-north"), "HS468"),
    ],
)
def test_each_obstacle_has_its_own_words(facts: HostFacts, code: str) -> None:
    assert codes(facts) == [code]


def test_a_changed_key_is_mended_where_it_is_written() -> None:
    changed, elsewhere = HostFacts("n1", "host_key_changed"), replace(SSH, port=2222)
    for named, way in (
        (None, "`ssh-keygen -R '[10.0.0.11]:2222'`"),
        ("ssh-ed25519 AAAA", "hosts.n1.host_key"),
    ):
        (problem,) = obstacles(
            [replace(host("n1"), address="10.0.0.11", host_key=named)], [changed], elsewhere, "", frozenset()
        )
        assert way in (problem.hint or "")


def test_a_host_that_was_there_before_may_be_away() -> None:
    problem = obstacles(
        [host("n1")], [HostFacts("n1", "unreachable")], SSH, "shop-factory", frozenset({"n1"})
    )
    assert [(each.code, each.severity) for each in problem] == [("HS463", "warning")]


def test_obstacles_of_all_hosts_are_shown_together() -> None:
    facts = [HostFacts("n1", "refused"), fine("n2"), HostFacts("n3", "host_key_unknown")]
    found = obstacles([host("n1"), host("n2"), host("n3")], facts, SSH, "shop-factory", frozenset())
    assert [each.path for each in found] == ["hosts.n1", "hosts.n3.host_key"]


def test_facts_are_read_from_lines() -> None:
    out = "user=admin\nsudo=yes\ncluster=shop-factory\nhost_key=ssh-ed25519 AAAA\nhost_key=ssh-rsa BBBB=\nmotd\n"
    facts = read_facts("n1", "reached", out, "")
    assert facts == fine("n1", cluster="shop-factory", host_keys=("ssh-ed25519 AAAA", "ssh-rsa BBBB="))
    assert read_facts("n1", "refused", "sudo=yes", "no").root is False


THREE = tuple(Member(name, server=True, alive=True) for name in ("n1", "n2", "n3"))


def test_who_is_not_described_leaves_and_who_is_empty_is_replaced() -> None:
    facts = [fine("n1", cluster="shop-factory"), fine("n2")]
    parting = departures([host("n1"), host("n2")], facts, THREE)
    assert parting == Departures(leaving=(THREE[2],), replaced=(THREE[1],))


def test_a_host_that_is_away_is_not_taken_for_a_new_one() -> None:
    facts = [
        fine("n1", cluster="shop-factory"),
        HostFacts("n2", "unreachable"),
        fine("n3", cluster="shop-factory"),
    ]
    assert departures([host(n) for n in ("n1", "n2", "n3")], facts, THREE) == Departures((), ())


def test_a_majority_of_the_servers_must_stay() -> None:
    assert risk(Departures(THREE[:1], ()), THREE) == ()
    assert [each.code for each in risk(Departures(THREE[:1], THREE[1:2]), THREE)] == ["HS472"]
    one_dead = (*THREE[:2], Member("n3", server=True, alive=False))
    assert [each.code for each in risk(Departures(THREE[:1], ()), one_dead)] == ["HS472"]
    assert risk(Departures(one_dead[2:], ()), one_dead) == ()


def test_clients_may_leave_in_any_number() -> None:
    clients = tuple(Member(f"c{n}", server=False, alive=True) for n in range(5))
    assert risk(Departures(clients, ()), (*THREE, *clients)) == ()


def test_terraform_gets_all_keys_and_a_host_that_is_away_keeps_its_own() -> None:
    facts = [fine("n1", host_keys=("ssh-ed25519 A", "ecdsa-sha2-nistp256 B")), HostFacts("n2", "unreachable")]
    hosts = [host("n1"), host("n2"), host("n3", host_key="ssh-ed25519 D")]
    found = host_keys(hosts, facts, {"n2": ["ssh-ed25519 C"]})
    assert found == {
        "n1": ("ecdsa-sha2-nistp256 B", "ssh-ed25519 A"),
        "n2": ("ssh-ed25519 C",),
        "n3": ("ssh-ed25519 D",),
    }


def test_what_terraform_takes_for_done_is_done_again() -> None:
    facts = [
        fine("n1", cluster="shop-factory"),
        fine("n2", cluster="shop-factory", agents=False),
        fine("n3", agents=False),
        HostFacts("n4", "unreachable"),
    ]
    again = to_do_again(facts)
    assert again == ("terraform_data.install_n3", "terraform_data.agent_n3", "terraform_data.agent_n2")


def test_a_host_that_terraform_would_clear_is_one_that_is_not_listed_any_more() -> None:
    known = ['terraform_data.member["n1"]', 'terraform_data.member["n3"]', "terraform_data.install_n2"]
    assert unlisted([host("n1")], known) == ("n3",)
    assert unlisted([host("n1"), host("n3")], known) == ()


def test_only_clients_that_were_reached_are_waited_for() -> None:
    hosts = [host("n1"), host("n2", roles=("server",)), host("n3")]
    facts = [fine("n1"), fine("n2"), HostFacts("n3", "unreachable")]
    assert clients(hosts, facts) == {"n1"}


def test_what_is_pushed_depends_on_the_machines() -> None:
    facts = [
        fine("n1", architecture="arm64"),
        fine("n2", architecture="amd64"),
        HostFacts("n3", "unreachable"),
    ]
    software = Software("1.11.3", "1.22.7", "push", "https://releases.example.com", None, ())
    assert uploads(software, facts) == (
        "consul_1.22.7_linux_amd64.zip",
        "consul_1.22.7_linux_arm64.zip",
        "nomad_1.11.3_linux_amd64.zip",
        "nomad_1.11.3_linux_arm64.zip",
    )
    assert uploads(replace(software, source="releases"), facts) == ()
