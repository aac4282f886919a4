"""How `up` lets Terraform work in AWS: nothing before somebody agrees, and nothing half-made without being listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hashistack.backends import aws_tunnel
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, ConflictError, DeployError, Exit, HashistackError
from hashistack.plan.progress import Event, Kept, Warned
from hashistack.targets import Site, aws, aws_by_hand, upkeep
from hashistack.targets import aws_upkeep as upkeep_of_aws
from hashistack.targets.aws_clearing import cleared, losses
from hashistack.targets.aws_ground import Ground, complete_credentials, survey
from tests.backends.aws import PREFIX, servers, stack
from tests.bed.moto import Moto

pytestmark = pytest.mark.usefixtures("terraform")

GOOD = 'resource "terraform_data" "good" {\n  input = "1"\n}\n'
BAD = """resource "terraform_data" "bad" {
  depends_on = [terraform_data.good]
  provisioner "local-exec" {
    command = "exit 1"
  }
}
"""


@dataclass
class Account:
    """A site whose Terraform is a small one, and who agrees to it."""

    moto: Moto
    home: Path
    agrees: bool = True
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def site(self) -> Site:
        environ = {**os.environ, "XDG_STATE_HOME": str(self.home / "home")}
        made = Site(stack(), environ, self.home, self.home / "stack", self.events.append)
        return replace(made, approve=self._approve)

    @property
    def ground(self) -> Ground:
        return survey(self.site.stack, self.site.environ, self.events.append)

    def write(self, text: str) -> None:
        self.site.terraform.mkdir(parents=True, exist_ok=True)
        (self.site.terraform / "main.tf").write_text(text)

    def apply(self) -> Credentials:
        credentials = complete_credentials(self.ground)
        aws.apply(self.ground, self.site, credentials)
        return credentials

    def parameters(self) -> set[str]:
        return set(self.ground.store.read_below(""))

    def _approve(self, plan: Mapping[str, Any]) -> bool:
        self.asked.append(plan)
        return self.agrees


@pytest.fixture
def account(running: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in running.environ.items():
        monkeypatch.setenv(name, value)
    made = Account(running, tmp_path)
    yield made
    made.ground.store.remove_below()


def test_nothing_happens_before_somebody_agrees(account: Account) -> None:
    account.write(GOOD)
    account.agrees = False
    with pytest.raises(HashistackError, match="nothing was changed"):
        account.apply()
    (plan,) = account.asked
    assert [each["address"] for each in plan["resource_changes"]] == ["terraform_data.good"]
    assert account.parameters() == set()
    assert not (account.ground.folder.path / "terraform.plan").exists()
    assert not (account.site.terraform / "terraform.tfstate").exists()


def test_no_keys_are_given_to_another_account(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_tunnel, "PROGRAMS", ())
    foreign = replace(account.site, stack=stack('account: "999999999999"'))
    for step in (aws_by_hand.bootstrapped, aws_by_hand.reach):
        with pytest.raises(BackendError, match="these credentials are of account"):
            step(foreign)
    assert account.parameters() == set()


def test_what_leads_to_servers_is_looked_for_first(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.moto.client("route53").create_hosted_zone(Name="shop.example.com", CallerReference="plugin")
    monkeypatch.setattr(aws_tunnel, "PROGRAMS", ("no-such-plugin",))
    for step in (aws_by_hand.bootstrapped, lambda site: aws.raised(site).__enter__()):
        with pytest.raises(BackendError, match="no-such-plugin is not on PATH"):
            step(account.site)
    assert account.parameters() == set()
    assert not account.asked


@pytest.mark.parametrize("step", [upkeep.examine, upkeep_of_aws.planned_upgrade])
def test_an_environment_that_is_not_there_yet(account: Account, step: Callable[[Site], object]) -> None:
    with pytest.raises(BackendError, match="no server of environment production runs"):
        step(account.site)


def test_secrets_are_there_before_machines_start(account: Account) -> None:
    ask = 'provisioner "local-exec" {\n command = "exit 1"\n}\n'
    account.write(f'resource "terraform_data" "machine" {{\n{ask}}}\n')
    with pytest.raises(DeployError):
        account.apply()
    assert {"server/secrets.env", "client/secrets.env", "operator/ca-key.pem"} <= account.parameters()
    (kept,) = (event for event in account.events if isinstance(event, Kept))
    assert kept.count == len(account.parameters())


def test_what_is_half_made_is_listed_and_the_next_run_goes_on(account: Account) -> None:
    account.write(GOOD + BAD)
    with pytest.raises(DeployError, match=r"terraform_data\.bad"):
        account.apply()
    (left,) = (event.diagnostic for event in account.events if isinstance(event, Warned))
    assert (left.code, left.severity) == ("HS635", "warning")
    assert "terraform_data.good" in left.summary
    account.write(GOOD + BAD.replace("exit 1", "true"))
    account.apply()
    actions = {each["address"]: each["change"]["actions"] for each in account.asked[-1]["resource_changes"]}
    assert actions == {"terraform_data.good": ["no-op"], "terraform_data.bad": ["delete", "create"]}


def test_a_second_run_changes_nothing(account: Account) -> None:
    account.write(GOOD)
    account.apply()
    account.events.clear()
    account.apply()
    assert [type(event).__name__ for event in account.events] == ["Waiting"]


def test_tokens_of_a_cluster_that_is_no_more_are_not_believed(account: Account) -> None:
    account.moto.client("ssm").put_parameter(Name=f"/{PREFIX}/server/nomad.env", Value="old", Type="String")
    account.write(GOOD)
    account.apply()
    assert "server/nomad.env" not in account.parameters()


@pytest.mark.parametrize("purge", [False, True])
def test_the_way_back_leaves_nothing_in_aws(account: Account, purge: bool) -> None:
    account.write(GOOD)
    account.apply()
    assert losses(account.site).resources == 1
    cleared(account.site, purge=purge)
    assert account.parameters() == set()
    assert (account.ground.folder.path / "ca.pem").exists() is not purge
    assert losses(account.site).resources == 0
    cleared(account.site, purge=purge)  # once more is fine


def test_servers_that_this_state_knows_nothing_of(account: Account) -> None:
    credentials = complete_credentials(account.ground)
    account.write(GOOD)
    (server,) = servers(account.moto, 1)
    for step in (
        lambda: aws.apply(account.ground, account.site, credentials),
        lambda: losses(account.site),
    ):
        with pytest.raises(ConflictError, match=f"{server} of production run, and the state"):
            step()
    assert not account.asked
    account.moto.client("autoscaling").delete_auto_scaling_group(
        AutoScalingGroupName=f"{PREFIX}-server", ForceDelete=True
    )


def test_somebody_else_is_at_it(account: Account) -> None:
    account.moto.client("ssm").put_parameter(
        Name=f"/{PREFIX}/lock", Value="ann@desk 1 2026-11-21T20:00:00Z", Type="String"
    )
    account.write(GOOD)
    with pytest.raises(ConflictError, match="ann@desk") as caught:
        cleared(account.site, purge=False)
    assert caught.value.exit_code is Exit.CONFLICT
