"""Which hosts are upgraded, in which order, and what is never done."""

from __future__ import annotations

from dataclasses import replace

import yaml

from hashistack import pipeline
from hashistack.model import Stack
from hashistack.plan.upgrade import Admit, Empty, Install, Lead, Running, plan_upgrade

ALL = ("server", "client", "ingress")


def stack(hosts: dict[str, tuple[str, ...]]) -> Stack:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHN1vbl7/M7+I6jfjdz3DRjH9xATyVq5Eo74quCjLITC"
    made = {
        name: {"address": f"192.0.2.{number}", "roles": list(roles), "host_key": key}
        for number, (name, roles) in enumerate(hosts.items(), 11)
    }
    descriptor = {
        "app": "shop",
        "image": "example/shop",
        "processes": {"web": {"command": "./web"}},
        "environments": {"factory": {"target": "onprem", "ssh": {"user": "admin"}, "hosts": made}},
    }
    found = pipeline.load(yaml.safe_dump(descriptor), "hashistack.yaml").stacks[0]
    software = found.environment.software
    assert software is not None
    wanted = replace(software, consul="1.22.7", nomad="1.11.4")
    return replace(found, environment=replace(found.environment, software=wanted))


def running(names: str, nomad: str = "1.11.3") -> list[Running]:
    return [Running(name, "1.22.7", nomad) for name in names.split()]


THREE = stack(dict.fromkeys(("n1", "n2", "n3"), ALL))
LED_BY_N1 = {"Consul": "n1", "Nomad": "n1"}


def test_nothing_to_do_where_every_host_runs_what_it_should() -> None:
    assert plan_upgrade(THREE, running("n1 n2 n3", "1.11.4"), LED_BY_N1).steps == ()


def test_servers_go_one_at_a_time_by_name_and_the_leader_never_stops() -> None:
    plan = plan_upgrade(THREE, running("n1 n2 n3"), LED_BY_N1)
    assert plan.hosts == ("n1", "n2", "n3")
    assert all(len(step.hosts) == 1 for step in plan.steps if isinstance(step, Install))
    leading = dict(LED_BY_N1)
    for step in plan.steps:
        if isinstance(step, Lead):
            leading[step.product] = step.host
        if isinstance(step, Install):
            assert not set(step.hosts) & set(leading.values())


def test_leadership_moves_to_the_last_server_and_from_there_to_one_that_is_done() -> None:
    moves = [
        step for step in plan_upgrade(THREE, running("n1 n2 n3"), LED_BY_N1).steps if isinstance(step, Lead)
    ]
    assert moves == [Lead("Consul", "n3"), Lead("Nomad", "n3"), Lead("Consul", "n1"), Lead("Nomad", "n1")]


def test_each_machine_is_emptied_before_and_admitted_after() -> None:
    steps = [
        step for step in plan_upgrade(THREE, running("n1 n2 n3"), {}).steps if not isinstance(step, Lead)
    ]
    assert steps[:3] == [Empty("n1"), Install(("n1",)), Admit("n1")]


def test_an_interrupted_upgrade_goes_on_with_what_is_left() -> None:
    half = [*running("n1", "1.11.4"), *running("n2 n3")]
    assert plan_upgrade(THREE, half, {}).hosts == ("n2", "n3")


def test_a_host_that_does_not_tell_its_version_is_not_left_out() -> None:
    silent = [*running("n1 n2", "1.11.4"), Running("n3", "", "")]
    assert plan_upgrade(THREE, silent, {}).hosts == ("n3",)


def test_other_machines_follow_a_quarter_at_a_time() -> None:
    clients = {f"c{number}": ("client",) for number in range(8)}
    site = stack({"n1": ("server",), "n2": ("server",), "n3": ("server",), **clients})
    plan = plan_upgrade(site, running("n1 n2 n3 " + " ".join(clients)), {})
    batches = [step.hosts for step in plan.steps if isinstance(step, Install)]
    assert batches == [("n1",), ("n2",), ("n3",), ("c0", "c1"), ("c2", "c3"), ("c4", "c5"), ("c6", "c7")]
    assert Empty("n1") not in plan.steps, "a server that runs no instances"


def test_few_machines_go_one_at_a_time() -> None:
    site = stack({"n1": ("server",), "c1": ("client",), "c2": ("client",)})
    plan = plan_upgrade(site, running("n1 c1 c2"), {})
    assert [step.hosts for step in plan.steps if isinstance(step, Install)] == [("n1",), ("c1",), ("c2",)]


def test_the_only_machine_is_not_emptied_for_there_is_nowhere_to_go() -> None:
    plan = plan_upgrade(stack({"n1": ALL}), running("n1"), LED_BY_N1)
    assert plan.steps == (Install(("n1",)),)


def test_an_older_version_is_refused_host_by_host() -> None:
    plan = plan_upgrade(THREE, [*running("n1 n2"), *running("n3", "2.0.1")], {})
    assert [problem.code for problem in plan.refusals] == ["HS438"]
    assert "n3" in plan.refusals[0].summary


def test_a_leap_over_a_minor_version_is_warned_of() -> None:
    assert [each.code for each in plan_upgrade(THREE, running("n1 n2 n3", "1.9.7"), {}).warnings] == ["HS439"]
    assert plan_upgrade(THREE, running("n1 n2 n3", "1.10.5"), {}).warnings == ()
