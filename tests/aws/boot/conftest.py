"""The example application in an account of moto whose instances are booted machines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.aws import inventory
from tests.bed import ec2, factory, moto, network, processes, ssm_agent, terraform
from tests.bed.ec2 import Ec2
from tests.bed.machine import Machine
from tests.conftest import needed
from tests.machines import site as sites
from tests.machines.site import Site
from tests.machines.times import step
from tests.tools import build

REGION = "eu-west-1"
PREFIX = "shop-production"
HOST = "shop.example.com"
NOMAD = 4646


@dataclass(frozen=True, slots=True)
class Shop:
    """The operator's folder and the cloud that he works on."""

    site: Site
    cloud: Ec2
    before: set[str]  # what the account had

    def client(self, service: str) -> Any:
        """Return a client of boto3."""
        return self.cloud.aws.client(service, REGION)

    def machines(self, role: str) -> list[Machine]:
        """Return the machines of the instances of a role that are on."""
        return [self.cloud.machine(one.id) for one in self.cloud.running(f"{PREFIX}-{role}")]

    @contextmanager
    def nomad(self, machine: Machine | None = None) -> Iterator[dict[str, str]]:
        """Give the variables that lead an operator's ``nomad`` to a server, through a tunnel to it."""
        target = machine or self.machines("server")[0]
        port = network.free_ports(1)[0]
        forward = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{port}:127.0.0.1:{NOMAD}"]
        command = target.ssh_command()
        log = self.site.folder / "tunnel.log"
        pid = processes.start([*command[:-1], *forward, command[-1]], log, dict(os.environ))
        try:
            processes.wait_for(lambda: network.answers("127.0.0.1", port), seconds=20)
            yield {"NOMAD_ADDR": f"https://127.0.0.1:{port}"}
        finally:
            processes.stop(pid, forward[-1])


@pytest.fixture(scope="package")
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ec2]:
    """Return an empty account whose instances become machines."""
    with ExitStack() as stack:
        with needed():
            factory.ensure_possible()
            terraform.ensure()
            moto.ensure()
            build.folder_for_path()
        if any("test_apply.py" in item.nodeid for item in request.session.items):
            # They wait for the provider's fixed pauses, most of the time; so do we.
            request.getfixturevalue("applying")
            request.getfixturevalue("rotating")
        bed = stack.enter_context(factory.running(0))
        yield stack.enter_context(ec2.running(bed, tmp_path_factory.mktemp("account"), REGION))


@pytest.fixture(scope="package")
def shop(cloud: Ec2, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the shop after the first ``up`` in an empty account: it is timed."""
    folder = tmp_path_factory.mktemp("shop")
    ssm_agent.put_programs(folder / "bin", cloud.bed.folder.name)
    environ = sites.environ(folder, folder / "bin", build.folder_for_path())
    init = {"TF_CLI_ARGS_init": " ".join(terraform.init_flags())}
    site = Site(cloud.bed, folder, {**environ, **cloud.aws.environ, **init}, "production")
    sites.put_example(site, production(cloud))
    site.done("render", "-e", "production")
    (site.stack / "terraform" / "moto_override.tf").write_text(moto.OVERRIDE)
    before = inventory.taken(cloud.aws, REGION)
    with step("up, from an empty account to the shop answering", goal=240):
        site.up()
    return Shop(site, cloud, before)


def production(cloud: Ec2) -> dict[str, Any]:
    """Return the environment: the cache is a stand-in, since moto has none, and all comes from the bed's mirror."""
    bed = cloud.bed
    return {
        "target": "aws",
        "region": REGION,
        "domain": HOST,
        "dns": {"zone": "example.com", "create": True},
        "servers": {"count": 3, "type": "t3.small"},
        "clients": {"min": 2, "max": 4, "types": ["m6i.large"], "spot": True},
        "deletion_protection": False,
        "software": {
            "nomad": "1.11.3",
            "mirror": bed.mirror,
            "images": bed.mirror,
            "checksums": bed.checksums(),
        },
    }
