"""The script that runs on every machine: what can be said of it without running it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "terraform" / "bootstrap.sh"
TEXT = SCRIPT.read_text()

NODE_ENV = """
    CLUSTER NODE_NAME ADDRESS ROLES RACK POOL DATACENTER SERVERS SERVER_COUNT NOMAD_VERSION CONSUL_VERSION SOFTWARE_FROM
    SOFTWARE_URL NOMAD_SHA256_amd64 NOMAD_SHA256_arm64 CONSUL_SHA256_amd64 CONSUL_SHA256_arm64 IMAGES_MIRROR FIREWALL HOSTS
    SSH_PORT INGRESS_PORTS VIP VIP_PEERS VIP_PRIORITY SNAPSHOT_EVERY SNAPSHOT_KEEP VOLUMES ADOPT
""".split()
SECRETS_ENV = """
    TLS_CA TLS_CERT TLS_KEY CONSUL_GOSSIP_KEY NOMAD_GOSSIP_KEY CONSUL_AGENT_TOKEN CONSUL_DNS_TOKEN CONSUL_NOMAD_TOKEN
    CONSUL_SNAPSHOT_TOKEN
""".split()
NOMAD_ENV = ["NOMAD_NODE_TOKEN", "NOMAD_SNAPSHOT_TOKEN"]
# EC2 takes 16,384 bytes of user data, and unpacks gzip: the script and a node.env must fit in together.
USER_DATA = 16_384
ROOM_FOR_NODE_ENV = 1_000


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
    """The same bytes are to start a machine in EC2."""
    packed = subprocess.run(["gzip", "-9", "-c", str(SCRIPT)], capture_output=True, check=True).stdout
    assert len(packed) + ROOM_FOR_NODE_ENV <= USER_DATA


def test_it_reads_exactly_these_settings() -> None:
    """What a machine is told is written by other code, from the same list."""
    assert words("SETTINGS") == NODE_ENV
    assert words("SECRETS") == SECRETS_ENV
    assert words("TOKENS") == NOMAD_ENV


def test_every_setting_is_used() -> None:
    """A setting that nothing reads would be a promise that is not kept."""
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+(?:_(?=\$))?)", TEXT)) | set(re.findall(r"([A-Z]+_SHA256)_\$", TEXT))
    wanted = {re.sub(r"_(amd64|arm64)$", "", name) for name in [*NODE_ENV, *SECRETS_ENV, *NOMAD_ENV]}
    assert wanted - {name.rstrip("_") for name in used} == set()


def test_it_reads_like_a_story() -> None:
    """No function is longer than a screen, and `main` is the last of them."""
    bodies = functions()
    long = {name: lines for name, body in bodies.items() if (lines := body.count("\n")) > 31}
    assert len(bodies) > 50
    assert long == {}
    assert TEXT.endswith('\nmain "$@"\n')
    assert list(bodies)[-1] == "main"


def test_no_secret_can_be_an_argument() -> None:
    """Whoever may list processes can read command lines: a token is written to stdin or to a file, by a builtin."""
    builtins = r"(?:printf|echo|eval|load|\[|case)\b"
    secret = r"\$\{?(?:CONSUL_\w+_TOKEN|NOMAD_\w+_TOKEN|TLS_KEY|\w+_GOSSIP_KEY)"
    code = re.sub(r"cat <<EOF\n.*?\nEOF\n", "", TEXT, flags=re.DOTALL)
    # Functions of the script are no processes, and these hand a token on to curl's stdin.
    ours = r"(?:ask_with_token|ask_nomad|save_snapshot|yes_or_no)\b"
    lines = [line.strip() for line in code.splitlines() if re.search(secret, line)]
    told = [line for line in lines if not re.search(builtins, line) and not re.search(ours, line)]
    assert lines
    assert told == []
