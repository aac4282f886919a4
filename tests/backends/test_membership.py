"""Who belongs to a cluster, and when one of them may be forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hashistack.backends.membership import Membership
from hashistack.plan.hosts import Member
from tests.backends.answers import Answers, answering


@pytest.fixture
def consul() -> Iterator[Answers]:
    with answering() as answers:
        yield answers


@pytest.fixture
def nomad() -> Iterator[Answers]:
    with answering() as answers:
        yield answers


@pytest.fixture
def membership(consul: Answers, nomad: Answers) -> Membership:
    consul.given["agent/members"] = [
        {"Name": "n1", "Status": 1, "Tags": {"role": "consul"}},
        {"Name": "n2", "Status": 4, "Tags": {"role": "consul"}},
        {"Name": "n3", "Status": 3, "Tags": {"role": "node"}},
    ]
    nomad.given["agent/members"] = {"Members": [{"Name": "n2.global", "Status": "failed"}]}
    nomad.given["nodes"] = [{"Name": "n2", "ID": "id-of-n2"}, {"Name": "n1", "ID": "id-of-n1"}]
    peers = {"Servers": [{"ID": "raft-2", "Node": "n2.global"}, {"ID": "raft-1", "Node": "n1.global"}]}
    nomad.given["operator/raft/configuration"] = peers
    consul.given["operator/raft/configuration"] = {"Servers": []}
    return Membership(consul.endpoint("Consul"), nomad.endpoint("Nomad"))


def test_members_are_those_that_have_not_left(membership: Membership) -> None:
    assert membership.members() == (
        Member("n1", server=True, alive=True),
        Member("n2", server=True, alive=False),
    )


def test_a_machine_is_forgotten_everywhere_and_no_other_is(
    membership: Membership, consul: Answers, nomad: Answers
) -> None:
    membership.forget("n2")
    changed = [(method, path) for method, path, _ in (*nomad.changes, *consul.changes)]
    assert ("PUT", "node/id-of-n2/purge") in changed
    assert ("DELETE", "operator/raft/peer?id=raft-2") in changed
    assert ("PUT", "catalog/deregister") in changed
    assert not any("n1" in path for _, path in changed)


def test_it_is_forgotten_only_when_gossip_has_noticed_that_it_is_gone(
    membership: Membership, nomad: Answers
) -> None:
    nomad.given["agent/members"] = {"Members": [{"Name": "n2.global", "Status": "alive"}]}
    work = threading.Thread(target=membership.forget, args=("n2",))
    work.start()
    time.sleep(0.8)
    assert nomad.changes == []
    nomad.given["agent/members"] = {"Members": [{"Name": "n2.global", "Status": "failed"}]}
    work.join(timeout=20)
    assert nomad.changes
