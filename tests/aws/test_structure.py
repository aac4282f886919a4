"""Tier 1: what must hold in every stack, read from the rendered files without Terraform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.aws import matrix

WORLD = '"0.0.0.0/0"'
# Gone or replaced in version 6 of the provider: its upgrade guide, and the deprecations of 5.100.
GONE = re.compile(
    r"\b(aws_region\.\w+\.name|inline_policy|managed_policy_arns|elastic_gpu_specifications|log_group_name"
    r"|elastic_inference_accelerator|cpu_core_count|cpu_threads_per_core|vpc *= *true)\b"
)

# docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html: letters, digits and these, not so `'`.
DESCRIPTION = re.compile(r"[A-Za-z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


@pytest.fixture(scope="module", params=matrix.CASES)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Terraform of one stack of the matrix."""
    case: str = request.param
    return matrix.rendered(case, tmp_path_factory.mktemp(case))


def test_only_load_balancers_are_reached_from_the_internet(stack: Path) -> None:
    rules = _resources(stack / "security.tf", "aws_vpc_security_group_ingress_rule")
    open_to_all = {name for name, rule in rules if rule.get("cidr_ipv4") == WORLD}
    assert open_to_all <= {'"external"', '"tcp"'}
    elsewhere = [file.name for file in stack.glob("*.tf") if WORLD in file.read_text()]
    assert set(elsewhere) <= {"network.tf", "security.tf", "bastion.tf"}  # routes, doors, a bastion's way out


def test_every_group_of_a_balancer_may_only_reach_the_nodes(stack: Path) -> None:
    rules = _resources(stack / "security.tf", "aws_vpc_security_group_egress_rule")
    targets = {name: rule.get("referenced_security_group_id") for name, rule in rules if name != '"nodes"'}
    assert set(targets.values()) <= {"${aws_security_group.nodes.id}"}


def test_ec2_takes_the_description_of_every_rule(stack: Path) -> None:
    text = "\n".join(file.read_text() for file in stack.glob("*.tf"))
    rules = re.findall(r'^resource "aws_(?:vpc_)?security_group\w*" .*?^}', text, re.MULTILINE | re.DOTALL)
    said = [each for rule in rules for each in re.findall(r'^  description += "(.*)"$', rule, re.MULTILINE)]
    assert len(said) >= len(rules) - 1 > 0  # the default group has none
    assert [each for each in said if not DESCRIPTION.fullmatch(each)] == []


def test_no_load_balancer_on_the_internet_is_made_before_the_gateway(stack: Path) -> None:
    file = stack / "loadbalancers.tf"
    balancers = dict(_resources(file, "aws_lb")) if file.exists() else {}
    public = [each["depends_on"] for each in balancers.values() if each["internal"] is False]
    assert all("${aws_internet_gateway.main}" in needed for needed in public), public


def test_nothing_is_used_that_the_next_provider_lacks(stack: Path) -> None:
    found = {file.name: GONE.findall(file.read_text()) for file in stack.glob("*.tf")}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_module_and_no_second_provider_is_downloaded(stack: Path) -> None:
    text = "\n".join(file.read_text() for file in stack.glob("*.tf"))
    assert not re.search(r"^module ", text, re.MULTILINE)
    assert set(re.findall(r'^(?:resource|data) "([a-z0-9]+)_', text, re.MULTILINE)) <= {"aws", "terraform"}


def _resources(file: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and bodies of the resources of a kind; the parser keeps the quotes of texts."""
    with file.open() as stream:
        parsed = hcl2.load(stream)
    for resource in parsed["resource"]:
        yield from resource.get(f'"{kind}"', {}).items()
