"""What the doctor, an upgrade and a restore ask Consul and Nomad, held against answers of their form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hashistack.backends.endpoint import Endpoint
from hashistack.backends.fleet import Apis, Fleet
from hashistack.backends.instances import Instances
from hashistack.backends.snapshots import Snapshots
from hashistack.backends.vitals import Vitals
from hashistack.plan.actual import Json
from hashistack.plan.checkup import Failing, Machine, Peer
from hashistack.plan.restorer import Claim
from hashistack.plan.upgrade import Running
from tests.backends.answers import Answers, Turns, answering
from tests.unit.plan.test_upgrade import THREE


@pytest.fixture
def consul() -> Iterator[Answers]:
    with answering() as told:
        yield told


@pytest.fixture
def nomad() -> Iterator[Answers]:
    with answering() as told:
        yield told


def health(*names: str, suffix: str = "", leader: str = "", sick: str = "") -> dict[str, Any]:
    servers = [
        {
            "ID": f"id-{name}",
            "Name": f"{name}{suffix}",
            "Voter": True,
            "Healthy": name != sick,
            "Version": "1.22.7",
            "Leader": name == leader,
        }
        for name in names
    ]
    return {"Healthy": not sick, "Servers": servers}


def node(name: str, **changes: Any) -> dict[str, Any]:
    ready = {
        "ID": f"node-{name}",
        "Name": name,
        "Status": "ready",
        "SchedulingEligibility": "eligible",
        "Drain": False,
        "Version": "1.11.4",
        "Drivers": {"docker": {"Healthy": True}},
    }
    return {**ready, **changes}


# --- the doctor


def test_servers_tell_of_each_other_even_when_one_is_sick(consul: Answers, nomad: Answers) -> None:
    consul.given = {
        "status/leader": "10.0.0.1:8300",
        "operator/autopilot/health": (429, health("n1", "n2", sick="n2")),
        "acl/token/self": {"ExpirationTime": "2026-12-01T10:00:00.123456789Z"},
    }
    nomad.given = {
        "status/leader": '"10.0.0.1:4647"',
        "operator/autopilot/health": health("n1", suffix=".global"),
        "acl/token/self": (400, "ACL support disabled"),
    }
    first, second = Vitals(consul.endpoint("Consul"), nomad.endpoint("Nomad")).products()
    assert first.leader
    assert first.peers == (Peer("n1", True, True, "1.22.7"), Peer("n2", True, False, "1.22.7"))
    assert first.token_expires == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert [peer.name for peer in second.peers] == ["n1"], "Nomad adds its region to the name"
    assert second.token_expires is None


def test_no_leader_is_no_reason_to_fail(consul: Answers, nomad: Answers) -> None:
    for told in (consul, nomad):
        told.given = {
            "status/leader": '""',
            "operator/autopilot/health": (500, "No cluster leader"),
            "acl/token/self": (500, "No cluster leader"),
        }
    products = Vitals(consul.endpoint("Consul"), nomad.endpoint("Nomad")).products()
    assert [(product.problem, product.leader) for product in products] == [("", False)] * 2


def test_silence_is_a_problem_and_no_crash() -> None:
    nowhere = Vitals(Endpoint("Consul", "http://127.0.0.1:1"), Endpoint("Nomad", "http://127.0.0.1:1"))
    assert all("does not answer" in product.problem for product in nowhere.products())
    assert nowhere.machines() == ()
    assert nowhere.failing() == ()
    assert nowhere.orphans() == ()


def test_machines_and_failing_checks(consul: Answers, nomad: Answers) -> None:
    nomad.given = {"nodes": [node("n1"), node("n2", Status="down", Drivers=None)]}
    check = {
        "Node": "n1",
        "ServiceName": "shop-web",
        "Name": "/health",
        "Status": "critical",
        "Output": "500",
    }
    consul.given = {"health/state/critical": [check], "health/state/warning": []}
    vitals = Vitals(consul.endpoint("Consul"), nomad.endpoint("Nomad"))
    assert vitals.machines() == (
        Machine("n1", "ready", True, False, True),
        Machine("n2", "down", True, False, False),
    )
    assert vitals.failing() == (Failing("n1", "shop-web", "/health", "critical", "500"),)


def test_a_token_is_an_orphan_when_nothing_of_its_name_runs(consul: Answers, nomad: Answers) -> None:
    def token(owner: str) -> dict[str, str]:
        return {"Description": f'token created via login: {{"requested_by":"nomad_{owner}"}}'}

    consul.given = {
        "acl/tokens": [
            token("task_web"),
            token("task_old"),
            token("service_shop-web"),
            {"Description": "mine"},
        ],
        "catalog/services": {"shop-web": []},
    }
    nomad.given = {
        "allocations": [
            {"ClientStatus": "running", "TaskStates": {"web": {}}},
            {"ClientStatus": "complete", "TaskStates": {"old": {}}},
        ]
    }
    assert Vitals(consul.endpoint("Consul"), nomad.endpoint("Nomad")).orphans() == ("old",)


# --- an upgrade


def fleet(consul: Answers, nomad: Answers) -> Fleet:
    apis = Apis(consul.endpoint("Consul"), nomad.endpoint("Nomad"))
    return Fleet(THREE, lambda: apis, lambda hosts: None)


def members(consul: Answers, nomad: Answers, *, server: str = "1.11.4", client: str = "1.11.4") -> None:
    names = ("n1", "n2", "n3")
    consul.given = {
        "agent/members": [{"Name": name, "Status": 1, "Tags": {"build": "1.22.7:abc"}} for name in names],
        "operator/autopilot/health": health(*names, leader="n2"),
    }
    nomad.given = {
        "agent/members": {
            "Members": [
                {"Name": f"{name}.global", "Status": "alive", "Tags": {"build": server}} for name in names
            ]
        },
        "nodes": [node(name, Version=client) for name in names],
        "operator/autopilot/health": health(*names, suffix=".global", leader="n3"),
    }


def test_a_host_runs_the_older_of_what_its_two_halves_say(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad, server="1.11.4", client="1.11.3")
    assert fleet(consul, nomad).running()[0] == Running("n1", "1.22.7", "1.11.3")


def test_leaders_by_product(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad)
    assert fleet(consul, nomad).leaders() == {"Consul": "n2", "Nomad": "n3"}


def test_leadership_is_handed_over_by_the_servers_id(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad)
    fleet(consul, nomad).lead("Consul", "n2")
    fleet(consul, nomad).lead("Nomad", "n3")
    assert consul.changes == [("POST", "operator/raft/transfer-leader?id=id-n2", None)]
    assert nomad.changes == [("PUT", "operator/raft/transfer-leadership?id=id-n3", None)]


def test_a_healthy_host_has_no_complaints(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad)
    assert fleet(consul, nomad).complaints("n1") == ()
    assert fleet(consul, nomad).unwell() == ()


def test_complaints_name_the_version_and_the_state(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad, client="1.11.3")
    nomad.given["nodes"][0]["Status"] = "down"
    old = "Nomad is 1.11.3 and not 1.11.4"
    assert fleet(consul, nomad).complaints("n2") == (old,)
    assert fleet(consul, nomad).complaints("n1") == (old, "Nomad calls it down")


def test_a_sick_server_makes_the_cluster_unwell(consul: Answers, nomad: Answers) -> None:
    members(consul, nomad)
    consul.given["operator/autopilot/health"] = (429, health("n1", "n2", sick="n2"))
    assert fleet(consul, nomad).unwell() == ("Consul: server n2 is not healthy",)


# --- a restore


def allocation(identity: str, job: str, desired: str = "run", client: str = "running", **more: Any) -> Json:
    return {
        "ID": identity,
        "JobID": job,
        "TaskGroup": "web",
        "Name": f"{job}.web[0]",
        "NodeID": "n1",
        "DesiredStatus": desired,
        "ClientStatus": client,
        "CreateIndex": 7,
        **more,
    }


STATES = {
    "web": {"State": "running", "Failed": False, "StartedAt": "2026-11-23T13:20:16Z"},
    "worse": {"State": "dead", "Failed": True, "StartedAt": "2026-11-23T13:20:16Z"},
    "wait": {"State": "dead", "Failed": False, "StartedAt": "2026-11-23T13:20:16Z"},
}


def test_what_is_to_run_is_claimed_with_the_place_that_it_takes(nomad: Answers) -> None:
    nomad.given = {
        "jobs": [{"ID": "shop", "Type": "service"}, {"ID": "ingress", "Type": "system"}],
        "allocations": [
            allocation("a", "shop", TaskStates=STATES),
            allocation("b", "ingress", TaskStates=None),
            allocation("c", "shop", desired="stop"),
            allocation("d", "shop", client="complete"),
            allocation("e", "shop", client="pending", CreateIndex=9),
            allocation("f", "shop", DeploymentStatus={"Canary": True}),
        ],
    }
    claimed = Instances(nomad.endpoint("Nomad")).claimed()
    assert claimed == (
        Claim("e", "shop", "web", False, "shop.web[0]", begun=False),
        Claim("a", "shop", "web", False, "shop.web[0]", tasks=("wait", "web", "worse"), done=("wait",)),
        Claim("b", "ingress", "web", True, "ingress.web[0] n1"),
        Claim("f", "shop", "web", False, "shop.web[0] canary"),
    )


UNKNOWN, ENDED, AWAY = (500, "Unknown allocation a"), (500, "Task not running"), (404, "No path to node")


@pytest.mark.parametrize(
    ("answers", "lives"),
    [
        ([{}], True),
        ([ENDED, {}], True),  # what had to be done first is done
        ([AWAY, {}], True),
        ([UNKNOWN, UNKNOWN], False),
        ([ENDED, ENDED], False),
        ([AWAY, AWAY], None),  # it is for Nomad to find out that a machine is gone
        ([ENDED, AWAY], None),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_an_instance_lives_as_long_as_one_of_its_tasks_takes_a_signal(
    nomad: Answers, answers: list[Any], lives: bool | None, told: bool
) -> None:
    """Also where the servers have not heard of its tasks: they know which it is to have."""
    group = {"Name": "web", "Tasks": [{"Name": "wait"}, {"Name": "web"}]}
    others = {"Name": "other", "Tasks": [{"Name": "none"}]}
    nomad.given = {
        "PUT client/allocation/a/signal": Turns(answers),
        "allocation/a": {"Job": {"TaskGroups": [others, group]}},
    }
    claim = Claim("a", "shop", "web", False, "shop.web[0]", tasks=("wait", "web") if told else ())
    assert Instances(nomad.endpoint("Nomad")).lives(claim) is lives
    asked = [body for _, _, body in nomad.changes]
    assert asked == [{"Task": task, "Signal": "SIGCONT"} for task in ("wait", "web")[: len(answers)]]


FOLDER = [".wait.stdout.fifo", "web.stdout.0", "web.stderr.0"]


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        ([*FOLDER, "wait.stderr.3"], False),
        (FOLDER, True),
        ([], True),
        ((500, "Unknown allocation a"), False),  # it does not live, and is replaced for that
        ((404, "No path to node"), False),
    ],
)
def test_an_instance_has_lost_its_folder_where_it_lacks_what_a_task_said_that_is_done(
    nomad: Answers, answer: Any, lost: bool
) -> None:
    files = [{"Name": name} for name in answer] if isinstance(answer, list) else answer
    nomad.given = {"client/fs/ls/a": files}
    claim = Claim("a", "shop", "web", False, "shop.web[0]", tasks=("wait", "web"), done=("wait",))
    instances = Instances(nomad.endpoint("Nomad"))
    assert instances.lost_folder(claim) is lost
    assert not instances.lost_folder(replace(claim, done=()))


def test_machines_are_heard_when_all_that_are_ready_answer(nomad: Answers) -> None:
    nomad.given = {
        "nodes": [{"ID": "a", "Status": "ready"}, {"ID": "b", "Status": "down"}],
        "client/stats": (404, "No path to node"),
    }
    instances = Instances(nomad.endpoint("Nomad"))
    assert not instances.are_heard()
    instances.forget_the_ended()
    nomad.given["client/stats"] = {"Uptime": 1}
    assert instances.are_heard()


def test_nomad_looks_at_the_jobs_that_are_to_run(nomad: Answers) -> None:
    kinds = {"shop": "service", "ingress": "system", "shop-release": "batch"}
    jobs = [{"ID": job, "Type": kind, "Stop": False} for job, kind in kinds.items()]
    nomad.given = {"jobs": [*jobs, {"ID": "old", "Type": "service", "Stop": True}]}
    Instances(nomad.endpoint("Nomad")).place_what_lacks()
    assert [path for _, path, _ in nomad.changes] == ["job/shop/evaluate", "job/ingress/evaluate"]


def test_what_runs_everywhere_is_placed_again_only_when_asked_for(nomad: Answers) -> None:
    instances = Instances(nomad.endpoint("Nomad"))
    instances.replace(Claim("a", "shop", "web", False, "shop.web[0]"))
    instances.replace(Claim("b", "ingress", "traefik", True, "ingress.traefik[0] n1"))
    assert [path for _, path, _ in nomad.changes] == [
        "allocation/a/stop",
        "allocation/b/stop",
        "job/ingress/evaluate",
    ]


def test_machines_with_another_identity_are_forgotten(consul: Answers, nomad: Answers) -> None:
    consul.given = {
        "agent/members": [{"Name": "n1", "Tags": {"id": "new"}}, {"Name": "n2", "Tags": {"id": "same"}}],
        "catalog/nodes": [
            {"Node": "n1", "ID": "old"},
            {"Node": "n2", "ID": "same"},
            {"Node": "db", "ID": "x"},
        ],
    }
    Snapshots(consul.endpoint("Consul"), nomad.endpoint("Nomad")).forget_strangers()
    assert consul.changes == [("PUT", "catalog/deregister", {"Node": "n1"})]


def test_we_are_answered_when_both_products_let_us_in(consul: Answers, nomad: Answers) -> None:
    consul.given = {"agent/self": {"Config": {}}}
    nomad.given = {"agent/self": (403, "Permission denied")}
    snapshots = Snapshots(consul.endpoint("Consul"), nomad.endpoint("Nomad"))
    assert not snapshots.answer_us()
    nomad.given = {"agent/self": {"config": {}}}
    assert snapshots.answer_us()


def test_a_token_means_something_unless_it_is_refused(consul: Answers, nomad: Answers) -> None:
    consul.given = {"acl/token/self": (403, "ACL not found")}
    nomad.given = {"acl/token/self": (400, "ACL support disabled")}
    snapshots = Snapshots(consul.endpoint("Consul"), nomad.endpoint("Nomad"))
    assert not snapshots.knows_us("Consul")
    assert snapshots.knows_us("Nomad")
