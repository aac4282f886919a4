"""The scripts that run on machines: what can be said of them without running them."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from hashistack import pipeline
from hashistack.compile.aws.node_env import client_settings, common_settings, server_settings
from hashistack.compile.node_env import cluster_settings, host_settings
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import secrets_env
from hashistack.credentials.values import Found
from hashistack.model import Stack
from tests.conftest import program
from tests.unit.credentials.stacks import N1, NOW, Counted, stack

FOLDER = Path(__file__).parents[3] / "terraform"
SCRIPT = FOLDER / "bootstrap.sh"
OWN = FOLDER / "host.sh"
TEXT = SCRIPT.read_text()
BOTH = TEXT + OWN.read_text()

# EC2 takes 16,384 bytes of user data and unpacks gzip. Go packs a little worse than zlib (118 bytes in November 2026).
USER_DATA = 16_384
GO = 200
# The largest node.env that there may be; checksums and names do not pack well.
NODE_ENV = 1_200
AWS = """\
app: shop
image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop
processes:
  web: {command: ./web, port: 8000, health: /health, routes: [shop.example.com]}
environments:
  production: {target: aws, region: eu-west-1, domain: example.com, clients: {scale: {memory: 70}}}
"""


def aws() -> Stack:
    return pipeline.load(AWS.encode(), "hashistack.yaml").stacks[0]


def without_comments() -> str:
    """Return the script as user data has it: the same expression stands in terraform/aws/nodes.tf.j2."""
    nodes = (FOLDER / "aws" / "nodes.tf.j2").read_text()
    (expression,) = re.findall(r'^  script = replace\(file\(.*?\), "/(.*)/", ""\)$', nodes, re.MULTILINE)
    return re.sub(expression.replace("\\\\", "\\"), "", TEXT)


def words(variable: str) -> list[str]:
    """Return the words of one of the script's lists."""
    found = re.search(rf'^{variable}="([^"]*)"', TEXT, re.MULTILINE)
    assert found, variable
    return found[1].split()


def functions(text: str) -> dict[str, str]:
    """Return the functions of a script by name, configuration that they write left out."""
    code = re.sub(r"<<EOF\n.*?\nEOF\n", "<<EOF\n", text, flags=re.DOTALL)
    return dict(re.findall(r"^([a-z_]+)\(\) [{](.*?)(?:^[}]$|[}]$)", code, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
@pytest.mark.parametrize(
    "text", [TEXT, OWN.read_text(), without_comments()], ids=["whole", "own", "user data"]
)
def test_every_shell_reads_it(shell: str, text: str) -> None:
    """A syntax error would show only on a machine, and halfway."""
    command = [program(shell, "dash" if shell == "sh" else ""), "-n", "-s"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def shellcheck(text: str, *flags: str) -> str:
    command = [program("shellcheck"), "--shell=sh", *flags, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("text", [TEXT, OWN.read_text()], ids=["bootstrap.sh", "host.sh"])
def test_shellcheck_has_nothing_to_say(text: str) -> None:
    """All of its checks, also the optional style ones, apply."""
    assert shellcheck(text) == ""


def test_shellcheck_has_nothing_to_say_of_user_data() -> None:
    """What the script itself allows stands in comments, which are gone there."""
    allowed = {*re.findall(r"shellcheck disable=([SC\d,]+)", TEXT), "SC1090", "SC1091"}
    assert shellcheck(without_comments(), f"--exclude={','.join(sorted(allowed))}") == ""


def test_user_data_lack_nothing_but_comments() -> None:
    """Also none of those that it writes into files, but the line by which it knows what it made."""
    kept = [line for line in TEXT.splitlines() if not re.match(r"[ \t]*# (?!Made by hashistack)", line)]
    assert without_comments().splitlines() == kept
    assert without_comments().count("# Made by hashistack") == TEXT.count("# Made by hashistack")


def test_it_fits_into_user_data() -> None:
    """The same script is to start a machine in EC2, where it cannot be uploaded first."""
    assert len(gzip.compress(without_comments().encode(), 6)) + GO + NODE_ENV <= USER_DATA


def test_terraform_makes_it_fit(tmp_path: Path, terraform: Path) -> None:
    """As Terraform itself packs it; base64 has four characters for three bytes."""
    (tmp_path / "script").write_text(without_comments())
    packed = subprocess.run(
        [terraform, "console"],
        cwd=tmp_path,
        input='length(base64gzip(file("${path.module}/script")))',
        capture_output=True,
        text=True,
        check=False,
    )
    assert packed.returncode == 0, packed.stderr
    assert int(packed.stdout) * 3 // 4 + NODE_ENV <= USER_DATA


def test_it_reads_exactly_what_it_is_told() -> None:
    """Other code writes the settings and the secrets of a machine: the names are the same there and here."""
    made = stack(N1)
    host = made.environment.hosts[0]
    told = {*dict(cluster_settings(made)), *dict(host_settings(made.environment, host))}
    told |= {*dict(common_settings(aws())), *dict(server_settings(aws())), *dict(client_settings(aws()))}
    secrets = secrets_env(host, complete(Found(), made, NOW, Counted()).credentials).reveal()
    assert sorted(words("SETTINGS")) == sorted([*told, "ADOPT"])
    assert sorted(words("SECRETS")) == sorted(re.findall(r"^(\w+)=", secrets, re.MULTILINE))


def test_every_setting_is_used() -> None:
    """A setting that nothing reads would be a promise that is not kept."""
    code = re.sub(r'^[A-Z]+="[^"]*"$', "", BOTH, flags=re.MULTILINE)
    for name in (*words("SETTINGS"), *words("SECRETS"), *words("TOKENS")):
        assert re.sub("(SHA256_).*", r"\1", name) in code, name


def test_it_reads_like_a_story() -> None:
    """No function is longer than a screen, and `main` is the last of them."""
    bodies = functions(TEXT) | functions(OWN.read_text())
    long = {name: lines for name, body in bodies.items() if (lines := body.count("\n")) > 30}
    assert len(bodies) > 50
    assert long == {}
    assert TEXT.endswith('\nmain "$@"\n')
    assert list(functions(TEXT))[-1] == "main"


def test_a_machine_in_ec2_needs_only_its_half() -> None:
    """It has no host.sh: what that defines is called for other machines only, or by verbs that are not for it."""
    own = set(functions(OWN.read_text()))
    calls = {
        (name, line.strip())
        for name, body in functions(TEXT).items()
        for line in body.splitlines()
        if own & set(re.findall(r"\w+", line.split("#")[0])) and "on_ec2 ||" not in line
    }
    assert {name for name, _ in calls} == {"main"}, calls


def test_no_secret_can_be_an_argument() -> None:
    """Whoever may list processes can read command lines: no program is started with a token among its arguments."""
    secret = r"\$\{?(?:\w+_TOKEN|TLS_\w+|\w+_GOSSIP_KEY)"
    builtins = r"(?:! is_server \|\| )?(?:printf|echo|case|if (?:on_ec2 && )?\[|\[)|\S+\(\) \{ ask_with_token"
    # Functions of the script, which are no programs, and hand a token to curl's stdin.
    ours = r"(?:ask_with_token|save_snapshot)"
    code = re.sub(r"cat <<EOF\n.*?\nEOF\n", "", BOTH, flags=re.DOTALL)
    lines = [line.strip() for line in code.splitlines() if re.search(secret, line)]
    assert len(lines) > 10
    assert [
        line for line in lines if not re.match(builtins, line) and not re.search(f"{ours} .*{secret}", line)
    ] == []
