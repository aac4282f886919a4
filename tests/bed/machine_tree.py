"""What the machines start from: a bare Debian tree, and the packages that one may install on top of it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bed import debian
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import say

SUITE = "bookworm"
ADMIN = "admin"
BARE = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo"),
    *("iproute2", "iputils-ping", "ca-certificates", "curl", "procps", "kmod"),
)
ON_OFFER = (
    *("docker.io", "containernetworking-plugins", "iptables", "nftables", "keepalived"),
    *("dnsmasq", "dnsmasq-base", "systemd-resolved", "unzip", "jq", "openssl"),
    *("dmidecode", "amazon-ecr-credential-helper"),  # on EC2
)

# Host keys are made when a machine first boots, as an installer does, so that no two machines share theirs.
_HOST_KEYS = """[Unit]
Description=Make the SSH host keys of this machine
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
"""
# nspawn mounts a cgroup v1 hierarchy read-only; Docker and Nomad make groups of their own.
_CGROUPS = """[Unit]
Description=Make the control groups writable, as on a machine of its own
DefaultDependencies=no
Before=sysinit.target
StartLimitIntervalSec=0
[Service]
Type=oneshot
Restart=on-failure
RestartSec=200ms
ExecStart=/bin/sh -c 'for one in /sys/fs/cgroup /sys/fs/cgroup/*/; do mount -o remount,rw,bind "$$one" || true; done'
[Install]
WantedBy=sysinit.target
"""
_UNITS = {"bed-host-keys.service": _HOST_KEYS, "bed-cgroups.service": _CGROUPS}
_HOOKS = (
    'mkdir -p "$1/etc/systemd/system"',
    'cp units/* "$1/etc/systemd/system/"',
    *(f'chroot "$1" systemctl enable {unit}' for unit in _UNITS),
    'rm -f "$1"/etc/ssh/ssh_host_*',
    f'chroot "$1" useradd --create-home --shell /bin/bash {ADMIN}',
    f'echo "{ADMIN} ALL=(ALL) NOPASSWD:ALL" > "$1/etc/sudoers.d/{ADMIN}"',
    # Empty but there: systemd takes the machine's id from nspawn and calls it a first boot otherwise.
    ': > "$1/etc/machine-id"',
    f'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get install --yes --download-only {" ".join(ON_OFFER)}',
    'mkdir debs && cp "$1"/var/cache/apt/archives/*.deb debs/',
)


# A machine of the tests is thrown away: it need not outlive a power cut in the middle of an installation.
_FLAGS = ("--dpkgopt=force-unsafe-io",)


@dataclass(frozen=True, slots=True)
class Tree:
    """Name the two folders of a finished tree."""

    root: Path  # a machine's disk before its first boot; never booted itself
    debs: Path  # packages that are not in it, with all that they depend on


def ensure() -> Tree:
    """Return the tree, made once per recipe: about 60 s and 400 MB."""
    folder = cache_folder() / "machines" / fingerprint()
    with locked(folder.with_suffix(".lock")):
        if not folder.exists():
            say("making the Debian tree of the machines (a minute, once)")
            _make(folder)
    return Tree(folder / "root", folder / "debs")


def fingerprint() -> str:
    """Return a hash that is another one whenever the tree would come out differently."""
    recipe = (SUITE, BARE, ON_OFFER, _UNITS, _HOOKS, _FLAGS, debian.FLAGS)
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]


def _make(folder: Path) -> None:
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "units").mkdir(parents=True)
    for name, text in _UNITS.items():
        (unfinished / "units" / name).write_text(text)
    flags = [*_FLAGS, *(f"--customize-hook=cd {unfinished} && {hook}" for hook in _HOOKS)]
    debian.make_tree(unfinished / "root", BARE, suite=SUITE, flags=flags)
    unfinished.rename(folder)
