"""`hashistack plan` with a real Terraform, against an AWS that answers and has nothing yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import moto, terraform
from tests.cli.run import Result, run
from tests.conftest import needed

DESCRIPTOR = """\
app: shop
image: registry.example.com/shop:v1
processes:
  web: {command: serve, port: 8000, memory: 3000, routes: [shop.example.com]}
environments:
  production:
    target: aws
    region: eu-west-1
    domain: shop.example.com
    dns: {zone: example.com}
    clients: {min: 1, max: 4, types: [t4g.medium]}
    state: shop-state
"""
LOCK = {
    "ID": "37972047-066d-89cf-2b15-a13aee4d0550",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "maria@build-7",
    "Version": "1.11.4",
    "Created": "2026-02-12T13:56:55.8066Z",
    "Path": "shop-state/shop/production.tfstate",
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[moto.Moto]:
    with needed():
        terraform.ensure()
    with needed(), moto.running(tmp_path_factory.mktemp("moto")) as running:
        running.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
        yield running


@pytest.fixture
def shop(aws: moto.Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = tmp_path / "settings.tfrc"
    settings.touch()
    ours = {
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_CLI_ARGS_init": " ".join(terraform.init_flags()),
        "XDG_STATE_HOME": str(tmp_path / "home"),
    }
    for name, value in (aws.environ | ours).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    folder = tmp_path / "stack" / "production" / "terraform"
    folder.mkdir(parents=True)
    (folder / "moto_override.tf").write_text(moto.OVERRIDE)
    return tmp_path


def plan(folder: Path, *arguments: str) -> Result:
    environ = {"XDG_STATE_HOME": str(folder / "home")}
    return run("plan", "-e", "production", *arguments, cwd=folder, env=environ)


def make_bucket(aws: moto.Moto, folder: Path) -> None:
    assert run("init-state", "-e", "production", "--yes", cwd=folder).code == 0
    aws.client("s3").delete_bucket_policy(Bucket="shop-state")  # it wants TLS, which this AWS does not have


def test_without_the_bucket_of_the_state_it_says_how_to_make_it(shop: Path) -> None:
    result = plan(shop)
    assert result.code == 69, result.err
    assert "HS656" in result.err
    assert "`hashistack init-state -e production`" in result.err


def test_with_it_everything_is_to_be_made_and_nothing_is(aws: moto.Moto, shop: Path) -> None:
    make_bucket(aws, shop)
    result = plan(shop, "--detailed-exitcode", "--json")
    assert result.code == 2, result.err
    document = json.loads(result.out)
    assert {each["action"] for each in document["changes"]} == {"create"}
    assert {each["concern"] for each in document["changes"]} >= {"network", "servers", "clients", "watching"}
    assert "other" not in {each["concern"] for each in document["changes"]}
    assert document["marks"] == []
    assert document["cost"]["unknown"] == []
    # Two instances of 3,000 MiB while a deploy runs, on one machine of 4 GiB.
    assert "HS671" in [each["code"] for each in document["diagnostics"]]
    assert [vpc["IsDefault"] for vpc in aws.client("ec2").describe_vpcs()["Vpcs"]] == [True]
    parameters = aws.client("ssm").describe_parameters()["Parameters"]
    assert [each["Name"] for each in parameters if not each["Name"].startswith("/aws/")] == []


def test_who_holds_the_state_and_how_to_take_the_lock_away(aws: moto.Moto, shop: Path) -> None:
    make_bucket(aws, shop)
    key = "shop/production.tfstate.tflock"
    aws.client("s3").put_object(Bucket="shop-state", Key=key, Body=json.dumps(LOCK).encode())
    result = plan(shop)
    aws.client("s3").delete_object(Bucket="shop-state", Key=key)
    assert result.code == 3, result.err
    assert "maria@build-7 is changing this environment (apply), since 2026-02-12 13:56:55" in result.err
    assert "force-unlock 37972047-066d-89cf-2b15-a13aee4d0550" in result.err


def test_without_credentials_it_says_how_to_log_in(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = plan(shop)
    assert result.code == 69
    assert "credentials" in result.err
    assert "aws sso login" in result.err or "aws configure sso" in result.err
