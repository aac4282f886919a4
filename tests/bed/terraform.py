"""Terraform or OpenTofu on a rendered folder: the AWS provider of this machine, a time limit for every step."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hashistack.backends.terraform import PROGRAMS
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import last_lines

# Where an image or a package may have laid providers, as folders of HOST/hashicorp/aws/VERSION/SYSTEM.
_SHELVES = (Path("/opt"), Path("/usr/share"), Path("/usr/local/share"), Path.home() / ".terraform.d")
FOLDER_VARIABLE = "HASHISTACK_TERRAFORM_PLUGINS"  # for machines that have them elsewhere
PLAN = "test.tfplan"
LOCK = ".terraform.lock.hcl"
# In a stack of AWS most resources wait for each other, few for the processor.
PARALLEL = "-parallelism=30"
PATIENCE = 60.0  # for what an interrupted Terraform still has to write down
LIMIT = 400.0


@dataclass(frozen=True, slots=True)
class Terraform:
    """Run Terraform in one folder; each method raises BedError with the last lines if it fails."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def init(self) -> None:
        """Prepare the folder; the provider is linked and its hash computed once for all tests."""
        if (self.folder / "backend.tf").exists():
            self.run("init", "-input=false", *init_flags())
            return
        shared = _shared_data(self.folder)
        with locked(shared.with_suffix(".lock")):
            if not (shared / LOCK).exists():
                self.run("init", "-input=false", *init_flags(), TF_DATA_DIR=str(shared))
                shutil.copy(self.folder / LOCK, shared / LOCK)
        shutil.copy(shared / LOCK, self.folder / LOCK)
        shutil.copytree(shared, self.folder / ".terraform", symlinks=True, dirs_exist_ok=True)

    def apply(self, *flags: str, seconds: float = LIMIT) -> str:
        """Make what the folder says and return what was said."""
        return self.run("apply", "-input=false", "-auto-approve", PARALLEL, *flags, seconds=seconds)

    def apply_planned(self, variables: Path, seconds: float = LIMIT) -> str:
        """Do what the last ``plan`` said; ephemeral variables are in no plan and are handed in again."""
        return self.run("apply", "-input=false", PARALLEL, f"-var-file={variables}", PLAN, seconds=seconds)

    def destroy(self, *flags: str, seconds: float = LIMIT) -> str:
        """Take away all that the state knows."""
        return self.run("destroy", "-input=false", "-auto-approve", PARALLEL, *flags, seconds=seconds)

    def plan(self, *flags: str) -> dict[str, Any]:
        """Return the plan, as ``terraform show -json`` has it."""
        self.run("plan", "-input=false", f"-out={PLAN}", *flags)
        found: dict[str, Any] = json.loads(self.run("show", "-json", PLAN))
        return found

    def changes(self, *flags: str) -> dict[str, list[str]]:
        """Return what an apply would do, by address: ``create``, ``update``, ``delete`` and both for replacement."""
        planned = self.plan(*flags)
        found = {one["address"]: one["change"]["actions"] for one in planned.get("resource_changes", [])}
        return {name: actions for name, actions in found.items() if actions not in (["no-op"], ["read"])}

    def outputs(self) -> dict[str, Any]:
        """Return the values of the outputs."""
        said = json.loads(self.run("output", "-json"))
        return {name: one["value"] for name, one in said.items()}

    def resources(self) -> list[str]:
        """Return the addresses of what the state has."""
        return self.run("state", "list").split()

    def run(self, *arguments: str, seconds: float = LIMIT, **environ: str) -> str:
        """Run one command; when its time is over it is interrupted once, so that it can write down its state."""
        command = [program(), *arguments]
        env = {**_environment(), **self.environ, **environ}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        said = _said(process, seconds)
        if process.returncode:
            words = last_lines(said, 40)
            raise BedError(f"terraform {' '.join(arguments)} ended with {process.returncode}:\n{words}")
        return said


def program() -> str:
    """Return the path of terraform or tofu; raise BedUnavailable if there is neither."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise BedUnavailable([Missing("terraform", "neither it nor tofu is on PATH", "Install one")])
    return found


def plugin_folder() -> Path | None:
    """Return the folder that has the AWS provider, for ``-plugin-dir``; None where none was laid out."""
    return next(_plugin_folders(), None)


def init_flags() -> list[str]:
    """Return the flags of ``terraform init`` that make it find the provider here; none: it asks its registry."""
    found = plugin_folder()
    return [f"-plugin-dir={found}"] if found else []


def ensure() -> None:
    """Raise BedUnavailable unless there is a Terraform and a place to look for its AWS provider."""
    program()
    if plugin_folder() is None:
        why = f"tests download nothing, and it is below none of {', '.join(map(str, _SHELVES))}"
        how = f"Run `terraform providers mirror FOLDER` in a rendered stack, and set {FOLDER_VARIABLE}"
        raise BedUnavailable([Missing("the AWS provider of Terraform", why, how)])


def _plugin_folders() -> Iterator[Path]:
    named = os.environ.get(FOLDER_VARIABLE)
    for shelf in (*([Path(named)] if named else []), *_SHELVES):
        for depth in ("*", "*/*"):
            yield from (found.parents[2] for found in sorted(shelf.glob(f"{depth}/hashicorp/aws")))


def _shared_data(folder: Path) -> Path:
    """Return the data folder that all stacks with these providers share."""
    wanted = (folder / "versions.tf").read_text()
    key = f"{plugin_folder()}\n{wanted}"
    found = cache_folder() / "terraform" / hashlib.sha256(key.encode()).hexdigest()[:16]
    found.mkdir(parents=True, exist_ok=True)
    return found


def _environment() -> dict[str, str]:
    """Return this process's environment without whatever its user has set for Terraform or AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    settings = cache_folder() / "empty.tfrc"  # whoever runs the tests may have settings of their own
    settings.touch()
    quiet = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": str(settings)}
    return kept | quiet | {"TF_CLI_ARGS": "-no-color"}


def _said(process: subprocess.Popen[str], seconds: float) -> str:
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        raise
    try:
        said = process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0]
    process.returncode = process.returncode or 1
    return f"{said}\nnot done after {seconds:g} s"
