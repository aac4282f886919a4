"""terraform/bootstrap.sh with host.sh on one bare machine: what it refuses, what it leaves alone and what behind."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from hashistack import pipeline
from hashistack.compile.node_env import cluster_settings, host_settings
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import secrets_env
from hashistack.credentials.values import Found
from hashistack.model import Stack
from tests.bed import factory
from tests.bed.factory import Factory
from tests.bed.machine import Machine
from tests.conftest import needed

SCRIPTS = [Path(__file__).parents[2] / "terraform" / name for name in ("bootstrap.sh", "host.sh")]
INSTALLED = "/usr/local/lib/hashistack/bootstrap.sh"
OWN = "/usr/local/lib/hashistack/host.sh"
# What is there when a machine was left alone: logs and caches are not asked for.
INVENTORY = """
left='/proc /sys /run /tmp /root /var/log /var/cache /var/tmp /var/lib/apt /var/lib/dpkg /var/lib/ucf'
find / -xdev $(printf -- '-path %s -prune -o ' $left) -print | sed 's/^/file /'
dpkg-query -W -f 'package ${Package} ${db:Status-Abbrev}\\n'
systemctl list-unit-files --no-legend | awk '{ print "unit", $1, $2 }'
getent passwd | sed 's/:.*//; s/^/user /'
getent group | sed 's/:.*//; s/^/group /'
ip -brief link | awk '{ print "link", $1 }'
awk '{ print "mount", $2 }' /proc/mounts
sed 's/^/resolv /' /etc/resolv.conf
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """A machine that is to become a cluster of one, and what there was on it before."""

    machine: Machine
    stack: Stack
    secrets: str
    mirror: str
    before: set[str] = field(default_factory=set, repr=False)

    def settings(self, **changes: str) -> str:
        """Return the node.env of the machine, with some values changed."""
        environment = self.stack.environment
        host = environment.hosts[0]
        told = {**dict(cluster_settings(self.stack)), **dict(host_settings(environment, host)), "ADOPT": ""}
        return "".join(f"{name}='{value}'\n" for name, value in {**told, **changes}.items())

    def upload(self, files: Mapping[str, str]) -> None:
        """Put the scripts and files where Terraform would."""
        folder = self.machine.disk / "root" / ".hashistack"
        folder.mkdir(mode=0o700, exist_ok=True)
        for script in SCRIPTS:
            shutil.copy(script, folder)
        for name, text in files.items():
            (folder / name).write_text(text)

    def check(self, **changes: str) -> CompletedProcess[str]:
        """Ask whether anything stands in the way."""
        self.upload({"node.env": self.settings(**changes)})
        return self.machine.ssh("sh .hashistack/bootstrap.sh check")

    def install(self, **changes: str) -> CompletedProcess[str]:
        """Install, as Terraform does."""
        self.upload({"node.env": self.settings(**changes)})
        return self.machine.ssh("sh .hashistack/bootstrap.sh install", seconds=300)

    def start(self) -> CompletedProcess[str]:
        """Start the agents, as Terraform does."""
        self.upload({"secrets.env": self.secrets})
        return self.machine.ssh("sh .hashistack/bootstrap.sh start", seconds=300)

    def inventory(self) -> set[str]:
        """Return a line for all that could be left behind."""
        return set(self.machine.run(INVENTORY).splitlines())

    def pids(self, *units: str) -> list[str]:
        """Return the main process of each unit."""
        return self.machine.run(f"systemctl show --property MainPID --value {' '.join(units)}").split()


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    """Return one booted machine with nothing of ours on it."""
    with ExitStack() as stack:
        with needed():
            bed = stack.enter_context(factory.running(count=1))
        machine = bed.machine("h1")
        made = _stack(bed, machine)
        credentials = complete(Found(), made, datetime.now(UTC)).credentials
        secrets = secrets_env(made.environment.hosts[0], credentials).reveal()
        yield Bare(machine, made, secrets, bed.mirror, Bare(machine, made, secrets, bed.mirror).inventory())


def _stack(bed: Factory, machine: Machine) -> Stack:
    sums = "".join(f"        {name}: {checksum}\n" for name, checksum in bed.checksums().items())
    text = f"""\
app: shop
image: example.com/shop:1
processes:
  web: {{command: ./web, port: 8000, health: /health, routes: [shop.factory.lan]}}
environments:
  factory:
    target: onprem
    domain: shop.factory.lan
    hosts:
      h1: {{address: {machine.address}, roles: [server, client, ingress], volumes: {{data: /srv/data}}}}
    software:
      mirror: {bed.mirror}
      checksums:
{sums}"""
    return pipeline.load(text.encode(), "hashistack.yaml").stacks[0]


# What a machine can be like: how it comes to be so, how it is undone, the error and a word of the fix.
TROUBLE = {
    "port": (
        "systemd-run --quiet --unit=taker /usr/sbin/sshd -D -p 4646 && sleep 0.5",
        "systemctl stop taker",
        r"port 4646 \(tcp\) is taken by sshd \(pid \d+\)",
        "systemctl disable --now sshd",
    ),
    "unit": (
        "echo '[Service]' >/etc/systemd/system/nomad.service",
        "rm /etc/systemd/system/nomad.service",
        "there is a nomad here that hashistack did not make: the unit /etc/systemd/system/nomad.service",
        "--adopt",
    ),
    "process": (
        "cp /bin/sleep /tmp/consul && systemd-run --quiet --unit=other /tmp/consul 99",
        "systemctl stop other; rm /tmp/consul",
        r"there is a consul here that hashistack did not make: the process \d+",
        "--adopt",
    ),
    "folder": (
        "mkdir -p /opt/consul/raft",
        "rm -r /opt/consul",
        "there is a consul here that hashistack did not make: the folder /opt/consul",
        "--adopt",
    ),
    "cluster": (
        "mkdir -p /var/lib/hashistack && echo blog-factory >/var/lib/hashistack/cluster",
        "rm -r /var/lib/hashistack",
        "there is data of the cluster blog-factory here",
        "--purge",
    ),
    "system": (
        "echo 'ID=fedora VERSION_ID=41' >/run/other && mount --bind /run/other /usr/lib/os-release",
        "umount /usr/lib/os-release",
        "fedora 41 is not supported",
        "Debian 12",
    ),
    "room": (
        "mount -t tmpfs -o size=100m tmpfs /opt",
        "umount /opt",
        r"only \d+ MiB free in /opt",
        "2048 MiB",
    ),
    "docker": (
        "mkdir /etc/docker && echo '{\"debug\": true}' >/etc/docker/daemon.json",
        "rm -r /etc/docker",
        "Docker must be restarted with other settings than /etc/docker/daemon.json",
        "moved aside",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_it_refuses(bare: Bare, trouble: str) -> None:
    """Each trouble is named with its way out, in two lines, and nothing is changed."""
    make, undo, error, fix = TROUBLE[trouble]
    bare.machine.run(make)
    try:
        done = bare.check()
    finally:
        bare.machine.run(undo)
    lines = done.stderr.splitlines()
    found = [at for at, line in enumerate(lines) if re.search(f"^hashistack: error: {error}", line)]
    assert done.returncode == 1, done.stderr
    assert len(found) == 1, done.stderr
    assert lines[found[0] + 1].startswith("hashistack: fix: ")
    assert fix in lines[found[0] + 1]
    assert bare.inventory() ^ bare.before == set()


def test_it_shows_all_problems_together(bare: Bare) -> None:
    """Whoever repairs a machine wants to do it once."""
    make, undo, *_ = TROUBLE["port"]
    bare.machine.run(make)
    try:
        done = bare.check(ADDRESS="192.0.2.1")
    finally:
        bare.machine.run(undo)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert [re.sub(r"\d{3,}\)", "N)", line) for line in errors] == [
        "hashistack: error: 192.0.2.1 is not an address of this machine",
        "hashistack: error: port 4646 (tcp) is taken by sshd (pid N)",
    ]


def test_it_finds_nothing_on_a_bare_machine(bare: Bare) -> None:
    """The checks do not refuse what is right."""
    done = bare.check()
    assert (done.returncode, done.stdout) == (0, "hashistack: nothing stands in the way on h1\n")


def test_a_program_in_a_container_is_no_agent_of_the_machine(bare: Bare) -> None:
    """Jobs ask Consul with its own program; a container is a namespace of processes."""
    bare.machine.run("cp /bin/sleep /tmp/consul")
    bare.machine.run("systemd-run --quiet --unit=inside unshare --fork --pid --mount-proc /tmp/consul 99")
    try:
        bare.machine.run("until pgrep -x consul; do sleep 0.1; done")
        done = bare.check()
    finally:
        # The first process of a namespace does not hear a polite word, for which systemd would wait 90 s.
        bare.machine.run("systemctl kill --signal=KILL inside; rm /tmp/consul")
    assert done.returncode == 0, done.stderr


def test_it_wants_root(bare: Bare) -> None:
    """It says so before it tries anything."""
    bare.upload({"node.env": bare.settings()})
    bare.machine.run("cp -r .hashistack /home/admin/ && chown -R admin /home/admin/.hashistack")
    done = bare.machine.ssh("sh .hashistack/bootstrap.sh check; rm -r .hashistack", user="admin")
    assert "hashistack: error: this must be run as root" in done.stderr


@pytest.mark.parametrize(
    "line", ["X='1'; touch /root/ran", "X=$(touch /root/ran)", "touch /root/ran", "X='a''b'"]
)
def test_settings_are_no_program(bare: Bare, line: str) -> None:
    """They are read by a shell as root: nothing but an assignment of a quoted text is let through."""
    bare.upload({"node.env": f"{bare.settings()}{line}\n"})
    done = bare.machine.ssh("sh .hashistack/bootstrap.sh check; test ! -e /root/ran")
    assert done.returncode == 0, "the line was run"
    assert "node.env has a line that is not NAME='value'" in done.stderr


def test_a_quote_in_a_setting_is_a_quote(bare: Bare) -> None:
    """Terraform writes it as it must be written for a shell."""
    done = bare.check(RACK="it'\\''s")
    assert done.returncode == 0, done.stderr


def test_a_wrong_checksum_stops_it_before_the_file_is_used(bare: Bare) -> None:
    """The message has all that one needs to decide who is wrong; the file is gone."""
    version = bare.stack.environment.software.consul if bare.stack.environment.software else ""
    zip_name, wrong = f"consul_{version}_linux_amd64.zip", "0" * 64
    done = bare.install(CONSUL_SHA256_amd64=wrong)
    assert done.returncode == 1, done.stdout
    url = re.escape(f"{bare.mirror}/consul/{version}/{zip_name}")
    assert re.search(
        f"{zip_name} has the wrong checksum: expected {wrong}, found [0-9a-f]{{64}} in {url}", done.stderr
    )
    bare.machine.run(
        f'test ! -e /var/cache/hashistack/{zip_name} && test -z "$(ls /usr/local/lib/hashistack/bin)"'
    )


def test_the_next_run_finishes_it_and_the_one_after_changes_nothing(bare: Bare) -> None:
    """Installing is done once; the same again takes a moment and restarts nothing."""
    first = bare.install()
    assert first.returncode == 0, first.stderr
    units = ("docker", "hashistack-dns")
    running, began = bare.pids(*units), time.monotonic()
    again = bare.install()
    assert time.monotonic() - began < 5
    assert (again.returncode, again.stdout) == (0, "hashistack: h1 has all that its agents need\n"), (
        again.stderr
    )
    assert bare.pids(*units) == running


def test_agents_are_started_once(bare: Bare) -> None:
    """Only what changed is restarted: a rack is Nomad's business, not Consul's."""
    first = bare.start()
    assert first.returncode == 0, first.stdout + first.stderr
    running = bare.pids("consul", "nomad")
    assert bare.start().returncode == 0
    assert bare.pids("consul", "nomad") == running
    assert bare.install(RACK="b").returncode == 0
    assert bare.pids("consul", "nomad") == running
    assert bare.start().returncode == 0
    consul, nomad = bare.pids("consul", "nomad")
    assert consul == running[0]
    assert nomad != running[1]


def test_secrets_are_only_where_they_belong(bare: Bare) -> None:
    """No process shows one, no log has one, no file that others may read holds one."""
    secrets = re.findall(r"_(?:TOKEN|KEY)='([^']+)'", bare.secrets)
    assert len(secrets) == 7
    patterns = "\n".join(secret[:60] for secret in secrets)
    (bare.machine.disk / "root" / "patterns").write_text(patterns)
    told = bare.machine.ssh("(ps -eo args; journalctl; cat /proc/*/environ) 2>&1 | grep -aFc -f patterns")
    assert told.stdout == "0\n"
    readable = (
        "find /etc /usr/local /var /opt -xdev -type f -perm /o=r -print0 | xargs -0 grep -lFsf patterns"
    )
    assert bare.machine.ssh(readable).stdout == ""
    assert bare.machine.run("stat -c '%a %U %G' /etc/hashistack/secrets.env /etc/consul.d/secrets.hcl").split(
        "\n"
    ) == [
        "600 root root",
        "640 root consul",
        "",
    ]


def test_the_report_is_facts_only(bare: Bare) -> None:
    """It is read by another program, and by people whom secrets do not concern."""
    report = bare.machine.run(f"{INSTALLED} report")
    facts = dict(re.findall(r"^([A-Z][A-Za-z_]*)='(.*)'$", report, re.MULTILINE))
    assert len(facts) == len(report.splitlines())
    assert {
        name: facts[name] for name in ("HOST_NAME", "OS", "UNIT_consul", "UNIT_nomad", "CONSUL_LEADER")
    } == {
        "HOST_NAME": "h1",
        "OS": "debian 12",
        "UNIT_consul": "active",
        "UNIT_nomad": "active",
        "CONSUL_LEADER": "yes",
    }
    assert not [secret for secret in re.findall(r"='([^']+)'", bare.secrets) if secret in report]


def test_resolv_conf_is_put_right_again(bare: Bare) -> None:
    """A DHCP client writes it anew, and only while dnsmasq runs does our line stand in it."""
    first = "nameserver 127.0.0.1"
    bare.machine.run("echo nameserver 192.0.2.53 >/etc/resolv.conf && sleep 1")
    assert bare.machine.run("sed -n 2,3p /etc/resolv.conf") == f"{first}\nnameserver 192.0.2.53\n"
    bare.machine.run("systemctl stop hashistack-dns")
    assert bare.machine.run("cat /etc/resolv.conf") == "nameserver 192.0.2.53\n"
    gateway = next(line for line in bare.before if line.startswith("resolv nameserver"))
    bare.machine.run(
        f"systemctl start hashistack-dns; echo '{gateway.removeprefix('resolv ')}' >/etc/resolv.conf"
    )


def test_removal_leaves_nothing(bare: Bare) -> None:
    """No file, unit, package, user, link or mount more than before; and to do it twice is no mistake."""
    bare.machine.run("touch /etc/hashistack/purge && rmdir /srv/data")  # a volume stays, whatever is asked
    bare.machine.run(f"cp {INSTALLED} {OWN} /root/ && sh /root/bootstrap.sh remove", seconds=200)
    assert bare.inventory() ^ bare.before == set()
    assert (
        bare.machine.run("sh /root/bootstrap.sh remove")
        == "hashistack: there is nothing of hashistack here\n"
    )


def test_an_adopted_machine_gets_back_what_it_had(bare: Bare) -> None:
    """The other agent's folders are moved aside, and Docker's settings come back at the end."""
    bare.machine.run(
        "mkdir -p /etc/docker /opt/nomad && echo '{}' >/etc/docker/daemon.json && touch /opt/nomad/theirs"
    )
    done = bare.install(ADOPT="1")
    assert done.returncode == 0, done.stderr
    bare.machine.run("test -e /opt/nomad.before-hashistack/theirs && test ! -e /opt/nomad/theirs")
    bare.machine.run(f"{INSTALLED} remove", seconds=200)
    assert bare.machine.run("cat /etc/docker/daemon.json") == "{}\n"
