"""`hashistack secrets rotate` on real agents with TLS and access control; moto stands for AWS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.backends import aws_services
from hashistack.backends.cluster import Cluster
from hashistack.backends.consul_acl import ConsulAcl
from hashistack.backends.nomad_acl import NomadAcl
from hashistack.diagnostics import BackendError
from hashistack.targets.aws import announce
from hashistack.targets.aws_ground import ROLES, Ground, complete_credentials, hand_in, survey
from hashistack.targets.aws_reach import connect
from tests.bed import moto
from tests.bed.terraform import init_flags
from tests.cli.run import Result, run
from tests.conftest import needed
from tests.local.api import until
from tests.local.secure_agents import machines
from tests.tools import build

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes:
  worker: {command: ./work}
backing_services:
  uploads: {type: object-storage}
environments:
  production: {target: aws, region: eu-west-1, managed: [uploads]}
  laptop: {target: local}
"""
USER = "shop-production-uploads"
OUTPUT = {
    "uploads": {
        "addresses": ["s3.eu-west-1.amazonaws.com:443"],
        "meta": {"scheme": "https", "region": "eu-west-1", "bucket": "shop-production-uploads"},
        "login": {"user": "", "kind": "access-key", "of": USER},
    }
}


@dataclass
class Shop:
    """An environment in AWS whose services are announced to its cluster."""

    ground: Ground
    aws: moto.Moto
    folder: Path
    cluster: Cluster

    def rotate(self, *arguments: str) -> Result:
        return run("secrets", "rotate", *arguments, cwd=self.folder, env=self.ground.environ)

    def keys(self) -> list[str]:
        found = self.aws.client("iam").list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in found]

    def handed_over(self) -> str:
        variable = self.cluster.nomad.variable("nomad/jobs/shop-uploads")
        return variable.items["access_key"].reveal() if variable else ""


@pytest.fixture
def shop(tmp_path: Path, terraform: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    if os.geteuid() != 0:
        pytest.skip("Nomad's client mounts the folders of its tasks, which takes root")
    with needed():
        binaries = {tool: build.ensure(tool) for tool in ("nomad", "consul")}
        flags = init_flags()
    with ExitStack() as running:
        with needed():
            aws = running.enter_context(moto.running(tmp_path))
        settings = {"TF_CLI_ARGS_init": " ".join(flags), "TF_CLI_CONFIG_FILE": os.devnull}
        for name, value in (aws.environ | settings).items():
            monkeypatch.setenv(name, value)
        aws.client("iam").create_user(UserName=USER)
        folder = tmp_path / "shop"
        folder.mkdir()
        (folder / "hashistack.yaml").write_text(DESCRIPTOR)
        state_with_output(terraform, folder / "stack/production/terraform")
        stack = pipeline.load(DESCRIPTOR, "hashistack.yaml").stacks[1]
        environ = {"XDG_STATE_HOME": str(tmp_path / "operator")}
        ground = survey(stack, environ, lambda _: None)
        credentials = complete_credentials(ground)
        hand_in(ground, credentials)
        (machine,) = running.enter_context(machines(ROLES[:1], "production", credentials, binaries))
        machine.start("consul")
        machine.start("nomad")
        environ |= {"NOMAD_ADDR": machine.nomad, "CONSUL_HTTP_ADDR": machine.consul}

        def opened() -> Cluster | None:
            try:
                cluster = connect(ground, credentials.secrets)
                ConsulAcl(cluster.consul.endpoint).begin()
                NomadAcl(cluster.nomad.endpoint).begin()
            except BackendError:
                return None
            return cluster

        cluster = until(opened)
        assert cluster is not None
        announce(ground, cluster, {"backing_services": OUTPUT})
        yield Shop(ground, aws, folder, cluster)


def state_with_output(terraform: Path, folder: Path) -> None:
    """Leave a state as an apply of the whole module would, as far as its output goes."""
    folder.mkdir(parents=True)
    only = folder / "only.tf.json"
    only.write_text(json.dumps({"output": {"backing_services": {"value": OUTPUT}}}))
    subprocess.run([terraform, "apply", "-auto-approve"], cwd=folder, check=True, capture_output=True)
    only.unlink()


def test_an_access_key_is_replaced_and_its_holder_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_services, "_KEY_SECONDS", 0.0)
    monkeypatch.setattr(aws_services, "_HANDOVER_SECONDS", 0.0)
    (old,) = shop.keys()
    assert shop.handed_over() == old
    result = shop.rotate("uploads", "-e", "production", "--yes")
    assert result.code == 0, result.err
    (new,) = shop.keys()
    assert new != old
    assert shop.handed_over() == new
    for text in (result.out, result.err):
        assert new not in text
    remembered = shop.ground.store.read("operator/services.json")
    assert remembered is not None
    assert new in remembered.reveal()
    refused = shop.rotate("cache", "-e", "production", "--yes")
    assert refused.code == 64
    assert "error[HS668]: cache is no service whose login AWS checks" in refused.err
    assert "those that have one: uploads" in refused.err
    assert shop.keys() == [new]


def test_only_a_cloud_has_logins_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    result = run("secrets", "rotate", "uploads", "-e", "laptop", cwd=tmp_path)
    assert result.code == 64
    assert "error[HS756]: the login of uploads is not changed" in result.err
    other = run("secrets", "rotate", "SESSION_KEY", "-e", "laptop", cwd=tmp_path)
    assert other.code == 64
    assert "error[HS669]: laptop has no services that a cloud runs" in other.err
    assert "hashistack secrets set" in other.err
