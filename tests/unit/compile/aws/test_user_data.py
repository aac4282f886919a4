"""Terraform itself makes the user data, out of the file that is rendered; a shell then takes it apart."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from hashistack.compile.aws import compute
from hashistack.render import render
from hashistack.render.environment import source_of
from tests.unit.compile.aws.stacks import stack

# What other files say, for a Terraform that has no provider.
KNOWN = {
    "var.region": '"eu-west-1"',
    "aws_s3_bucket.snapshots.id": '"shop-production-snapshots-123456789012"',
    'terraform_data.image["server"].output': '"ami"',
    'terraform_data.image["client"].output': '"ami"',
}
FRAME = 'locals {\n  prefix = "shop-production"\n}\noutput "user_data" {\n  value = local.user_data\n}\n'


def evaluated(terraform: Path, folder: Path, script: bytes) -> dict[str, bytes]:
    """Return the user data of each role as EC2 gets it, with `script` as bootstrap.sh."""
    (nodes,) = (file for file in compute.artifacts(stack(), "x", "t") if file.path == "t/nodes.tf")
    text = render(nodes).content.decode()
    text = text[text.index("locals {") :]
    for name, value in sorted(KNOWN.items(), key=lambda known: -len(known[0])):
        text = text.replace(name, value)
    (folder / "nodes.tf").write_text(text + FRAME)
    (folder / "bootstrap.sh").write_bytes(script)
    (folder / "empty.tfrc").touch()
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": str(folder / "empty.tfrc")}
    for arguments in (["init", "-input=false"], ["apply", "-auto-approve"], ["output", "-json", "user_data"]):
        done = subprocess.run(
            [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return {role: base64.b64decode(data) for role, data in json.loads(done.stdout).items()}


def taken_apart(data: bytes, folder: Path) -> Path:
    """Run user data as cloud-init does, but for its last line, and return the folder that it fills."""
    text = gzip.decompress(data).decode().replace("/root/", f"{folder}/")
    assert text.count("exec sh bootstrap.sh boot ") == 1
    run = text.replace("exec sh bootstrap.sh boot ", ": ")
    subprocess.run(["sh", "-eu"], input=run, text=True, check=True)
    return folder / ".hashistack"


def lines(path: Path) -> dict[str, str]:
    """Return the settings of a node.env as a shell reads them."""
    names = re.findall("^([A-Za-z0-9_]+)=", path.read_text(), re.MULTILINE)
    shown = "; ".join(f'printf "%s\\0" "${name}"' for name in names)
    done = subprocess.run(["sh", "-c", f". {path}; {shown}"], capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.split("\0"), strict=False))


@pytest.fixture(scope="module")
def user_data(terraform: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return evaluated(terraform, tmp_path_factory.mktemp("terraform"), source_of("bootstrap.sh").read_bytes())


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_machine_is_told_what_it_is(role: str, user_data: dict[str, bytes], tmp_path: Path) -> None:
    folder = taken_apart(user_data[role], tmp_path)
    settings = lines(folder / "node.env")
    assert settings["ROLES"].split()[0] == role
    assert settings["PREFIX"] == "shop-production"
    assert settings["REGION"] == "eu-west-1"
    assert folder.stat().st_mode & 0o077 == 0


def test_the_script_comes_whole_but_for_its_comments(user_data: dict[str, bytes], tmp_path: Path) -> None:
    script = taken_apart(user_data["client"], tmp_path) / "bootstrap.sh"
    subprocess.run(["sh", "-n", script], check=True)
    original = source_of("bootstrap.sh").read_text().splitlines()
    wanted = [line for line in original if not re.match(r"\s*# (?!Ma)", line)]
    assert len(wanted) < len(original)
    assert script.read_text().splitlines() == wanted


def test_a_script_says_who_made_a_file(terraform: Path, tmp_path: Path) -> None:
    script = b"#!/bin/sh\n# gone\n  # gone too\n# Made by hashistack.\necho '# stays' # stays\n# More is gone\nexit\n"
    (tmp_path / "machine").mkdir()
    data = evaluated(terraform, tmp_path, script)["server"]
    shortened = (taken_apart(data, tmp_path / "machine") / "bootstrap.sh").read_text()
    assert shortened == "#!/bin/sh\n# Made by hashistack.\necho '# stays' # stays\nexit\n"


def test_user_data_fits(user_data: dict[str, bytes]) -> None:
    assert max(map(len, user_data.values())) <= 16_384
