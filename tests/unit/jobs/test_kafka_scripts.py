"""Kafka's scripts against tools that answer with what was seen of the real ones, and say what they were asked for."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

JOBS = Path(__file__).parents[3] / "jobs" / "kafka"
TOPICS = """Topic: orders\tTopicId: a\tPartitionCount: 2\tReplicationFactor: 3\tConfigs: min.insync.replicas=2,x.y=9
\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,2,3\tElr: \tLastKnownElr: 
\tTopic: orders\tPartition: 1\tLeader: 2\tReplicas: 2,3,1\tIsr: {isr}\tElr: \tLastKnownElr: 
Topic: one\tTopicId: b\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: cleanup.policy=compact,delete,retention.ms=9
\tTopic: one\tPartition: 0\tLeader: {leader}\tReplicas: 3\tIsr: 3\tElr: \tLastKnownElr: 
"""
QUORUM = """NodeId\tDirectoryId\tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus\t
1\tYwW\t246\t0\t6 ms ago\t6 ms ago\tLeader\t
2\t6MO\t246\t4\t{second} ms ago\t243 ms ago\tFollower\t
3\tOws\t246\t0\t{third} ms ago\t34300 ms ago\tFollower\t
"""
MEMBER = 'MEMBER_ID=1\nMEMBER_ADDRESS=127.0.0.1\nMEMBER_NODES=3\nPEERS="1=10.0.0.1 2=10.0.0.2 3=10.0.0.3"\n'
SETUP = {
    "local/addresses": "10.0.0.1:10000\n",
    "local/topics.txt": "orders 2 3 x.y=9\n",
    "secrets/users.env": "APP_USER=app\nAPP_PASSWORD=a\nADMIN_PASSWORD=b\n",
    "secrets/key.pem": "",
    "secrets/certificate.pem": "",
}
# What Kafka keeps for itself, as a cluster of one member makes it.
KEPT = """Topic: __{name}\tTopicId: c\tPartitionCount: 1\tReplicationFactor: {copies}\tConfigs: {settings}
\tTopic: __{name}\tPartition: 0\tLeader: 1\tReplicas: {replicas}\tIsr: {replicas}\tElr: \tLastKnownElr: 
"""
ANSWERS = """#!/bin/sh
case "$0 $*" in
  *--create* | *--alter* | *--execute* | *"--add "*)
    echo "${0##*/kafka-} $*" | sed 's/--bootstrap-server.*properties //' >>ROOT/asked ;;
  *topics.sh*) cat ROOT/topics ;;
  *quorum.sh*) cat ROOT/quorum ;;
  *consumer-groups.sh*) cat ROOT/consumer-groups ;;
  *share-groups.sh*) cat ROOT/share-groups ;;
esac
"""

METADATA = "data/log/__cluster_metadata-0"
STATE = (
    '{"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
)
GROUPS = {
    "consumer-groups": """
GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID
work orders 0 40 5000000052 5000000012 - - -
work orders 1 - 9 - - - -
wo"rk one 0 7 7 0 - - -
""",
    "share-groups": """
GROUP TOPIC PARTITION START-OFFSET LAG
queue orders 0 40 3
""",
}

Run = Callable[..., list[str]]


@pytest.fixture
def run(shell: list[str], tmp_path: Path) -> Run:
    """Return what runs a script of the job, in the shells of Debian and of the official image."""
    for folder in (
        "local",
        "alloc",
        "secrets",
        "dev/shm",
        "opt/kafka/bin",
        "opt/kafka/libs",
        "tmp",
        METADATA,
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "opt/kafka/libs/kafka-clients-4.3.1.jar").touch()
    (tmp_path / METADATA / "quorum-state").write_text(STATE)
    for name, said in GROUPS.items():
        (tmp_path / name).write_text(said)
    (tmp_path / "alloc/member.env").write_text(MEMBER)
    for file, text in SETUP.items():
        (tmp_path / file).write_text(text)
    for name in ("topics", "configs", "reassign-partitions", "metadata-quorum", "acls", *GROUPS):
        tool = tmp_path / f"opt/kafka/bin/kafka-{name}.sh"
        tool.write_text(ANSWERS.replace("ROOT", str(tmp_path)))
        tool.chmod(0o755)
    for script in JOBS.glob("*.sh"):
        (tmp_path / "local" / script.name).write_text(_inside(script.read_text(), tmp_path))

    def run(
        script: str,
        stdin: str = "",
        isr: str = "1,2,3",
        leader: str = "3",
        ages: str = "9 9",
        fails: bool = False,
        topics: bool = True,
        kept: str = "",
        nodes: int = 3,
    ) -> list[str]:
        second, third = ages.split()
        (tmp_path / "topics").write_text(TOPICS.format(isr=isr, leader=leader) + kept)
        (tmp_path / "alloc/member.env").write_text(MEMBER.replace("NODES=3", f"NODES={nodes}"))
        if not topics:
            (tmp_path / "topics").unlink()  # the tool for topics fails then
        (tmp_path / "quorum").write_text(QUORUM.format(second=second, third=third))
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOMAD_PORT_member": "1"}
        environ |= {"MEMBER_PORT": "10001", "MEMBER_NODES": str(nodes), "COPIES": str(min(nodes, 3))}
        argv = [*shell, str(tmp_path / "local" / script)]
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, env=environ, check=False, timeout=30
        )
        assert (done.returncode != 0) == fails, done.stderr
        asked = tmp_path / "asked"
        return asked.read_text().splitlines() if asked.exists() else done.stdout.splitlines()

    return run


def _inside(text: str, root: Path) -> str:
    return re.sub(
        r"(?<![\w.])/(local|alloc|secrets|data|dev/shm|opt/kafka|tmp)/",
        lambda found: f"{root}{found[0]}",
        text,
    )


def test_a_whole_cluster_is_full_and_safe(run: Run) -> None:
    said = run("report.sh")
    assert said[:6] == [
        "version=4.3.1",
        "member.1=10.0.0.1 leader ok",
        "member.2=10.0.0.2 voter ok",
        "member.3=10.0.0.3 voter ok",
        "leader=1",
        "quorum=yes",
    ]
    assert {"lag=4 records of metadata", "topic.orders=2 3", "topic.one=1 1"} <= set(said)
    assert {"under_replicated=0 partitions", "full=yes", "safe=yes"} <= set(said)


def test_without_one_member_it_is_safe_as_long_as_a_write_finds_copies_enough(run: Run) -> None:
    said = run("report.sh", isr="2,3", ages="9 20000")
    assert {"member.3=10.0.0.3 voter away", "quorum=yes", "full=no", "safe=yes"} <= set(said)
    assert "under_replicated=1 partitions" in said


@pytest.mark.parametrize("away", [{"isr": "2"}, {"leader": "none"}])
def test_it_is_not_safe_to_do_without_a_member_that_has_the_only_copies(
    run: Run, away: dict[str, str]
) -> None:
    said = run("report.sh", ages="9 20000", **away)
    assert "safe=no" in said
    assert said[-1].startswith("unsafe=1 partitions")


def test_without_a_majority_there_is_no_quorum(run: Run) -> None:
    said = run("report.sh", ages="20000 20000")
    assert {"quorum=no", "safe=no", "unsafe=less than half of the voters are there"} <= set(said)


def test_what_was_saved_changes_nothing_when_it_is_restored(run: Run) -> None:
    saved = run("backup.sh")
    assert saved == [
        "orders 2 3 min.insync.replicas=2;x.y=9",
        "one 1 1 cleanup.policy=compact,delete;retention.ms=9",
        "# complete",
    ]
    assert run("restore.sh", "\n".join(saved) + "\n") == []


@pytest.mark.parametrize("saved", ["", "orders 2 3 retention.ms=6048", "orders 2 3 retention.ms=604800000\n"])
def test_a_backup_that_is_cut_short_changes_nothing(run: Run, saved: str) -> None:
    """A setting without its last digits would have Kafka delete records."""
    assert run("restore.sh", saved, fails=True) == []


@pytest.mark.parametrize("script", ["report.sh", "backup.sh"])
def test_without_the_tool_for_topics_nothing_is_said_of_them(run: Run, script: str) -> None:
    assert not {"full=yes", "safe=yes", "# complete"} & set(run(script, fails=True, topics=False))


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ("new 2 3 a=1;b=2,3", "topics.sh --create --if-not-exists --topic new --partitions 2 "
         "--replication-factor 3 --config a=1 --config b=2,3"),
        ("orders 4 3 x.y=9", "topics.sh --alter --topic orders --partitions 4"),
        ("orders 2 3 retention.ms=8;b=2,3", "configs.sh --alter --entity-type topics --entity-name orders "
         "--add-config retention.ms=8,b=[2,3]"),
    ],
)  # fmt: skip
def test_topics_are_made_and_changed(run: Run, wanted: str, asked: str) -> None:
    assert run("restore.sh", f"{wanted}\n# complete\n") == [asked]


@pytest.mark.parametrize("wanted", ["orders 1 1 -", "one 1 1 -"])
def test_nothing_is_made_smaller(run: Run, wanted: str) -> None:
    assert not [
        line
        for line in run("restore.sh", f"{wanted}\n# complete\n")
        if line.startswith(("topics.sh", "reassign"))
    ]


def test_copies_are_added_to_those_that_are_there(run: Run, tmp_path: Path) -> None:
    (asked,) = run("restore.sh", "one 1 3 -\n# complete\n")
    assert asked.startswith("reassign-partitions.sh --reassignment-json-file")
    assert '"partition":0,"replicas":[3,1,2]' in (tmp_path / "tmp/copies.json").read_text()


def test_the_copies_of_a_cluster_that_has_grown_take_turns_to_lead(run: Run, tmp_path: Path) -> None:
    grown = {"all": 4, "two": 1, "three": 1}
    kept = ""
    for name, count in grown.items():
        kept += f"Topic: {name}\tTopicId: a\tPartitionCount: {count}\tReplicationFactor: 1\tConfigs: \n"
        for number in range(count):
            kept += f"\tTopic: {name}\tPartition: {number}\tLeader: 1\tReplicas: 1\tIsr: 1\n"
    leaders = {}
    for name, count in grown.items():  # one after another: only the last of a run can be looked at
        (tmp_path / "local/topics.txt").write_text(f"{name} {count} 3 -\n")
        run("setup.sh", kept=kept)
        wanted = json.loads((tmp_path / "tmp/copies.json").read_text())["partitions"]
        assert all(sorted(each["replicas"]) == [1, 2, 3] for each in wanted)
        leaders[name] = [each["replicas"][0] for each in wanted]
    assert leaders == {"all": [1, 2, 3, 1], "two": [2], "three": [3]}


@pytest.mark.parametrize(
    ("nodes", "wanted"),
    [(1, "--replication-factor 1 --config min.insync.replicas=1 --config x.y=9"),
     (3, "--replication-factor 3 --config min.insync.replicas=2 --config x.y=9")],
)  # fmt: skip
def test_a_topic_has_no_more_copies_than_there_are_members(run: Run, nodes: int, wanted: str) -> None:
    (asked,) = run("restore.sh", "new 2 5 min.insync.replicas=3;x.y=9\n# complete\n", nodes=nodes)
    assert asked == f"topics.sh --create --if-not-exists --topic new --partitions 2 {wanted}"


def test_what_wants_more_copies_than_there_are_members_comes_to_an_end(run: Run, tmp_path: Path) -> None:
    (tmp_path / "local/topics.txt").write_text("one 1 5 -\n")
    asked = run("setup.sh")
    assert any(line.startswith("reassign-partitions.sh") for line in asked)
    assert '"replicas":[3,1,2]' in (tmp_path / "tmp/copies.json").read_text()


def test_a_cluster_that_has_grown_acknowledges_what_half_of_it_has(run: Run, tmp_path: Path) -> None:
    kept = KEPT.format(name="consumer_offsets", copies=1, replicas="1", settings="cleanup.policy=compact")
    kept += KEPT.format(name="state", copies=3, replicas="1,2,3", settings="min.insync.replicas=1")
    asked = run("setup.sh", kept=kept)[3:]
    assert asked[0].startswith("reassign-partitions.sh")
    assert (
        '"topic":"__consumer_offsets","partition":0,"replicas":[1,2,3]'
        in (tmp_path / "tmp/copies.json").read_text()
    )
    change = "configs.sh --alter --entity-type {} --add-config min.insync.replicas=2"
    assert asked[1:] == [
        change.format("topics --entity-name __consumer_offsets"),
        change.format("topics --entity-name __state"),
        change.format("brokers --entity-default"),
    ]


def test_a_single_member_is_enough_for_itself(run: Run) -> None:
    asked = run("setup.sh", nodes=1)
    assert (
        asked[-1]
        == "configs.sh --alter --entity-type brokers --entity-default --add-config min.insync.replicas=1"
    )


def test_the_leader_tells_numbers_of_topics_and_groups(run: Run) -> None:
    said = run("metrics.sh", isr="2,3", leader="none")
    samples = [line for line in said if not line.startswith("#")]
    first = 'kafka_topic_partition_{}{{topic="orders",partition="1"}} {}'
    assert {
        "kafka_controller_kafkacontroller_activecontrollercount 1",
        'kafka_topic_partitions{topic="orders"} 2',
        first.format("leader", 2),
        first.format("leader_is_preferred", 1),
        first.format("replicas", 3),
        first.format("in_sync_replica", 2),
        first.format("under_replicated_partition", 1),
        'kafka_topic_partition_leader{topic="one",partition="0"} -1',
        'kafka_consumergroup_lag{consumergroup="work",topic="orders",partition="0"} 5000000012',
        'kafka_consumergroup_lag{consumergroup="wo\\"rk",topic="one",partition="0"} 0',
        'kafka_sharegroup_lag{sharegroup="queue",topic="orders",partition="0"} 3',
    } <= set(samples)
    assert [line for line in samples if "complete" in line] == [
        f'hashistack_metrics_complete{{part="{part}"}} 1'
        for part in ("consumer_groups", "share_groups", "topics")
    ]
    assert len([line for line in samples if "group_lag" in line]) == 3
    _assert_each_metric_in_one_piece(said)


def test_another_member_tells_that_it_does_not_lead(run: Run, tmp_path: Path) -> None:
    (tmp_path / METADATA / "quorum-state").write_text(STATE.replace(":1,", ":12,", 1))
    active = "kafka_controller_kafkacontroller_activecontrollercount"
    assert run("metrics.sh") == [f"# TYPE {active} gauge", f"{active} 0"]


def test_what_cannot_be_told_is_said_to_be_missing(run: Run, tmp_path: Path) -> None:
    """The tool for groups ends well, whatever happens."""
    (tmp_path / "consumer-groups").write_text("\nError: Executing consumer group command failed due to x\n")
    said = run("metrics.sh", topics=False)
    complete = {line for line in said if "complete{" in line}
    assert complete == {
        f'hashistack_metrics_complete{{part="{part}"}} {number}'
        for part, number in (("topics", 0), ("consumer_groups", 0), ("share_groups", 1))
    }
    assert {line.partition("{")[0] for line in said if "{" in line} - {"hashistack_metrics_complete"} == {
        "kafka_sharegroup_lag"
    }


def _assert_each_metric_in_one_piece(said: list[str]) -> None:
    """Prometheus takes one type, and the samples beside it, for each metric."""
    typed = [line.split()[2] for line in said if line.startswith("# TYPE")]
    names = [
        name for name, _ in itertools.groupby(re.split("[{ ]", line)[0] for line in said if line[0] != "#")
    ]
    assert typed == names
    assert len(set(names)) == len(names)
