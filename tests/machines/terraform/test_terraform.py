"""What the rendered Terraform does to machines, whatever the script on them does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hashistack.backends import terraform as runner
from hashistack.diagnostics import DeployError
from hashistack.plan.progress import HostDone, Warned
from tests.bed.factory import Factory
from tests.machines.terraform.stand import ROLES, SECRET, Stand

pytestmark = pytest.mark.usefixtures("terraform")


@pytest.fixture
def stand(bed: Factory, tmp_path: Path) -> Iterator[Stand]:
    """Return a stack for machines that know nothing of it."""
    stand = Stand(bed, tmp_path)
    stand.told()
    stand.render()
    stand.hand_over()
    yield stand
    for name in ROLES:
        bed.machine(name).run(
            "rm -rf /etc/fail-* /usr/local/lib/hashistack /home/admin/.hashistack* /root/.hashistack*"
        )


def problems(failure: pytest.ExceptionInfo[DeployError]) -> list[str]:
    return [each.summary for each in failure.value.diagnostics]


def test_servers_start_one_after_another_and_then_the_clients(stand: Stand) -> None:
    stand.apply()
    told = stand.told()
    assert sorted(told[:3]) == ["h1 install", "h2 install", "h3 install"]
    assert told[3:] == ["h1 start", "h2 start", "h3 start"]
    assert stand.apply() == []
    assert stand.told() == []
    stand.hand_over(version="2")
    stand.apply()
    assert stand.told() == ["h1 start", "h2 start", "h3 start"], "new secrets come in the same order"


def test_a_changed_setting_clears_no_host(stand: Stand) -> None:
    stand.apply()
    stand.told()
    stand.render(snapshots="30m")
    stand.apply()
    told = stand.told()
    assert sorted(told[:3]) == ["h1 install", "h2 install", "h3 install"]
    assert told[3:] == ["h1 start", "h2 start", "h3 start"]


def test_uploads_lie_where_nobody_else_reads_and_are_gone_afterwards(stand: Stand) -> None:
    before = stand.bed.machine("h1").run("ls -A /home/admin /tmp")
    stand.apply()
    assert stand.bed.machine("h1").run("cat /root/uploads").split() == ["run", "secrets.env"]
    assert stand.bed.machine("h1").run("ls -A /home/admin /tmp") == before
    env = stand.bed.machine("h1").run("cat /usr/local/lib/hashistack/node.env").splitlines()
    assert "NODE_NAME='h1'" in env
    assert "ADOPT=''" in env
    stand.destroy()
    assert stand.bed.machine("h1").run("ls -A /home/admin /tmp") == before


def test_secrets_reach_their_host_and_nothing_else(stand: Stand) -> None:
    events = stand.apply()
    assert (
        stand.bed.machine("h2").run("cat /usr/local/lib/hashistack/secrets.env") == f"TOKEN='{SECRET}-h2'\n"
    )
    kept = [path for path in stand.terraform.rglob("*") if path.is_file()]
    assert stand.terraform / "terraform.tfstate" in kept
    assert [path.name for path in kept if SECRET in path.read_text()] == []
    assert SECRET not in repr(events)


def test_only_the_failed_host_is_done_again(stand: Stand) -> None:
    stand.bed.machine("h3").run("touch /etc/fail-install")
    with pytest.raises(DeployError) as failure:
        stand.apply()
    assert problems(failure) == ["h3: install is broken"]
    assert failure.value.diagnostics[0].hint == "mend install"
    assert {"h1 start", "h2 start"} < set(stand.told())
    stand.bed.machine("h3").run("rm /etc/fail-install")
    stand.apply()
    assert stand.told() == ["h3 install", "h3 start"]


def test_an_agent_that_is_not_well_stops_those_behind_it(stand: Stand) -> None:
    stand.bed.machine("h1").run("touch /etc/fail-start")
    with pytest.raises(DeployError) as failure:
        stand.apply()
    assert problems(failure) == ["h1: start is broken", "not started yet because of it: h2, h3"]
    assert [line for line in stand.told() if line.endswith("start")] == ["h1 start"]
    stand.bed.machine("h1").run("rm /etc/fail-start")
    stand.apply()
    assert stand.told() == ["h1 start", "h2 start", "h3 start"]


def test_a_host_that_is_no_longer_listed_is_cleared_first(stand: Stand) -> None:
    stand.apply()
    stand.told()
    stand.render(["h1", "h3"])
    events = stand.apply()
    told = stand.told()
    assert told[0] == "h2 remove"
    assert told[-2:] == ["h1 start", "h3 start"]
    assert ("h2", "remove") in {(event.host, event.phase) for event in events if isinstance(event, HostDone)}


def test_a_host_that_is_gone_for_good_is_given_up(stand: Stand) -> None:
    stand.apply()
    stand.bed.machine("h3").power_cut()
    try:
        stand.render(["h1", "h2"])
        events = stand.apply()
    finally:
        stand.bed.boot("h3")
    (warning,) = [event.diagnostic.summary for event in events if isinstance(event, Warned)]
    assert warning == "h3 was not cleaned: it does not answer"
    stand.told()


def test_a_host_that_shows_another_key_gets_nothing(stand: Stand) -> None:
    keys = {name: list(stand.bed.machine(name).host_keys) for name in ROLES}
    stand.hand_over(host_keys={**keys, "h3": keys["h2"]})
    with pytest.raises(DeployError, match=r"h3 cannot be reached over SSH: .*key mismatch"):
        stand.apply()
    assert "h3 install" not in stand.told()


def test_a_server_that_has_but_one_of_its_keys_is_known(stand: Stand) -> None:
    machine = stand.bed.machine("h3")
    machine.run(
        "echo HostKey /etc/ssh/ssh_host_ed25519_key >/etc/ssh/sshd_config.d/one.conf; systemctl restart ssh"
    )
    try:
        stand.apply()
        assert "h3 install" in stand.told()
    finally:
        machine.run("rm /etc/ssh/sshd_config.d/one.conf; systemctl restart ssh")


def test_through_a_bastion(stand: Stand) -> None:
    bastion = stand.bed.machine("h3")
    stand.render(["h1"], ssh={"user": "root", "bastion": {"address": bastion.address, "user": "admin"}})
    stand.hand_over(bastion_host_keys=list(bastion.host_keys))
    stand.apply()
    assert stand.told() == ["h1 install", "h1 start"]
    logins = stand.bed.machine("h1").run("journalctl --unit ssh | grep 'Accepted publickey for root'")
    assert f"from {bastion.address} port" in logins
    stand.hand_over(version="2", bastion_host_keys=list(stand.bed.machine("h1").host_keys))
    with pytest.raises(DeployError, match=r"Error connecting to bastion: .*key mismatch"):
        stand.apply()


def test_software_can_be_pushed(stand: Stand) -> None:
    folder = stand.folder / "zips"
    folder.mkdir()
    for name in ("nomad_1.11.3_linux_amd64.zip", "consul_1.22.7_linux_amd64.zip"):
        (folder / name).write_text("not really")
    stand.render(["h1"], software={"from": "push"})
    stand.hand_over(binaries=str(folder), architectures={"h1": "amd64"})
    stand.bed.machine("h1").run("touch /etc/fail-install")
    with pytest.raises(DeployError, match="h1: install is broken"):
        stand.apply()
    assert {"nomad_1.11.3_linux_amd64.zip", "consul_1.22.7_linux_amd64.zip"} < set(
        stand.bed.machine("h1").run("cat /root/uploads").split()
    )


def test_what_would_happen(stand: Stand) -> None:
    assert {step.host for step in runner.plan(stand.terraform, stand.variables)} == {"h1", "h2", "h3"}
    assert stand.told() == []
