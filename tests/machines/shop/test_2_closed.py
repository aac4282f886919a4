"""What the cluster refuses: plain text, strangers, curious jobs, ports that nobody needs."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.bed.machine import Machine
from tests.local.api import until
from tests.machines.site import Site

SPY = Path(__file__).parent / "spy.nomad.hcl"
TLS = "/etc/hashistack/tls"
OPEN = {
    22,
    80,
    443,
    4646,
    8081,
    8501,
}  # the table of docs/ports.md: who is not of the cluster gets no further
STRANGER = """
data_dir = "/tmp/stranger"
name     = "stranger"
ports {{
  http = 5646
}}
client {{
  enabled = true
  servers = ["{server}:4647"]
}}
{tls}
"""
WITH_TLS = f"""tls {{
  rpc                    = true
  ca_file                = "{TLS}/ca.pem"
  cert_file              = "{TLS}/cert.pem"
  key_file               = "{TLS}/key.pem"
  verify_server_hostname = true
}}"""


@pytest.fixture
def member(site: Site) -> Machine:
    return site.bed.machine("h3")


@pytest.mark.parametrize(
    ("port", "first"), [(4647, "\\x01"), (4647, "\\x02"), (8300, "\\x00"), (8300, "\\x01")]
)
def test_rpc_in_plain_text_is_hung_up_on(site: Site, member: Machine, port: int, first: str) -> None:
    """The first byte names the protocol: RPC or raft, without TLS; an agent that took it would wait for more."""
    target = f"/dev/tcp/{site.bed.machine('h1').address}/{port}"
    member.run(f"bash -c \"exec 3<>{target}; printf '{first}' >&3; timeout 5 cat <&3\"")


def test_http_in_plain_text_is_refused(site: Site, member: Machine) -> None:
    address = site.bed.machine("h1").address
    for port, path in ((4646, "/v1/status/leader"), (8501, "/v1/status/leader"), (8500, "/v1/status/leader")):
        answer = member.ssh(
            f"curl --silent --max-time 5 --output /dev/null --write-out '%{{http_code}}' http://{address}:{port}{path}"
        )
        assert answer.stdout in ("000", "400"), port


def test_consul_hangs_up_on_who_has_no_certificate(site: Site) -> None:
    address, exports = site.bed.machine("h1").address, site.exports()
    # From TLS 1.3 on the refusal comes after the handshake, and may be lost with the connection.
    ask = ["curl", "--silent", "--show-error", "--insecure", "--tls-max", "1.2"]
    ask.append(f"https://{address}:8501/v1/status/leader")
    assert "alert" in site.refused(*ask)
    files = ["--cert", exports["CONSUL_CLIENT_CERT"], "--key", exports["CONSUL_CLIENT_KEY"]]
    assert ":8300" in site.execute([*ask, *files], site.environ).stdout


def test_who_has_no_token_may_do_nothing(site: Site) -> None:
    assert "Permission denied" in site.refused("nomad", "job", "status", NOMAD_TOKEN="")
    assert "Permission denied" in site.refused("nomad", "job", "run", str(SPY), NOMAD_TOKEN="")
    assert "Permission denied" in site.refused("consul", "kv", "put", "stranger", "1", CONSUL_HTTP_TOKEN="")
    assert "shop-web" not in site.consul("catalog", "services", CONSUL_HTTP_TOKEN="")


@pytest.mark.parametrize(("tls", "heard"), [("", False), (WITH_TLS, True)])
def test_a_node_without_a_certificate_or_an_introduction_is_not_let_in(
    site: Site, member: Machine, tls: str, heard: bool
) -> None:
    """Even from a member's own address and, the second time, with its certificate: then the servers do answer."""
    content = STRANGER.format(server=site.bed.machine("h1").address, tls=tls)
    member.run(f"cat > /tmp/stranger.hcl <<'EOT'\n{content}\nEOT")
    run = "timeout --signal=KILL 8 nomad agent -config=/tmp/stranger.hcl 2>&1; rm -rf /tmp/stranger*"
    said = member.ssh(run).stdout
    assert "error registering" in said, said
    assert ("rpc error: Permission denied" in said) is heard, said
    assert "stranger" not in site.nodes()


def test_a_job_reads_its_own_secrets_and_no_others(site: Site) -> None:
    site.nomad("var", "put", "-force", "nomad/jobs/spy", "mine=1")
    site.nomad("job", "run", "-detach", str(SPY))
    try:
        allocation = until(lambda: _running(site, "spy"))
        token = until(lambda: _token(site, "spy", allocation))
        assert "1" in site.nomad("var", "get", "-item=mine", "nomad/jobs/spy", NOMAD_TOKEN=token)
        for path in ("nomad/jobs/shop", "nomad/jobs/shop-cache", "nomad/jobs/shop/web"):
            said = site.refused("nomad", "var", "get", path, NOMAD_TOKEN=token)
            assert "Permission denied" in said, (path, said)
    finally:
        site.nomad("job", "stop", "-purge", "-detach", "spy")
        site.nomad("var", "purge", "nomad/jobs/spy")


def test_ports_that_are_not_in_the_table_are_closed(site: Site) -> None:
    for machine in site.bed.machines:
        listed = machine.run("ss --no-header --listening --numeric --tcp | awk '{print $4}'").split()
        ports = {
            int(one.rpartition(":")[2]) for one in listed if not one.startswith(("127.", "[::1]", "172."))
        }
        assert {4646, 8301} <= ports
        asked = sorted(ports | {53, 8500, 8600})
        with ThreadPoolExecutor(len(asked)) as pool:
            reached = pool.map(partial(_connects, machine.address), asked)
        assert {port for port, open_ in zip(asked, reached, strict=True) if open_} <= OPEN, machine.name


def _running(site: Site, job: str) -> str:
    """Return the id of a job's running allocation."""
    found = [one["ID"] for one in site.api(f"/v1/job/{job}/allocations") if one["ClientStatus"] == "running"]
    return str(found[0]) if found else ""


def _token(site: Site, task: str, allocation: str) -> str:
    """Return the task's own token; `nomad alloc exec` may lose what a command says that ends at once."""
    return site.nomad("alloc", "exec", "-task", task, allocation, "cat", "/secrets/nomad_token").strip()


def _connects(address: str, port: int) -> bool:
    with closing(socket.socket()) as connection:
        connection.settimeout(1)
        return connection.connect_ex((address, port)) == 0
