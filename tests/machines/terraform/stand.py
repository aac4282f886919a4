"""A rendered stack with a script that only pretends, and what its machines were told."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hashistack import pipeline
from hashistack.backends import terraform
from hashistack.plan.progress import Event
from tests.bed.factory import Factory

PRETEND = Path(__file__).with_name("pretend.sh")
SECRET = "nobody-may-read-this"
ROLES = {"h1": ["server", "client"], "h2": ["server"], "h3": ["client"]}


@dataclass(slots=True)
class Stand:
    """A folder of Terraform for some machines of a bed; h1 and h2 are servers, h3 is a client."""

    bed: Factory
    folder: Path

    @property
    def terraform(self) -> Path:
        """Return the folder that Terraform works in."""
        return self.folder / "factory" / "terraform"

    @property
    def variables(self) -> Path:
        """Return the file of variables."""
        return self.folder / "variables.json"

    def render(self, names: Sequence[str] = tuple(ROLES), **keys: Any) -> None:
        """Write the stack for the machines `names`; `keys` are more keys of the environment."""
        hosts = {name: {"address": self.bed.machine(name).address, "roles": ROLES[name]} for name in names}
        ssh = {"user": "admin", **keys.pop("ssh", {})}
        environment = {"target": "onprem", "ssh": ssh, "hosts": hosts, **keys}
        processes = {"web": {"command": "./web"}}
        text = yaml.safe_dump(
            {
                "app": "shop",
                "image": "shop:1",
                "processes": processes,
                "environments": {"factory": environment},
            }
        )
        for file in pipeline.build(pipeline.load(text, "hashistack.yaml")).files:
            (self.folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / file.path).write_bytes(_impatient(file.content))
        shutil.copy(PRETEND, self.terraform / "bootstrap.sh")

    def hand_over(self, version: str = "1", **values: Any) -> None:
        """Write the variables; `values` go before what is right."""
        machines = {name: self.bed.machine(name) for name in ROLES}
        right = {
            "host_keys": {name: list(machine.host_keys) for name, machine in machines.items()},
            "secrets": {name: f"TOKEN='{SECRET}-{name}'\n" for name in machines},
            "secret_versions": dict.fromkeys(machines, version),
            "ssh_key_file": str(self.bed.key),
        }
        self.variables.write_text(json.dumps({**right, **values}))

    def apply(self) -> list[Event]:
        """Apply, and return what happened."""
        events: list[Event] = []
        terraform.apply(self.terraform, self.variables, events.append)
        return events

    def destroy(self) -> list[Event]:
        """Clear the machines, and return what happened."""
        events: list[Event] = []
        terraform.destroy(self.terraform, self.variables, events.append)
        return events

    def told(self) -> list[str]:
        """Return what the machines were told since the last time, in order: "h1 install"."""
        lines = []
        for name in ROLES:
            if self.bed.machine(name).is_on():
                said = self.bed.machine(name).run("cat /root/told 2>/dev/null; rm -f /root/told").splitlines()
                lines += [(float(line.split()[0]), f"{name} {line.split()[1]}") for line in said]
        return [what for _, what in sorted(lines)]


def _impatient(content: bytes) -> bytes:
    """Return Terraform that waits five seconds for a host where ours waits longer."""
    return re.sub(rb'(timeout +=) "[0-9]+s"', rb'\1 "5s"', content)
