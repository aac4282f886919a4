"""Commands for an environment in AWS, as far as they come without an account."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashistack.diagnostics import Exit
from tests.cli.run import run

DESCRIPTOR = """\
app: shop
image: example.com/shop:1
processes: {web: {command: ./web}}
environments:
  production: {target: aws, region: eu-west-1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hashistack.yaml").write_text(DESCRIPTOR)
    return tmp_path


@pytest.mark.parametrize("command", ["up", "down", "upgrade"])
def test_nobody_is_there_to_agree(folder: Path, command: str) -> None:
    result = run(command, cwd=folder, env={"HOME": str(folder)})
    assert result.code == Exit.USAGE
    assert f"error[HS632]: {command} changes an account of AWS" in result.err
    assert f"`hashistack {command} -e production --yes`" in result.err
    assert not (folder / "stack").exists()


@pytest.mark.parametrize("command", ["up --yes", "plan", "env", "bootstrap", "status", "backup"])
def test_without_credentials_of_aws(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    result = run(*command.split(), cwd=folder, env={"HOME": str(folder)})
    assert result.code == Exit.UNAVAILABLE
    assert "error[HS620]: no credentials of AWS" in result.err
    assert "AWS_PROFILE=<name>" in result.err
