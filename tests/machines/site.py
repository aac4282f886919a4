"""The example application on machines of a bed, driven by the real command line as an operator would."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.bed.factory import Factory
from tests.bed.machine import Machine

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "shop"
HOST = "shop.factory.lan"
SERVER = ("server", "client")
INGRESS = ("server", "client", "ingress")


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with the shop's descriptor, the machines that it names, and the operator's environment."""

    bed: Factory
    folder: Path
    environ: dict[str, str]
    environment: str = "factory"

    @property
    def virtual_address(self) -> str:
        """Return the address that moves between the ingress hosts."""
        return f"{self.bed.gateway.rpartition('.')[0]}.100"

    @property
    def stack(self) -> Path:
        """Return the folder of what was rendered."""
        return self.folder / "stack" / self.environment

    def run(self, *arguments: str, seconds: float = 400) -> subprocess.CompletedProcess[str]:
        """Run one command line of hashistack to its end."""
        return self.execute([sys.executable, "-m", "hashistack", *arguments], self.environ, seconds)

    def done(self, *arguments: str, seconds: float = 400) -> str:
        """Run one command line that is to succeed and return all that it said."""
        result = self.run(*arguments, seconds=seconds)
        said = result.stdout + result.stderr
        assert result.returncode == 0, said
        return said

    def up(self, version: str = "v1") -> str:
        """Bring the environment up and return all that was said."""
        flags = ["--version", version, "--secrets-file", str(self.secrets_file), "--yes"]
        return self.done("up", "-e", self.environment, *flags, seconds=900)

    @property
    def secrets_file(self) -> Path:
        """Return the file with the values of the app's secrets."""
        return self.folder / "secrets.env"

    def nomad(self, *arguments: str, **environ: str) -> str:
        """Run the real ``nomad`` with what ``hashistack env`` exports, as an operator would."""
        return self._succeeds(["nomad", *arguments], environ)

    def consul(self, *arguments: str, **environ: str) -> str:
        """Run the real ``consul`` with what ``hashistack env`` exports."""
        return self._succeeds(["consul", *arguments], environ)

    def refused(self, *argv: str, **environ: str) -> str:
        """Run a command of nomad or consul that is to fail, and return what it said."""
        result = self.execute([*argv], {**self.environ, **self.exports(), **environ})
        assert result.returncode != 0, result.stdout
        return result.stdout + result.stderr

    def api(self, path: str, **environ: str) -> Any:
        """Return what Nomad's HTTP API answers."""
        return json.loads(self.nomad("operator", "api", path, **environ))

    def jobs(self, **environ: str) -> list[str]:
        """Return the ids of the jobs that are not over."""
        return sorted(job["ID"] for job in self.api("/v1/jobs", **environ) if job["Status"] != "dead")

    def exports(self) -> dict[str, str]:
        """Return the variables that ``hashistack env`` exports."""
        result = self.run("env", "-e", self.environment)
        assert result.returncode == 0, result.stderr
        words = shlex.split(result.stdout, comments=True)
        return dict(word.split("=", 1) for word in words if "=" in word)

    def nodes(self) -> dict[str, str]:
        """Return the status of Nomad's nodes by name: ready, down, ineligible, draining."""
        nodes = {}
        for node in self.api("/v1/nodes"):
            eligible = node["SchedulingEligibility"] == "eligible"
            status = "draining" if node["Drain"] else "ready" if eligible else "ineligible"
            nodes[node["Name"]] = status if node["Status"] == "ready" else node["Status"]
        return nodes

    def ask(
        self, address: str, path: str = "/", host: str = HOST, method: str = "GET", port: int = 80
    ) -> tuple[int, Any]:
        """Send one request to an ingress and return the status and the JSON document, or the text."""
        connection = http.client.HTTPConnection(address, port, timeout=15)
        try:
            connection.request(method, path, headers={"Host": host})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except json.JSONDecodeError:
            return answer.status, text

    def answers(self, address: str, path: str = "/", host: str = HOST) -> bool:
        """Tell whether the app answers through the ingress at the address."""
        try:
            return self.ask(address, path, host)[0] == http.client.OK
        except OSError:
            return False

    @property
    def ingresses(self) -> list[str]:
        """Return the addresses of the ingress hosts."""
        return [host["address"] for host in self.factory["hosts"].values() if "ingress" in host["roles"]]

    @property
    def factory(self) -> dict[str, Any]:
        """Return the environment as the descriptor has it."""
        found: dict[str, Any] = self._descriptor()["environments"][self.environment]
        return found

    def change(self, **keys: Any) -> None:
        """Change keys of the environment; a mapping is merged into what is there, None removes."""
        descriptor = self._descriptor()
        environment = descriptor["environments"][self.environment]
        for name, value in keys.items():
            merged = {**environment.get(name, {}), **value} if isinstance(value, dict) else value
            environment[name] = _without_none(merged) if isinstance(merged, dict) else merged
        self.write(descriptor)

    def write(self, descriptor: dict[str, Any]) -> None:
        """Write the descriptor."""
        (self.folder / "hashistack.yaml").write_text(yaml.safe_dump(descriptor, sort_keys=False))

    def _descriptor(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.folder / "hashistack.yaml").read_text())
        return found

    def _succeeds(self, argv: list[str], environ: dict[str, str]) -> str:
        result = self.execute(argv, {**self.environ, **self.exports(), **environ})
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def execute(
        self, argv: list[str], environ: dict[str, str], seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the folder of the descriptor."""
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def lay_out(bed: Factory, folder: Path, binaries: Path) -> Site:
    """Put the example into the folder, with the bed's machines as its factory: nothing runs yet."""
    site = Site(bed, folder, environ(folder, binaries))
    put_example(site, _factory(site))
    return site


def environ(folder: Path, *programs: Path) -> dict[str, str]:
    """Return an operator's environment, with the programs before all others and nothing of this machine's user."""
    foreign = ("NOMAD_", "CONSUL_", "AWS_", "TF_")
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "PATH": path,
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }


def put_example(site: Site, environment: dict[str, Any]) -> None:
    """Write the example's descriptor with this environment, and values for its secrets.

    Valkey is the one that the beds have, by its tag: an image that was made here has no digest.
    """
    site.secrets_file.write_text(f"SESSION_KEY={secrets.token_urlsafe(24)}\n")
    descriptor = yaml.safe_load((EXAMPLE / "hashistack.yaml").read_text())
    descriptor["environments"][site.environment] = environment
    descriptor["backing_services"]["cache"]["image"] = "valkey/valkey:8.1.1"
    site.write(descriptor)


def host(machine: Machine, roles: tuple[str, ...], rack: str) -> dict[str, Any]:
    """Return a machine as the descriptor names it."""
    key = next(one for one in machine.host_keys if one.startswith("ssh-ed25519"))
    return {"address": machine.address, "roles": list(roles), "rack": rack, "host_key": key}


def _factory(site: Site) -> dict[str, Any]:
    bed = site.bed
    return {
        "target": "onprem",
        "domain": HOST,
        "ssh": {"user": "admin", "key": str(bed.key)},
        "firewall": "manage",
        "ingress": {"vip": site.virtual_address},
        "software": {
            "nomad": "1.11.3",
            "mirror": bed.mirror,
            "images": bed.mirror,
            "checksums": bed.checksums(),
        },
        "hosts": {
            "h1": host(bed.machine("h1"), INGRESS, "a"),
            "h2": host(bed.machine("h2"), INGRESS, "b"),
            "h3": host(bed.machine("h3"), SERVER, "c"),
        },
    }


def _without_none(mapping: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if value is not None}
