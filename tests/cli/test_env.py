"""`hashistack env`: what a shell, nomad, consul and terraform are told."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.backends.credentials import CredentialsFolder
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import Access, terraform_variables
from hashistack.credentials.values import Found
from tests.cli.run import run

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes: {web: {command: ./web}}
environments:
  laptop: {target: local}
  factory:
    target: onprem
    ssh: {user: root}
    hosts:
      n1: {address: 127.0.0.1, roles: [server, client]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a descriptor, and the credentials of its factory in a folder with a blank in its name."""
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    stack = pipeline.load(DESCRIPTOR.encode(), "hashistack.yaml").stacks[0]
    credentials = complete(Found(), stack, datetime.now(UTC)).credentials
    state = CredentialsFolder(tmp_path / "my state" / "hashistack" / "shop@factory")
    state.write(credentials)
    state.write_variables(terraform_variables(stack, credentials, Access({"n1": ["ssh-ed25519 AAAA"]})))
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(folder / "my state"), "HOME": str(folder)}


def test_a_shell_reads_what_is_printed(folder: Path) -> None:
    result = run("env", "-e", "factory", cwd=folder, env=environ(folder))
    assert (result.code, result.err) == (0, "")
    state = folder / "my state" / "hashistack" / "shop@factory"
    script = f'{result.out}for f in "$NOMAD_CACERT" "$CONSUL_CLIENT_CERT" "$CONSUL_CLIENT_KEY"; do ls "$f"; done; env'
    shown = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout
    assert shown.startswith(f"{state}/ca.pem\n{state}/operator.pem\n{state}/operator-key.pem\n")
    told = dict(line.partition("=")[::2] for line in shown.splitlines())
    assert told["NOMAD_ADDR"] == "https://127.0.0.1:4646"
    assert told["CONSUL_HTTP_ADDR"] == "https://127.0.0.1:8501"
    assert {len(told["NOMAD_TOKEN"]), len(told["CONSUL_HTTP_TOKEN"])} == {36}
    for command in ("plan", "apply", "destroy"):
        assert told[f"TF_CLI_ARGS_{command}"] == f"-var-file='{state}/terraform.tfvars.json'"


def test_as_json(folder: Path) -> None:
    result = run("env", "-e", "factory", "--json", cwd=folder, env=environ(folder))
    variables = json.loads(result.out)["variables"]
    assert variables["NOMAD_ADDR"] == "https://127.0.0.1:4646"


def test_a_target_without_hosts_of_its_own_has_none(folder: Path) -> None:
    result = run("env", "-e", "laptop", cwd=folder, env=environ(folder))
    assert (result.code, result.out, "HS486" in result.err) == (64, "", True)


def test_broken_credentials_are_named_and_nothing_is_printed(folder: Path) -> None:
    file = folder / "my state/hashistack/shop@factory/credentials.json"
    file.write_text("{")
    result = run("env", "-e", "factory", cwd=folder, env=environ(folder))
    assert (result.code, result.out) == (1, "")
    assert f"HS480]: the credentials in {file} are broken" in result.err


def test_bootstrap_needs_hosts_and_credentials(folder: Path) -> None:
    assert "HS486" in run("bootstrap", "-e", "laptop", cwd=folder, env=environ(folder)).err
    nobody = {**environ(folder), "XDG_STATE_HOME": str(folder / "nowhere")}
    result = run("bootstrap", "-e", "factory", cwd=folder, env=nobody)
    assert (result.code, "HS471" in result.err) == (69, True)
