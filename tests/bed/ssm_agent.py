"""What stands for Session Manager: an agent that can be installed and does nothing, and the ``aws`` that relies on it.

``python -m tests.bed.ssm_agent BED ssm start-session …`` is that ``aws``; a tunnel of SSH does the agent's work.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.bed import factory
from tests.bed.machine import Machine
from tests.bed.mirror import ARCHITECTURE
from tests.bed.processes import run

PATHS = (f"/amazon-ssm-{{region}}/latest/debian_{ARCHITECTURE}/amazon-ssm-agent.deb",)
UNIT = "amazon-ssm-agent"
DOCUMENT = "AWS-StartPortForwardingSession"
ROOT = Path(__file__).parents[2]
_CONTROL = f"""Package: {UNIT}
Version: 3.3
Architecture: {ARCHITECTURE}
Maintainer: the tests <tests@example.com>
Description: stands for the agent of AWS Systems Manager
"""
_SERVICE = """[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""
_POSTINST = f"#!/bin/sh\nsystemctl enable --quiet --now {UNIT}\n"
_AWS = """#!/bin/sh
PYTHONPATH='{root}' exec '{python}' -m tests.bed.ssm_agent '{bed}' "$@"
"""


def package() -> bytes:
    """Return the agent as a Debian package."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in {
            "tree/DEBIAN/control": _CONTROL,
            "tree/DEBIAN/postinst": _POSTINST,
            f"tree/lib/systemd/system/{UNIT}.service": _SERVICE,
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        (folder / "tree/DEBIAN/postinst").chmod(0o755)
        (folder / "tree").chmod(0o755)
        target = folder / "agent.deb"
        run(["dpkg-deb", "--build", "--root-owner-group", str(folder / "tree"), str(target)])
        return target.read_bytes()


def put_programs(folder: Path, bed: str) -> None:
    """Put an ``aws`` that leads to the machines of the bed into the folder, and the plugin that the real one needs."""
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("aws", _AWS.format(root=ROOT, python=sys.executable, bed=bed)),
        ("session-manager-plugin", "#!/bin/sh\n"),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def main(bed: str, arguments: list[str]) -> int:
    """Open a tunnel and become it; 255 and AWS's words if the instance is not to be reached."""
    options = _parser().parse_args(arguments)
    ports = json.loads(options.parameters)
    if options.document_name != DOCUMENT or set(ports) != {"portNumber", "localPortNumber"}:
        sys.stderr.write(f"An error occurred (InvalidDocument): {options.document_name}, {sorted(ports)}\n")
        return 255
    machine = _machine(bed, options.target)
    if machine is None or machine.ssh(f"systemctl is-active {UNIT}").returncode:
        words = f"An error occurred (TargetNotConnected): {options.target} is not connected."
        sys.stderr.write(f"{words}\n")
        return 255
    forward = f"127.0.0.1:{ports['localPortNumber'][0]}:127.0.0.1:{ports['portNumber'][0]}"
    command = machine.ssh_command()
    os.execvp("ssh", [*command[:-1], "-N", "-o", "ExitOnForwardFailure=yes", "-L", forward, command[-1]])


def _machine(bed: str, instance: str) -> Machine | None:
    found = factory.find(bed)
    if found is None:
        return None
    known: dict[str, str] = json.loads((found.folder / "instances.json").read_text())
    return found.machine(known[instance]) if instance in known else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aws")
    parser.add_argument("service", choices=["ssm"])
    parser.add_argument("operation", choices=["start-session"])
    for name in ("--target", "--document-name", "--parameters"):
        parser.add_argument(name, required=True)
    parser.add_argument("--region")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
