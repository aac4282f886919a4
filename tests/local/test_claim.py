"""Who is which member of a cluster: the real script against a real Consul, a process for each node."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bed import processes
from tests.bed.network import free_ports
from tests.conftest import needed
from tests.local.api import get, until
from tests.tools import build

SCRIPTS = Path(__file__).parents[2] / "jobs" / "_member"


@dataclass
class Node:
    """A machine with a disk of its own; `claim` is what runs before the engine starts."""

    folder: Path
    environ: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def disk(self) -> Path:
        return self.folder / "data"

    def claim(self) -> subprocess.Popen[str]:
        """Start to find out which member this is."""
        return self._start("claim")

    def formed(self) -> subprocess.Popen[str]:
        """Start what tells the others that there is a cluster."""
        return self._start("formed")

    def member(self) -> dict[str, str]:
        """Return what the engine reads."""
        command = f'set -a; . "{self.folder}/alloc/member.env"; env'
        said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
        return dict(line.split("=", 1) for line in said.splitlines() if line.startswith(("MEMBER_", "PEERS")))

    def hears(self, peers: str) -> None:
        """Do what Nomad does with the template of the members."""
        (self.folder / "local" / "peers").write_text(peers)

    def role_on_file(self) -> str:
        """Return the role that the engine would have with an empty disk."""
        text = (self.folder / "alloc" / "member.env").read_text()
        return str(re.findall("^MEMBER_ROLE=(.*)$", text, re.MULTILINE)[0])

    def use_disk(self) -> None:
        """Do what the engine does once its data is on the disk."""
        (self.disk / ".formed").touch()

    def _start(self, name: str) -> subprocess.Popen[str]:
        # In a container these folders stand at the root.
        script = re.sub(r"/(data|alloc|local)\b", rf"{self.folder}/\1", (SCRIPTS / f"{name}.sh").read_text())
        started = subprocess.Popen(
            ["sh", "-c", script],
            env=self.environ | {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(started)
        return started


@dataclass
class Nodes:
    """The machines of one test, whose cluster is called like the test."""

    folder: Path
    consul: str
    job: str
    made: dict[str, Node] = field(default_factory=dict)

    def node(self, name: str, count: int = 3, number: int = 0) -> Node:
        """Return the machine, made at the first call; `count` is how many members the cluster is to have."""
        folder = self.folder / name
        for each in ("data", "alloc", "local"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        environ = {
            "CONSUL_HTTP_ADDR": self.consul,
            "MEMBER_JOB": self.job,
            "MEMBER_ENGINE": "nats",
            "MEMBER_NODES": str(count),
            "MEMBER_UID": str(os.getuid()),
            "NODE": f"node-{name}",
            "ADDRESS": f"192.0.2.{number or ord(name[0])}",
        }
        before = self.made.get(name)  # of the same machine, with another address
        self.made[name] = Node(folder, environ, before.running if before else [])
        return self.made[name]

    def written(self) -> dict[str, str]:
        """Return what stands in Consul."""
        prefix = f"hashistack/{self.job}/"
        names = get(self.consul, f"/v1/kv/{prefix}?keys")
        values = (subprocess.check_output(self._consul("get", name), text=True) for name in names)
        return {
            name.removeprefix(prefix): value.rstrip("\n") for name, value in zip(names, values, strict=True)
        }

    def put(self, key: str, value: str) -> None:
        """Write a key, as another node or an operator did."""
        subprocess.check_output(self._consul("put", f"hashistack/{self.job}/{key}", value))

    def forget(self, key: str) -> None:
        """Delete a key and all below it, as an operator does."""
        subprocess.check_output(self._consul("delete", "-recurse", f"hashistack/{self.job}/{key}"))

    def end(self) -> None:
        """End what still waits."""
        for process in (each for node in self.made.values() for each in node.running):
            process.kill()
            process.wait()

    def _consul(self, *arguments: str) -> list[str]:
        return ["consul", "kv", arguments[0], f"-http-addr={self.consul}", *arguments[1:]]


@pytest.fixture(scope="module")
def consul(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a Consul of this module's own."""
    with needed():
        binary = build.ensure("consul")
    folder = tmp_path_factory.mktemp("consul")
    http, server, serf = free_ports(3)
    chosen = f"http = {http} server = {server} serf_lan = {serf} serf_wan = -1"
    ports = f"ports {{ {chosen} dns = -1 grpc = -1 grpc_tls = -1 }}"
    ports = ports.replace(" = ", "=").replace(" ", "\n")
    (folder / "ports.hcl").write_text(ports)
    command = [str(binary), "agent", "-dev", "-bind=127.0.0.1", f"-config-dir={folder}", "-log-level=warn"]
    pid = processes.start(command, folder / "log")
    address = f"http://127.0.0.1:{http}"
    try:
        processes.wait_for(lambda: _leads(address), seconds=30)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{build.folder_for_path(['consul'])}:{os.environ['PATH']}")
            yield address
    finally:
        processes.stop(pid, str(folder))


@pytest.fixture
def nodes(consul: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Nodes]:
    made = Nodes(tmp_path, consul, request.node.name.replace("_", "-"))
    yield made
    made.end()


def _leads(address: str) -> bool:
    try:
        return bool(get(address, "/v1/status/leader"))
    except OSError:
        return False


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for the end of a script and return what it said."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == status, said
    return said


def said_by(process: subprocess.Popen[str]) -> str:
    """Return the next line of a script that goes on."""
    assert process.stdout
    return process.stdout.readline()


def form(*members: Node) -> None:
    """Have all of them claim at the same moment, and the one that began have data."""
    for process in [member.claim() for member in members]:
        ended(process)
    first = next(member for member in members if member.member()["MEMBER_ROLE"] == "found")
    for member in (first, *members):
        member.use_disk()
        member.hears("")
        member.formed()
    until(lambda: first.role_on_file() != "found", 20)


def test_nodes_that_start_at_the_same_moment_give_one_founder(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    for process in [node.claim() for node in three]:
        ended(process)
    members = [node.member() for node in three]
    assert sorted(member["MEMBER_ROLE"] for member in members) == ["found", "join", "join"]
    assert sorted(member["MEMBER_ID"] for member in members) == ["1", "2", "3"]
    founder = next(member for member in members if member["MEMBER_ROLE"] == "found")
    assert nodes.written()["founder"] == founder["MEMBER_ID"]
    assert {member["PEERS"] for member in members} == {founder["PEERS"]}
    assert [peer.split("=")[0] for peer in founder["PEERS"].split()] == ["1", "2", "3"]
    own = {f"{member['MEMBER_ID']}={member['MEMBER_ADDRESS']}" for member in members}
    assert own == set(founder["PEERS"].split())


def test_nobody_begins_before_all_members_are_known(nodes: Nodes) -> None:
    waiting = nodes.node("a").claim()
    assert "took place 1" in said_by(waiting)
    assert "1 of 3 members are there: 1=192.0.2.97" in said_by(waiting)
    assert waiting.poll() is None
    assert "founder" not in nodes.written()


def test_a_cluster_has_formed_once_there_is_data(nodes: Nodes) -> None:
    node = nodes.node("a", count=1)
    ended(node.claim())
    node.hears("1=192.0.2.97")
    node.formed()
    assert "formed" not in nodes.written()
    node.use_disk()
    until(lambda: nodes.written().get("formed") == "1", 20)
    # A disk that is emptied from now on belongs to a node that joins.
    assert node.member()["MEMBER_ROLE"] == "resume"
    (node.disk / ".formed").unlink()
    until(lambda: node.member()["MEMBER_ROLE"] == "join", 10)


def test_a_disk_that_is_emptied_under_a_process_belongs_to_a_node_that_joins(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    ended(three[0].claim())
    assert three[0].member()["MEMBER_ROLE"] == "resume"
    (three[0].disk / ".formed").unlink()
    assert three[0].member()["MEMBER_ROLE"] == "join"


def test_the_others_hear_of_a_machine_that_took_the_place_of_one(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    before = three[0].member()
    three[0].hears("3=192.0.2.99\n\n1=192.0.2.97\n")  # a place is free: nobody knows yet whose it will be
    three[0].formed()
    time.sleep(3)
    assert three[0].member() == before
    three[0].hears("3=192.0.2.99\n1=192.0.2.97\n2=192.0.2.7\n")
    peers = {"PEERS": "1=192.0.2.97 2=192.0.2.7 3=192.0.2.99"}
    until(lambda: three[0].member() == before | peers, 40)


def test_who_comes_back_with_its_disk_goes_on(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    before = three[0].member()
    assert before["MEMBER_ROLE"] == "resume"  # the process alone is started again
    ended(three[0].claim())
    assert three[0].member() == before


def test_an_empty_disk_joins_in_its_old_place(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    founder = next(node for node in three if node.member()["MEMBER_ID"] == nodes.written()["founder"])
    place = founder.member()["MEMBER_ID"]
    for file in founder.disk.iterdir():
        file.unlink()
    ended(founder.claim())
    assert founder.member()["MEMBER_ROLE"] == "join"
    assert founder.member()["MEMBER_ID"] == place


def test_who_joins_a_cluster_waits_for_nobody(nodes: Nodes) -> None:
    form(*(nodes.node(name) for name in "abc"))
    nodes.forget("members/2")
    ended(nodes.node("d").claim())
    assert nodes.made["d"].member()["MEMBER_ID"] == "2"
    assert nodes.made["d"].member()["MEMBER_ROLE"] == "join"


def test_without_a_free_place_it_waits_and_names_who_has_them(nodes: Nodes) -> None:
    form(*(nodes.node(name) for name in "abc"))
    waiting = nodes.node("d").claim()
    said = said_by(waiting)
    assert "no place is free" in said
    assert all(f"192.0.2.{ord(name)}" in said for name in "abc")
    assert waiting.poll() is None
    nodes.forget("members/3")
    ended(waiting)
    assert nodes.made["d"].member()["MEMBER_ID"] == "3"


def test_a_disk_that_belongs_to_another_place_is_refused(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    one, other = three[0], nodes.node("d")
    place = one.member()["MEMBER_ID"]
    for name in (".member", ".formed"):
        (other.disk / name).write_bytes((one.disk / name).read_bytes())
    said = ended(other.claim(), status=1)
    assert f"this disk is of member {place}, whose place another node has: node-a" in said
    assert not (other.folder / "alloc" / "member.env").exists()


def test_a_node_with_two_places_is_refused(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    place = three[0].member()["MEMBER_ID"]
    (three[0].disk / ".member").write_text("MEMBER_ID=9\n")
    assert f"this disk is of member 9, but this node has place {place}" in ended(three[0].claim(), status=1)


def test_a_disk_of_another_engine_is_refused_also_without_consul(nodes: Nodes) -> None:
    node = nodes.node("a", count=1)
    form(node)
    ended(node.claim())
    before = node.member()
    node.environ |= {"MEMBER_ENGINE": "rabbitmq", "CONSUL_HTTP_ADDR": "http://127.0.0.1:9"}
    assert "this disk was used by nats, and rabbitmq cannot read its data" in ended(node.claim(), status=1)
    assert node.member() == before


def test_a_disk_in_use_that_does_not_tell_its_engine_is_taken_and_told(nodes: Nodes) -> None:
    node = nodes.node("a", count=1)
    form(node)
    (node.disk / ".engine").unlink()
    ended(node.claim())
    assert node.member()["MEMBER_ROLE"] == "resume"
    assert (node.disk / ".engine").read_text() == "nats\n"


def test_a_founder_that_died_before_it_had_data_begins_again(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    for process in [node.claim() for node in three]:
        ended(process)
    founder = next(node for node in three if node.member()["MEMBER_ROLE"] == "found")
    others = [node for node in three if node is not founder]
    for node in (founder, *others):
        ended(node.claim())
    assert founder.member()["MEMBER_ROLE"] == "found"
    assert [node.member()["MEMBER_ROLE"] for node in others] == ["join", "join"]


def test_the_place_of_a_founder_that_is_gone_for_good_can_be_given_to_another(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    for process in [node.claim() for node in three]:
        ended(process)
    founder = next(node for node in three if node.member()["MEMBER_ROLE"] == "found")
    nodes.forget(f"members/{founder.member()['MEMBER_ID']}")
    ended(nodes.node("d").claim())
    assert nodes.made["d"].member()["MEMBER_ROLE"] == "found"


def test_disks_with_data_bring_back_what_consul_forgot(nodes: Nodes) -> None:
    three = [nodes.node(name) for name in "abc"]
    form(*three)
    before = [node.member()["MEMBER_ID"] for node in three]
    emptied = three[2]
    for file in emptied.disk.iterdir():
        file.unlink()
    nodes.forget("")
    # One after another: of two losses at once, an empty disk that comes first could take a place that is another's.
    for node in three:
        ended(node.claim())
    assert [node.member()["MEMBER_ID"] for node in three[:2]] == before[:2]
    assert [node.member()["MEMBER_ROLE"] for node in three] == ["resume", "resume", "join"]
    assert "founder" not in nodes.written()


def test_a_new_address_is_told(nodes: Nodes) -> None:
    form(*(nodes.node(name) for name in "abc"))
    moved = nodes.node("a", number=200)
    ended(moved.claim())
    assert moved.member()["MEMBER_ADDRESS"] == "192.0.2.200"
    assert "192.0.2.200" in moved.member()["PEERS"]
    assert nodes.written()[f"members/{moved.member()['MEMBER_ID']}"] == "node-a 192.0.2.200"


def test_the_only_node_with_an_empty_disk_says_that_the_data_is_lost(nodes: Nodes) -> None:
    node = nodes.node("a", count=1)
    form(node)
    for file in node.disk.iterdir():
        file.unlink()
    assert "the data of this cluster is lost" in ended(node.claim(), status=1)


def test_more_members_find_places_beside_the_first(nodes: Nodes) -> None:
    form(nodes.node("a", count=1))
    for name in "bc":
        ended(nodes.node(name).claim())
        assert nodes.made[name].member()["MEMBER_ROLE"] == "join"
    assert len(nodes.made["c"].member()["PEERS"].split()) == 3


def test_a_node_with_data_starts_without_consul(nodes: Nodes) -> None:
    form(*(nodes.node(name) for name in "abc"))
    node = nodes.made["a"]
    before = node.member()
    node.environ["CONSUL_HTTP_ADDR"] = "http://127.0.0.1:9"
    started = node.claim()
    assert "going on as before" in ended(started)
    assert node.member() == before
