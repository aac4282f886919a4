"""The script that runs on every machine: what can be said of it without running it."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hashistack.compile.node_env import cluster_settings, host_settings
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import secrets_env
from hashistack.credentials.values import Found
from tests.unit.credentials.stacks import N1, NOW, Counted, stack

SCRIPT = Path(__file__).parents[3] / "terraform" / "bootstrap.sh"
TEXT = SCRIPT.read_text()

# EC2 takes 16,384 bytes of user data and unpacks gzip: room for the script without its comments and for a node.env.
USER_DATA = 16_384
NODE_ENV = 1_000


def words(variable: str) -> list[str]:
    """Return the words of one of the script's lists."""
    found = re.search(rf'^{variable}="([^"]*)"', TEXT, re.MULTILINE)
    assert found, variable
    return found[1].split()


def functions() -> dict[str, str]:
    """Return the functions of the script by name, configuration that they write left out."""
    code = re.sub(r"<<EOF\n.*?\nEOF\n", "<<EOF\n", TEXT, flags=re.DOTALL)
    return dict(re.findall(r"^([a-z_]+)\(\) [{](.*?)(?:^[}]$|[}]$)", code, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_every_shell_reads_it(shell: str) -> None:
    """A syntax error would show only on a machine, and halfway."""
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run([shell, "-n", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_shellcheck_has_nothing_to_say() -> None:
    """All of its checks, also the optional style ones, apply."""
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not here; on Debian: apt-get install shellcheck")
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_fits_into_user_data() -> None:
    """The same script is to start a machine in EC2, where it cannot be uploaded first."""
    code = "".join(line for line in TEXT.splitlines(keepends=True) if not re.match(r" *#( |$)", line))
    assert len(gzip.compress(code.encode(), 9)) + NODE_ENV <= USER_DATA


def test_it_reads_exactly_what_it_is_told() -> None:
    """Other code writes the settings and the secrets of a machine: the names are the same there and here."""
    made = stack(N1)
    host = made.environment.hosts[0]
    told = {**dict(cluster_settings(made)), **dict(host_settings(made.environment, host))}
    secrets = secrets_env(host, complete(Found(), made, NOW, Counted()).credentials).reveal()
    assert sorted(words("SETTINGS")) == sorted([*told, "ADOPT"])
    assert sorted(words("SECRETS")) == sorted(re.findall(r"^(\w+)=", secrets, re.MULTILINE))


def test_every_setting_is_used() -> None:
    """A setting that nothing reads would be a promise that is not kept."""
    code = re.sub(r'^[A-Z]+="[^"]*"$', "", TEXT, flags=re.MULTILINE)
    for name in (*words("SETTINGS"), *words("SECRETS"), *words("TOKENS")):
        assert re.sub("(SHA256_).*", r"\1", name) in code, name


def test_it_reads_like_a_story() -> None:
    """No function is longer than a screen, and `main` is the last of them."""
    bodies = functions()
    long = {name: lines for name, body in bodies.items() if (lines := body.count("\n")) > 30}
    assert len(bodies) > 50
    assert long == {}
    assert TEXT.endswith('\nmain "$@"\n')
    assert list(bodies)[-1] == "main"


def test_no_secret_can_be_an_argument() -> None:
    """Whoever may list processes can read command lines: no program is started with a token among its arguments."""
    secret = r"\$\{?(?:\w+_TOKEN|TLS_\w+|\w+_GOSSIP_KEY)"
    builtins = r"(?:! is_server \|\| )?(?:printf|echo|if \[|\[)|\S+\(\) \{ ask_with_token"
    # Functions of the script, which are no programs, and hand a token to curl's stdin.
    ours = r"(?:ask_with_token|save_snapshot)"
    code = re.sub(r"cat <<EOF\n.*?\nEOF\n", "", TEXT, flags=re.DOTALL)
    lines = [line.strip() for line in code.splitlines() if re.search(secret, line)]
    assert len(lines) > 10
    assert [
        line for line in lines if not re.match(builtins, line) and not re.search(f"{ours} .*{secret}", line)
    ] == []
