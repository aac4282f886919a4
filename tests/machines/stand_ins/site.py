"""The example with all its backing services on three machines, and what its tests ask of it and do to it."""

from __future__ import annotations

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from tests.bed.factory import Factory
from tests.bed.machine import Machine
from tests.local.api import until
from tests.machines.site import HOST, INGRESS, SERVER, Site, environ, host, put_example

APP = "shop"
Services = dict[str, dict[str, Any]]
FEW = "HASHISTACK_TEST_SERVICES"

# Small, for three machines share the memory of one; images by tag, for the tests make their own.
SERVICES: Services = {
    "db": {
        "nodes": 3,
        "storage": "2GiB",
        "image": "hashistack-test/postgres:17",
        "backup": {"to": "uploads", "keep": 2},
    },
    "cache": {"nodes": 3, "storage": "1GiB", "image": "valkey/valkey:8.1.1"},
    "events": {
        "nodes": 3,
        "storage": "2GiB",
        "image": "apache/kafka:4.3.1",
        "topics": {"orders": {"partitions": 6}, "measured": {"partitions": 6}},
        # The app's image has the two libraries that the archive takes.
        "archive": {
            "topic": "measured",
            "to": "uploads",
            "every": "3s",
            "image": "hashistack-example/shop:v1",
        },
    },
    "devices": {"nodes": 3, "storage": "1GiB", "image": "rabbitmq:4.0.5", "public": [8883]},
    "telemetry": {"nodes": 3, "storage": "1GiB", "image": "nats:2.15.0-alpine"},
    "uploads": {
        "nodes": 3,
        "storage": "4GiB",
        "image": "chrislusf/seaweedfs:4.48",
        "buckets": ["uploads", "drafts"],
    },
    "docs": {"nodes": 2, "image": "hashistack-test/ferretdb:1.24.2"},
}
_KEPT_IN_UPLOADS = ("archive", "backup")
_PATIENCE = 60.0  # seconds
_TELEMETRY = {"type": "mqtt", "engine": "nats"}


@dataclass(frozen=True, slots=True)
class Instance:
    """One allocation of a job and the machine that it is on."""

    id: str
    node: str
    status: str
    address: str


class StandIns(Site):
    """The site, with the backing services by the names that the descriptor has for them: `db`, `cache` ..."""

    def job(self, service: str) -> str:
        """Return the job, and Consul's name, of a backing service."""
        return f"{APP}-{service}"

    # --- what clients need

    def healthy(self, service: str, role: str = "") -> list[tuple[str, int]]:
        """Return address and port of the instances that pass their checks; `role` such as "-primary"."""
        found = self.catalog(f"health/service/{self.job(service)}{role}?passing")
        return [(each["Service"]["Address"], each["Service"]["Port"]) for each in found]

    def secret(self, service: str, below: str = "") -> dict[str, str]:
        """Return the items of a service's Nomad variable; `below`: "/node" for what only its members know."""
        items: dict[str, str] = self.api(f"/v1/var/nomad/jobs/{self.job(service)}{below}")["Items"]
        return items

    def authority(self, service: str) -> Path:
        """Return a file with the certificate of the service's authority."""
        file = self.folder / f"{service}-ca.pem"
        file.write_text(self.secret(service)["ca"])
        return file

    def numbers(self, service: str, scheme: str = "http", path: str = "/metrics") -> list[str]:
        """Return what each node of a service tells Prometheus."""
        context = ssl.create_default_context(cafile=str(self.authority(service)))
        urls = [f"{scheme}://{address}:{port}{path}" for address, port in self.healthy(service, "-metrics")]
        texts = []
        for url in urls:
            with urllib.request.urlopen(url, timeout=10, context=context) as answer:
                texts.append(str(answer.read().decode()))
        return texts

    def key(self, path: str) -> str | None:
        """Return the value of a key of Consul, None if there is none."""
        return self._asked(f"kv/hashistack/{path}?raw=")

    def catalog(self, path: str) -> Any:
        """Return what Consul's HTTP API answers; None for 404."""
        text = self._asked(path)
        return None if text is None else json.loads(text)

    def api(self, path: str, **environ: str) -> Any:
        """Return what Nomad's HTTP API answers."""
        return self._patiently(lambda: Site.api(self, path, **environ))

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask again, and another server, while the one that was asked is cut off or has no leader."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return ask()
            except (OSError, AssertionError, ValueError):
                # The last where it says "No cluster leader", which is no JSON, and ends well.
                if time.monotonic() > end:
                    raise
            self.__dict__.pop("_exports", None)
            time.sleep(1)

    def _asked(self, path: str) -> str | None:
        return cast("str | None", self._patiently(lambda: self._ask_consul(path)))

    def _ask_consul(self, path: str) -> str | None:
        exports = self._exports
        request = urllib.request.Request(f"{exports['CONSUL_HTTP_ADDR']}/v1/{path}")
        request.add_header("X-Consul-Token", exports["CONSUL_HTTP_TOKEN"])
        context = ssl.create_default_context(cafile=exports["CONSUL_CACERT"])
        context.load_cert_chain(exports["CONSUL_CLIENT_CERT"], exports["CONSUL_CLIENT_KEY"])
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def exports(self) -> dict[str, str]:
        """Return the variables that ``hashistack env`` exports; asked once, for they stay what they are."""
        return self._exports

    @cached_property
    def _exports(self) -> dict[str, str]:
        return super().exports()

    # --- what runs where

    def instances(self, service: str) -> list[Instance]:
        """Return the instances of a service that run or start."""
        found = self.api(f"/v1/job/{self.job(service)}/allocations")
        return [
            Instance(
                each["ID"], each["NodeName"], each["ClientStatus"], self.machine(each["NodeName"]).address
            )
            for each in found
            if each["DesiredStatus"] == "run" and each["ClientStatus"] in ("running", "pending")
        ]

    def founder(self, service: str) -> Instance:
        """Return the instance of the member that began the cluster."""
        place = self.key(f"{self.job(service)}/founder")
        held = str(self.key(f"{self.job(service)}/members/{place}"))
        return next(each for each in self.instances(service) if held.endswith(f" {each.address}"))

    def on(self, address: str) -> Machine:
        """Return the machine with the address."""
        return next(machine for machine in self.bed.machines if machine.address == address)

    def machine(self, name: str) -> Machine:
        """Return a machine by name."""
        return self.bed.machine(name)

    def volume(self, service: str, node: str) -> str:
        """Return the folder on the machine in which the service's member keeps its data."""
        volumes = self.api(f"/v1/volumes?type=host&name={self.job(service)}")
        mine = next(
            each
            for each in volumes
            if each["Name"] == self.job(service) and each["NodeID"] == self._node_id(node)
        )
        return str(self.api(f"/v1/volume/host/{mine['ID']}")["HostPath"])

    def report(self, service: str, task: str) -> dict[str, str]:
        """Return what a member says of its cluster: the lines KEY=VALUE of its report."""
        for instance in self.instances(service):
            argv = ["nomad", "alloc", "exec", "-t=false", "-i=false", "-task", task, instance.id]
            said = self.execute([*argv, "/bin/sh", "/local/report.sh"], {**self.environ, **self._exports})
            found = dict(line.split("=", 1) for line in said.stdout.splitlines() if "=" in line)
            if said.returncode == 0 and found:  # `nomad alloc exec` may lose the last words of a command
                return found
        return {}

    def _node_id(self, name: str) -> str:
        return next(str(each["ID"]) for each in self.api("/v1/nodes") if each["Name"] == name)

    # --- what is done to them

    def kill(self, service: str, instance: Instance, task: str) -> None:
        """Kill the container of a task of one instance, as the kernel does when memory is short."""
        self.machine(instance.node).run(f"docker kill --signal KILL {task}-{instance.id}")

    def wait_whole(self, service: str, task: str, count: int, seconds: float = 120) -> None:
        """Wait until every member runs and the cluster has every copy again."""
        until(lambda: len(self.healthy(service, "-member")) == count, seconds)
        until(lambda: self.report(service, task).get("full") == "yes", seconds)

    def update(self, services: Sequence[str]) -> None:
        """Start every member again by a change that means nothing: one after another, but all services at once.

        The jobs are handed to Nomad as they were rendered, with its own command.
        """
        descriptor = self._descriptor()
        for service in services:
            keys = descriptor["environments"][self.environment]["backing_services"][service]
            keys["cpu"] = keys.get("cpu", 200) + 1
        self.write(descriptor)
        self.done("render")
        for service in services:
            self.nomad(
                "job", "run", "-detach", f"stack/{self.environment}/jobs/{self.job(service)}.nomad.hcl"
            )
        for service in services:
            until(lambda at=service: self._is_updated(at), 900)  # type: ignore[misc]

    def _is_updated(self, service: str) -> bool:
        job = self.api(f"/v1/job/{self.job(service)}")
        deployment = self.api(f"/v1/job/{self.job(service)}/deployment")
        assert deployment["Status"] in ("running", "successful"), deployment["StatusDescription"]
        return (deployment["JobVersion"], deployment["Status"]) == (job["Version"], "successful")


def lay_out(bed: Factory, folder: Path, binaries: Path, services: Services) -> StandIns:
    """Put the example into the folder with these backing services on the bed's machines: nothing runs yet."""
    site = StandIns(bed, folder, environ(folder, binaries))
    if not (folder / "hashistack.yaml").exists():
        put_example(site, _environment(bed))
        _choose(site, services)
    return site


def chosen() -> Services:
    """Return the services that run: all, or for a quick look those that HASHISTACK_TEST_SERVICES names."""
    few = os.environ.get(FEW, "")
    return of([name for name in SERVICES if not few or name in few.split(",")])


def of(names: Sequence[str]) -> Services:
    """Return some of the services; what they keep in object storage they do not, where that is not one of them."""
    found = {name: SERVICES[name] for name in names}
    left_out = () if "uploads" in found else _KEPT_IN_UPLOADS
    return {name: {key: keys[key] for key in keys if key not in left_out} for name, keys in found.items()}


def _environment(bed: Factory) -> dict[str, Any]:
    return {
        "target": "onprem",
        "domain": HOST,
        "ssh": {"user": "admin", "key": str(bed.key)},
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
        "backing_services": SERVICES,
    }


def _choose(site: StandIns, few: Services) -> None:
    """Add the second broker; with a choice of services leave the others and the app's processes out."""
    descriptor = site._descriptor()
    descriptor["backing_services"]["telemetry"] = _TELEMETRY
    if len(few) < len(SERVICES):
        for key in ("env", "release", "secrets"):
            descriptor.pop(key, None)
        descriptor["processes"] = {
            "idle": {"command": "true", "schedule": "0 3 1 1 *"}
        }  # an app has one at least
        top, environment = descriptor["backing_services"], descriptor["environments"][site.environment]
        descriptor["backing_services"] = {name: keys for name, keys in top.items() if name in few}
        descriptor["environments"] = {site.environment: {**environment, "backing_services": few}}
    site.write(descriptor)
