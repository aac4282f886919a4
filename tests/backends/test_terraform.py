"""The real Terraform on small folders of the names that ours have; its provisioners run here instead of on hosts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from hashistack.backends import terraform as runner
from hashistack.diagnostics import BackendError, ConflictError, DeployError, Diagnostic
from hashistack.plan.progress import Event, HostDone, HostFailed, HostLine, HostStarted, Warned
from hashistack.plan.terraform import Fault, Step

pytestmark = pytest.mark.usefixtures("terraform")

VARIABLES = """
variable "secrets" {
  type      = string
  ephemeral = true
}
"""


def resource(name: str, command: str, more: str = "") -> str:
    provisioner = f'provisioner "local-exec" {{\n command = {json.dumps(command)}\n}}'
    return f'resource "terraform_data" "{name}" {{\n{provisioner}\n{more}}}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tf").mkdir()
    (tmp_path / "variables.json").write_text('{"secrets": "TOP-SECRET"}')
    return tmp_path / "tf"


def variables(folder: Path) -> Path:
    return folder.parent / "variables.json"


def write(folder: Path, *blocks: str) -> None:
    (folder / "main.tf").write_text(VARIABLES + "".join(blocks))


def apply(folder: Path, targets: tuple[str, ...] = (), replace: tuple[str, ...] = ()) -> list[Event]:
    events: list[Event] = []
    runner.apply(folder, variables(folder), events.append, targets, replace)
    return events


def test_what_happens_on_a_host_is_told(folder: Path) -> None:
    write(folder, resource("install_n1", "true"), resource("agent_n1", "true"))
    assert set(runner.plan(folder, variables(folder))) == {Step("n1", "install"), Step("n1", "start")}
    events = apply(folder)
    assert HostStarted("n1", "install") in events
    assert HostDone("n1", "start", 0) in events
    assert apply(folder) == []
    assert runner.plan(folder, variables(folder)) == ()


def test_only_what_is_named_is_done_again(folder: Path) -> None:
    write(folder, resource("install_n1", "true"), resource("install_n2", "true"))
    apply(folder)
    again = ("terraform_data.install_n2", "terraform_data.install_n9")
    assert {event.host for event in apply(folder, replace=again) if isinstance(event, HostDone)} == {"n2"}


def test_only_what_is_aimed_at_is_done(folder: Path) -> None:
    write(folder, resource("install_n1", "true"), resource("install_n2", "true"))
    done = apply(folder, targets=("terraform_data.install_n2",))
    assert {event.host for event in done if isinstance(event, HostDone)} == {"n2"}


def test_a_failed_host_says_why(folder: Path) -> None:
    words = "echo 'hashistack: error: no room'; echo 'hashistack: fix: make room'; exit 1"
    later = "depends_on = [terraform_data.install_n1]\n"
    write(
        folder,
        resource("install_n1", words),
        resource("install_n2", "true"),
        resource("agent_n3", "true", later),
    )
    events: list[Event] = []
    with pytest.raises(DeployError) as failure:
        runner.apply(folder, variables(folder), events.append)
    problem, waiting = failure.value.diagnostics
    assert (problem.code, problem.hint) == ("HS491", "make room")
    assert waiting.summary == "not started yet because of it: n3"
    assert any(isinstance(event, HostFailed) and event.host == "n1" for event in events)
    assert any(isinstance(event, HostDone) and event.host == "n2" for event in events)


def test_a_host_that_cannot_be_cleared_is_warned_of(folder: Path) -> None:
    removal = 'provisioner "local-exec" {\n when = destroy\n on_failure = continue\n command = "echo lost; exit 1"\n}\n'
    member = f'resource "terraform_data" "member" {{\nfor_each = toset(["n1"])\n{removal}}}\n'
    write(folder, member)
    apply(folder)
    events: list[Event] = []
    runner.destroy(folder, variables(folder), events.append)
    assert HostLine("n1", "remove", "lost") in events
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert warned.diagnostic.summary == "n1 was not cleaned: lost"


def test_a_folder_that_was_not_rendered(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="nowhere is not there"):
        runner.prepare(tmp_path / "nowhere")


def test_a_plan_that_was_seen_is_the_one_that_is_applied(folder: Path) -> None:
    write(folder, resource("seen", "true"))
    out = folder.parent / "seen.plan"
    plan = runner.planned(folder, variables(folder), out, lambda _: None)
    assert [each["address"] for each in plan["resource_changes"]] == ["terraform_data.seen"]
    write(folder, resource("seen", "true"), resource("unseen", "true"), 'output "x" {\n value = 1\n}\n')
    runner.apply_plan(folder, out, variables(folder), lambda _: None)
    assert runner.resources(folder) == ("terraform_data.seen",)
    assert runner.outputs(folder) == {}
    runner.remove_plan(out)
    assert not out.exists()
    apply(folder)
    assert runner.outputs(folder) == {"x": 1}


def test_what_is_forgotten_stays_and_is_no_more_ours(folder: Path) -> None:
    ends = 'provisioner "local-exec" {\n when = destroy\n command = "touch ../destroyed"\n}\n'
    write(folder, resource("kept", "true", ends), resource("ours", "true"))
    apply(folder)
    runner.forget(folder, ["terraform_data.kept"])
    assert runner.resources(folder) == ("terraform_data.ours",)
    events: list[Event] = []
    runner.destroy(folder, variables(folder), events.append)
    runner.forget(folder, [])
    assert not (folder.parent / "destroyed").exists()


def test_errors_that_are_about_no_host_are_explained(folder: Path) -> None:
    def explain(faults: Sequence[Fault]) -> tuple[Diagnostic, ...]:
        return tuple(Diagnostic("HS000", f"{each.address} says {each.text}") for each in faults)

    write(folder, resource("odd", "exit 1"))
    out = folder.parent / "odd.plan"
    runner.planned(folder, variables(folder), out, lambda _: None, explain)
    with pytest.raises(DeployError, match=r"terraform_data\.odd says local-exec provisioner error"):
        runner.apply_plan(folder, out, variables(folder), lambda _: None, explain)


def test_what_terraform_itself_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "nonsense {}\n")
    with pytest.raises(BackendError, match="terraform init failed"):
        apply(folder)
    write(folder, 'terraform {\n required_providers {\n x = { source = "nobody/x" }\n }\n}\n')
    monkeypatch.setenv("TF_CLI_ARGS_init", f"-plugin-dir={folder}")
    with pytest.raises(BackendError, match="terraform init failed: Error: Failed to query"):
        apply(folder)
    write(folder, 'output "x" {\n value = var.nothing\n}\n')
    with pytest.raises(BackendError, match=r"terraform apply failed: Reference to undeclared input variable"):
        apply(folder)


def test_arguments_of_work_by_hand_do_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-var-file=/nowhere")
    write(folder, resource("install_n1", "true"))
    assert HostDone("n1", "install", 0) in apply(folder)


def test_without_a_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(BackendError, match="neither terraform nor tofu is on PATH"):
        apply(folder)


# The background jobs of a shell ignore SIGINT, and so does what they start.
PROGRAM = """
import signal
import sys
from pathlib import Path
from hashistack.backends import terraform
signal.signal(signal.SIGINT, signal.default_int_handler)
folder = Path(sys.argv[1])
terraform.apply(folder, folder.parent / "variables.json", lambda event: print(event, flush=True))
"""


def test_an_interrupt_leaves_a_sound_state(folder: Path) -> None:
    write(folder, resource("install_n1", "true"), resource("install_n2", "echo begun; exec sleep 60"))
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    while "begun" not in running.stdout.readline():
        assert running.poll() is None
    with pytest.raises(ConflictError, match="Terraform is run here by"):
        apply(folder)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)  # somebody who cannot wait
    _, errors = running.communicate(timeout=30)
    assert time.monotonic() - began < 20
    assert "KeyboardInterrupt" in errors
    resources = json.loads((folder / "terraform.tfstate").read_text())["resources"]
    states = {each["name"]: each["instances"][0].get("status") for each in resources}
    assert states == {"install_n1": None, "install_n2": "tainted"}
    assert not (folder / ".terraform.tfstate.lock.info").exists()
    write(folder, resource("install_n1", "true"), resource("install_n2", "true"))
    assert {event.host for event in apply(folder) if isinstance(event, HostDone)} == {"n2"}


# Says what Terraform says, and writes down every interrupt; it needs a while to end.
SLOW = """#!/bin/sh
[ "$1" = init ] && exit
trap 'echo interrupted >> interrupts; ending=yes' INT
tell() { echo '{"type": "apply_start", "hook": {"action": "create", "resource":
  {"addr": "aws_vpc.main", "resource_type": "aws_vpc", "resource_name": "main"}}}' | tr -d '\\n'; echo; }
tell
until [ "$ending" ]; do sleep 0.05; done
for n in 1 2 3 4 5 6 7 8 9 10; do tell; sleep 0.1; done
"""


def test_a_listener_that_goes_away_after_an_interrupt_ends_nothing_twice(
    folder: Path, tmp_path: Path
) -> None:
    (program := tmp_path / "bin" / "terraform").parent.mkdir()
    program.write_text(SLOW)
    program.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder],
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert "main" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert "Terraform ends" in running.stdout.readline()
        running.stdout.close()  # as `| tee` does, which Ctrl-C ends too
        running.wait(timeout=30)
    assert (folder / "interrupts").read_text() == "interrupted\n"


def test_secrets_stay_out_of_state_and_events(folder: Path) -> None:
    command = json.dumps("test $S = TOP$NOTHING-SECRET && echo $S")
    handed = f'provisioner "local-exec" {{\n command = {command}\n environment = {{ S = var.secrets }}\n}}\n'
    write(folder, f'resource "terraform_data" "install_n1" {{\n{handed}}}\n')
    events = apply(folder)
    assert HostDone("n1", "install", 0) in events
    assert "TOP-SECRET" not in repr(events)
    assert not [path.name for path in folder.iterdir() if "TOP-SECRET" in path.read_text()]
