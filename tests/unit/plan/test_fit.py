"""Whether the processes find room on the clients."""

from __future__ import annotations

import re
from pathlib import Path

from hashistack import pipeline
from hashistack.diagnostics import Diagnostic
from hashistack.model import Stack
from hashistack.plan.fit import AGENTS, INGRESS, Fit, fit, warnings

ROOT = Path(__file__).parents[3]


def stack(clients: str, web: str = "cpu: 500, memory: 512", more: str = "") -> Stack:
    text = f"""\
app: shop
image: registry.example.com/shop:v1
release: migrate
processes:
  web: {{command: serve, port: 8000, routes: [shop.example.com], {web}}}
{more}
environments:
  production:
    target: aws
    region: eu-west-1
    domain: example.com
    clients: {clients}
"""
    return pipeline.load(text, "hashistack.yaml").stacks[0]


def found(*described: str) -> Fit:
    result = fit(stack(*described))
    assert result is not None
    return result


def the_warning(*described: str) -> Diagnostic:
    (warning,) = warnings(stack(*described))
    return warning


def test_what_the_machines_have_without_the_agents_and_the_ingress() -> None:
    least = found("{min: 2, max: 4, types: [m7g.large]}").least
    assert least.clients == 2
    assert least.cpu == 2 * (2 * 2600 - AGENTS[0] - INGRESS[0])
    assert least.memory == 2 * (int(8192 * 0.95) - AGENTS[1] - INGRESS[1])


def test_the_ingress_asks_for_what_its_job_says() -> None:
    text = (ROOT / "templates" / "ingress.nomad.hcl.j2").read_text()
    asked = re.search(r"resources \{\n\s+cpu = (\d+)\n\s+memory = (\d+)", text)
    assert asked
    assert (int(asked[1]), int(asked[2])) == INGRESS


def test_a_deploy_runs_one_more_and_the_release_step() -> None:
    least = found("{min: 2, max: 2, types: [m7g.large]}").least
    assert (least.cpu_asked, least.memory_asked) == (2 * 500 + 200, 2 * 512 + 512)


def test_stand_ins_need_room_and_managed_services_none() -> None:
    service = "backing_services: {cache: {type: redis}}"
    clients = "{min: 2, max: 2, types: [m7g.large]}"
    before = found(clients).least.memory_asked
    assert found(clients, "cpu: 500, memory: 512", service).least.memory_asked == before + 256


def test_it_fits() -> None:
    assert warnings(stack("{min: 2, max: 4, types: [m7g.large]}")) == ()


def test_too_few_machines_and_how_many_would_do() -> None:
    warning = the_warning(
        "{min: 1, max: 10, types: [t4g.medium]}", "cpu: 500, memory: 1024, scale: {min: 4, max: 5}"
    )
    assert (warning.code, warning.path) == ("HS671", "environments.production.clients.min")
    assert "have room for 3 of 5 instances of processes.web" in warning.summary
    assert warning.hint.startswith("`clients: {min: 2}`")


def test_too_few_machines_when_there_are_most_of_everything() -> None:
    warning = the_warning(
        "{min: 2, max: 2, types: [t4g.medium]}", "cpu: 500, memory: 1024, scale: {min: 1, max: 9}"
    )
    assert (warning.code, warning.path) == ("HS672", "environments.production.clients.max")
    assert warning.hint.startswith("`clients: {max: 4}`")


def test_a_process_that_is_greater_than_any_machine() -> None:
    warning = the_warning("{min: 2, max: 4, types: [m7g.large]}", "cpu: 500, memory: 12000")
    assert warning.code == "HS670"
    assert "`clients: {types: [m7g.xlarge]}`" in warning.hint


def test_the_smallest_of_several_types_counts() -> None:
    assert found("{min: 2, max: 4, types: [m7g.xlarge, m7g.large]}").kind == "m7g.large"


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert fit(stack("{min: 2, max: 4, types: [x2gd.large]}")) is None
    assert warnings(stack("{min: 2, max: 4, types: [x2gd.large]}")) == ()
