"""Valkey's start scripts against programs that do nothing: what is written for the server and for its Sentinel."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

JOBS = Path(__file__).parents[3] / "jobs" / "valkey"
OLD, NEW = "10.0.0.1", "10.0.0.9"
KNOWN = f"sentinel myid abc\nsentinel monitor main {OLD} 10000 {{}}\nsentinel known-sentinel main 10.0.0.2 10001 def\n"
# Every Sentinel names the old address, every server is a primary.
ANSWERS = f"""#!/bin/sh
case "$*" in
  *"sentinel master"*) printf 'ip\\n{OLD}\\nconfig-epoch\\n1\\n' ;;
  *replication*) echo role:master ;;
esac
"""
PORTS = {"NOMAD_PORT_client": "10000", "NOMAD_PORT_sentinel": "10001"}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def written(root: Path, script: str, file: str, nodes: int) -> list[str]:
    """Return the lines of the configuration with which a script starts its program, at the new address."""
    for folder in ("local", "alloc", "secrets", "data", "dev/shm", "bin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    peers = " ".join(
        f"{number}={NEW if number == 1 else f'10.0.0.{number}'}" for number in range(1, nodes + 1)
    )
    member = f"MEMBER_ID=1\nMEMBER_ROLE=resume\nMEMBER_ADDRESS={NEW}\nMEMBER_NODES={nodes}\n"
    (root / "alloc/member.env").write_text(f'{member}PEERS="{peers}"\n')
    (root / "secrets/node_password").write_text("secret")
    (root / "data/sentinel.conf").write_text(KNOWN.format(nodes // 2 + 1))
    for name, text in (("cli", ANSWERS), ("server", "#!/bin/sh\n"), ("sentinel", "#!/bin/sh\n")):
        (root / f"bin/valkey-{name}").write_text(text)
        (root / f"bin/valkey-{name}").chmod(0o755)
    for each in JOBS.glob("*.sh"):
        text = re.sub(r"(?<![\w.])/(local|alloc|secrets|data|dev/shm)/", rf"{root}/\1/", each.read_text())
        (root / "local" / each.name).write_text(text)
    environ = {"PATH": f"{root}/bin:{PATH}", "MAXMEMORY": "100mb", **PORTS}
    subprocess.run(["dash", str(root / "local" / script)], env=environ, check=True, timeout=30)
    return (root / file).read_text().splitlines()


@pytest.mark.parametrize(("nodes", "leader", "others"), [(1, NEW, False), (3, OLD, True)])
def test_only_a_sentinel_without_others_forgets_what_it_knew(
    tmp_path: Path, nodes: int, leader: str, others: bool
) -> None:
    lines = written(tmp_path, "sentinel.sh", "data/sentinel.conf", nodes)
    assert f"sentinel monitor main {leader} 10000 {nodes // 2 + 1}" in lines
    assert ("sentinel known-sentinel main 10.0.0.2 10001 def" in lines) == others


@pytest.mark.parametrize(("nodes", "follows"), [(1, False), (3, True)])
def test_a_single_node_is_primary_whatever_address_it_has(tmp_path: Path, nodes: int, follows: bool) -> None:
    lines = written(tmp_path, "start.sh", "dev/shm/valkey.conf", nodes)
    assert (f"replicaof {OLD} 10000" in lines) == follows
