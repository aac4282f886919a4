"""PostgreSQL on three machines under clients that count every commit: none is lost, whatever happens to a node."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.local.api import until
from tests.machines.stand_ins.object_store import BUCKET, ObjectStore
from tests.machines.stand_ins.site import Instance, StandIns, chosen
from tests.machines.stand_ins.writers import Writes, refusal, writing
from tests.machines.times import record, step

DB = "db"
TASK = "postgres"
NODES = 3
SETTLED = 5.0  # seconds of writes before and after something happens
AWAY = 60
KEPT = 2  # backups, as the site's descriptor says
DATABASE = "shop"
BIN = "/usr/lib/postgresql/17/bin"


def target(site: StandIns, **options: str) -> str:
    """Return how the app connects to the primary, as Consul says at this moment."""
    address, port = site.healthy(DB)[0]
    return at(site, address, port, **options)


def at(site: StandIns, address: str, port: int, **options: str) -> str:
    """Return how the app connects to one node."""
    login = site.secret(DB)
    ca = site.folder / f"{DB}-ca.pem"
    found = {"host": address, "port": str(port), "user": login["user"], "password": login["password"]}
    found |= {"dbname": DATABASE, "sslmode": "verify-full", "sslrootcert": str(ca)}
    return psycopg.conninfo.make_conninfo("", **{**found, **options})


@pytest.fixture(scope="module", autouse=True)
def whole(site: StandIns) -> Iterator[None]:
    """Begin and end with three nodes that have all copies."""
    site.authority(DB)
    site.wait_whole(DB, TASK, NODES)
    yield
    site.wait_whole(DB, TASK, NODES)


def primary(site: StandIns) -> Instance:
    """Return the instance that is the primary."""
    address = site.healthy(DB)[0][0]
    return next(each for each in site.instances(DB) if each.address == address)


@contextmanager
def load(site: StandIns, fixed: str = "") -> Iterator[Writes]:
    """Write while something happens, and hold what was acknowledged against what is there in the end."""
    addresses = {address: at(site, address, port) for address, port in site.healthy(DB, "-member")}

    def find() -> str:
        return fixed or addresses[site.healthy(DB)[0][0]]

    with writing(find) as writes:
        until(lambda: len(writes.moments) > 0, seconds=30)
        time.sleep(SETTLED)
        yield writes
        time.sleep(SETTLED)
    with psycopg.connect(target(site)) as connection:
        assert writes.lost(connection) == set()


def test_nobody_gets_in_without_tls_and_a_password(site: StandIns) -> None:
    superuser = site.secret(DB, "/node")["superuser"]
    assert "no encryption" in refusal(target(site, sslmode="disable", sslrootcert=""))
    assert "password authentication failed" in refusal(target(site, password="wrong"))
    assert "no password supplied" in refusal(target(site, password="", passfile="/dev/null"))
    assert "client certificate" in refusal(target(site, user="postgres", password=superuser))
    assert refusal(target(site)) == ""


def test_the_app_owns_its_database_and_is_no_superuser(site: StandIns) -> None:
    with psycopg.connect(target(site), autocommit=True) as connection:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert connection.execute(owner).fetchone() == ("app",)
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE ROLE another")


def test_replicas_can_be_read_from_and_not_written_to(site: StandIns) -> None:
    until(lambda: len(site.healthy(DB, "-replica")) == NODES - 1)
    replicas = site.healthy(DB, "-replica")
    read_only = pytest.raises(psycopg.errors.ReadOnlySqlTransaction)
    with psycopg.connect(at(site, *replicas[0])) as connection, read_only:
        connection.execute("CREATE TABLE forbidden (id int)")


def test_no_commit_is_lost_when_the_primary_is_killed(site: StandIns) -> None:
    old = primary(site)
    with load(site) as writes, ThreadPoolExecutor(1) as pool:
        bench = pool.submit(_pgbench, site)
        time.sleep(SETTLED)
        killed = time.monotonic()
        site.kill(DB, old, TASK)
        until(lambda: _is_replaced_while_down(site, old), seconds=90)
        _await_writes(writes)
        bench.result()
    record("db: from the kill of the primary to the next commit", writes.gap(killed), goal=30)
    with step("db: the killed primary is a replica again"):
        site.wait_whole(DB, TASK, NODES)
        until(lambda: old.address in {address for address, _ in site.healthy(DB, "-replica")})
    _check_pgbench(site)


@pytest.mark.slow
def test_no_commit_is_lost_when_its_machine_loses_power(site: StandIns) -> None:
    old = primary(site)
    with load(site) as writes:
        cut = time.monotonic()
        site.machine(old.node).power_cut()
        _await_another(site, old, writes)
        record("db: from a power cut of the primary's machine to the next commit", writes.gap(cut), goal=30)
        site.bed.boot(old.node)
    with step("db: the machine is back and its node a replica"):
        site.wait_whole(DB, TASK, NODES, seconds=240)


@pytest.mark.slow
def test_the_primary_goes_on_while_consul_is_away(site: StandIns) -> None:
    """Stop every agent of Consul, servers among them: the primary reaches its replicas, so it may stay."""
    before = primary(site)
    address = at(site, *site.healthy(DB)[0])
    with load(site, fixed=address) as writes:
        began = time.monotonic()
        for machine in site.bed.machines:
            machine.run("systemctl stop consul")
        try:
            time.sleep(AWAY)
        finally:
            for machine in site.bed.machines:
                machine.run("systemctl start --no-block consul")
        until(lambda: len(site.healthy(DB)) == 1, seconds=120)
        record(f"db: longest pause of writes while Consul is away for {AWAY} s", writes.gap(began), goal=10)
    assert primary(site).id == before.id


@pytest.mark.slow
def test_a_wiped_disk_is_filled_again(site: StandIns) -> None:
    replica = next(each for each in site.instances(DB) if each.address != primary(site).address)
    machine, disk = site.machine(replica.node), site.volume(DB, replica.node)
    with load(site):
        site.kill(DB, replica, TASK)
        machine.run(f"find {disk} -mindepth 1 -delete")
        site.nomad("alloc", "stop", "-detach", replica.id)
        with step("db: a node with an empty disk has a full copy"):
            until(lambda: replica.id not in {each.id for each in site.instances(DB)}, seconds=150)
            site.wait_whole(DB, TASK, NODES)


@pytest.mark.slow
def test_a_copy_of_the_primary_that_broke_off_is_made_anew(site: StandIns) -> None:
    """Its last file is the one that says which database it is of."""
    replica = next(each for each in site.instances(DB) if each.address != primary(site).address)
    machine, last = site.machine(replica.node), f"{site.volume(DB, replica.node)}/postgres/global/pg_control"
    with load(site):
        site.kill(DB, replica, TASK)
        machine.run(f"rm {last}")
        with step("db: a node whose copy broke off has a full one"):
            until(lambda: machine.run(f"stat -c %s {last} 2>/dev/null || :").strip() == "8192", seconds=150)
            site.wait_whole(DB, TASK, NODES)


def test_a_backup_takes_the_place_of_what_was_lost(site: StandIns) -> None:
    with psycopg.connect(target(site), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS precious")
        connection.execute("CREATE TABLE precious AS SELECT n, md5(n::text) FROM generate_series(1, 50000) n")
    with step("db: backup"):
        backup = site.folder / "db.sql.gz"
        _exec(site, f"/bin/sh /local/backup.sh >{backup}")
    with psycopg.connect(target(site), autocommit=True) as connection:
        connection.execute("DROP TABLE precious")
    with step("db: restore"):
        _exec(site, f"/bin/sh /local/restore.sh <{backup}")
    with psycopg.connect(target(site)) as connection:
        assert connection.execute("SELECT count(*) FROM precious WHERE md5 = md5(n::text)").fetchone() == (
            50000,
        )
        assert connection.execute(_LEFT_OVER).fetchone() == (0,)


def test_a_backup_that_is_cut_short_changes_nothing(site: StandIns) -> None:
    backup = site.folder / "db.sql.gz"
    short = site.folder / "short.sql.gz"
    short.write_bytes(backup.read_bytes()[:-20])  # in what tells whether it is whole
    with psycopg.connect(target(site), autocommit=True) as connection:
        connection.execute("DELETE FROM precious WHERE n > 1")
    _exec(site, f"/bin/sh /local/restore.sh <{short}", succeeds=False)
    with psycopg.connect(target(site)) as connection:
        assert connection.execute("SELECT count(*) FROM precious").fetchone() == (1,)
        assert connection.execute(_LEFT_OVER).fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.skipif("uploads" not in chosen(), reason="there is no object storage in this choice of services")
def test_backups_go_to_the_object_storage(site: StandIns) -> None:
    """Run the periodic job three times, of which two are kept, and restore what it wrote."""
    client = ObjectStore(site).client()
    for _ in range(KEPT + 1):
        with step("db: backup to the object storage"):
            _run_backup(site)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"backups/{site.job(DB)}/")["Contents"]
    assert len(listed) == KEPT
    newest = max(each["Key"] for each in listed)
    backup = site.folder / "from-storage.sql.gz"
    client.download_file(BUCKET, newest, str(backup))
    with psycopg.connect(target(site), autocommit=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM precious").fetchone() or (0,)
        connection.execute("DROP TABLE precious")
    _exec(site, f"/bin/sh /local/restore.sh <{backup}")
    with psycopg.connect(target(site)) as connection:
        assert connection.execute("SELECT count(*) FROM precious").fetchone() == (count,)


def _run_backup(site: StandIns) -> None:
    """Run the periodic job now, to its end."""
    before = _children(site)
    site.nomad("job", "periodic", "force", f"{site.job(DB)}-backup")
    until(lambda: _children(site, "dead") - before, seconds=120)


def _children(site: StandIns, status: str = "") -> set[str]:
    """Return the runs of the periodic job that have this status."""
    prefix = f"{site.job(DB)}-backup/periodic-"
    found = site.api(f"/v1/jobs?prefix={prefix}")
    return {each["ID"] for each in found if status in ("", each["Status"])}


def _await_another(site: StandIns, old: Instance, writes: Writes) -> None:
    """Wait until another node is the primary and the clients have found it."""
    until(lambda: _is_replaced(site, old), seconds=90)
    _await_writes(writes)


def _is_replaced(site: StandIns, old: Instance) -> bool:
    return any(address != old.address for address, _ in site.healthy(DB))


def _is_replaced_while_down(site: StandIns, old: Instance) -> bool:
    """Kill a node again that starts while it holds the primary's lock: it would go on as the primary."""
    site.machine(old.node).ssh(f"docker kill --signal KILL {TASK}-{old.id}")
    return _is_replaced(site, old)


def _await_writes(writes: Writes) -> None:
    changed = time.monotonic()
    until(lambda: writes.after(changed) > 0, seconds=60)


def _exec(site: StandIns, command: str, *, succeeds: bool = True) -> None:
    """Run a script of the job on the primary; `command` may name a file of this machine with < or >."""
    argv = f"nomad alloc exec -i -t=false -task {TASK} {primary(site).id} {command}"
    done = site.execute(["/bin/sh", "-c", argv], {**site.environ, **site.exports()}, 120)
    assert (done.returncode == 0) == succeeds, done.stderr


_LEFT_OVER = "SELECT count(*) FROM pg_database WHERE datname LIKE '% (restored)'"
# Every transaction of pgbench adds the same number in four tables: all of it is there or nothing.
_SUMS = """
SELECT (SELECT sum(abalance) FROM pgbench_accounts) = sum(delta)
  AND (SELECT sum(tbalance) FROM pgbench_tellers) = sum(delta)
  AND (SELECT sum(bbalance) FROM pgbench_branches) = sum(delta)
  AND count(*) > 0
FROM pgbench_history
"""


def _pgbench(site: StandIns) -> None:
    """Run PostgreSQL's own load against the primary until that is gone."""
    bench = f"setpriv --reuid=postgres {BIN}/pgbench -h /var/run/postgresql -p $NOMAD_PORT_client"
    inside = f"{bench} -i -q {DATABASE} && {bench} -n -c 4 -T 60 {DATABASE}"
    argv = ["nomad", "alloc", "exec", "-i=false", "-t=false", "-task", TASK, primary(site).id]
    site.execute([*argv, "/bin/sh", "-c", inside], {**site.environ, **site.exports()}, 120)


def _superuser(site: StandIns) -> psycopg.Connection:
    """Connect as the nodes do: with the service's own certificate and the superuser's password."""
    node = site.secret(DB, "/node")
    for name in ("certificate", "key"):
        file = site.folder / f"{DB}-{name}.pem"
        file.touch(mode=0o600)
        file.write_text(node[name])
    pair = {"sslcert": f"{site.folder}/{DB}-certificate.pem", "sslkey": f"{site.folder}/{DB}-key.pem"}
    return psycopg.connect(target(site, user="postgres", password=node["superuser"], **pair))


def _check_pgbench(site: StandIns) -> None:
    with _superuser(site) as connection:
        assert connection.execute(_SUMS).fetchone() == (True,)
        connection.execute("DROP TABLE pgbench_accounts, pgbench_tellers, pgbench_branches, pgbench_history")
