"""A secured cluster as it is in AWS, on real agents: credentials of roles, tunnels to it, moto as the account."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from hashistack.backends import bootstrap as acl
from hashistack.backends.api import Api
from hashistack.backends.aws_fleet import AwsServers
from hashistack.backends.cluster import Cluster
from hashistack.credentials.values import Credentials
from hashistack.diagnostics import BackendError, ConflictError, UsageProblem
from hashistack.plan.access import consul_access
from hashistack.plan.progress import Event, HandedOver, Joined, Kept, Waiting, Warned
from hashistack.plan.replacement import Replacement
from hashistack.targets import Site, aws, aws_by_hand, aws_upkeep, upkeep
from hashistack.targets.aws_ground import Ground, complete_credentials, hand_in, known_credentials, survey
from hashistack.targets.aws_reach import await_cluster, connect
from tests.backends.aws import newer, servers, stack
from tests.bed import moto as bed
from tests.bed.forwarding import put_programs
from tests.bed.moto import Moto
from tests.conftest import needed
from tests.local.secure_agents import Machine, machines
from tests.tools import build

STACK = stack("servers: {count: 1, type: t3.small}", "clients: {min: 1, max: 1, types: [t3.small]}")


@pytest.fixture
def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@dataclass
class Environment:
    """One server, as its operator sees it."""

    moto: Moto
    ground: Ground
    credentials: Credentials
    machine: Machine
    instance: str
    home: Path
    events: list[Event] = field(default_factory=list)

    def site(self, folder: Path) -> Site:
        """Return the site, with its files in `folder`."""
        environ = {**os.environ, "XDG_STATE_HOME": str(self.home)}
        return Site(STACK, environ, folder, folder, self.events.append)

    def at(self, home: Path, **more: str) -> Ground:
        """Return the ground as another machine has it."""
        environ = {**os.environ, "XDG_STATE_HOME": str(home), **more}
        return survey(STACK, environ, self.events.append)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    if os.geteuid() != 0:
        pytest.skip("Nomad's client mounts the folders of its tasks, which takes root")
    with needed():
        bed.ensure()
        binaries = {tool: build.ensure(tool) for tool in ("nomad", "consul")}
    folder = tmp_path_factory.mktemp("aws")
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        moto = running.enter_context(bed.running(folder))
        for name, value in moto.environ.items():
            patch.setenv(name, value)
        ground = survey(STACK, {**os.environ, "XDG_STATE_HOME": str(folder / "home")}, lambda _: None)
        credentials = complete_credentials(ground)
        hand_in(ground, credentials)
        (instance,) = servers(moto, 1)
        roles = ground.stack.environment.hosts
        (machine, _) = running.enter_context(machines(roles, "production", credentials, binaries))
        _let_clients_in(machine)
        for tool in ("consul", "nomad"):
            machine.start(tool)
        ports = {"4646": machine.ports.nomad_http, "8501": machine.ports.consul_https}
        put_programs(folder / "bin", {instance: ports})
        patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        # In AWS every server of Consul is one of Nomad, at the port that Nomad has unless told otherwise.
        keys = f"{machine.nomad}/.well-known/jwks.json"
        patch.setattr(acl, "consul_access", partial(consul_access, keys_url=keys))
        yield Environment(moto, ground, credentials, machine, instance, folder / "home")


def _let_clients_in(machine: Machine) -> None:
    """Do what the script does in AWS, where the right to read the certificate is the introduction."""
    file = machine.folder / "nomad.json"
    config = json.loads(file.read_text())
    config["server"]["client_introduction"] = {"enforcement": "none"}
    file.write_text(json.dumps(config))


@pytest.fixture(scope="module")
def cluster(environment: Environment) -> Cluster:
    """Open the way and begin access control, once for all tests of this file."""
    ground = replace(environment.ground, report=environment.events.append)
    found = await_cluster(ground, environment.credentials.secrets, 60)
    aws.bootstrap(ground, environment.credentials, found)
    aws.await_clients(ground, found, 60)
    return found


def test_access_begins_through_a_tunnel(environment: Environment, cluster: Cluster) -> None:
    given = {event.host: event.names for event in environment.events if isinstance(event, HandedOver)}
    assert given == {"server": ("NOMAD_SNAPSHOT_TOKEN",), "client": ("NOMAD_NODE_TOKEN",)}
    assert not any(isinstance(event, Joined) for event in environment.events)  # nobody is introduced
    assert cluster.nomad.endpoint.url.startswith("https://127.0.0.1:")
    assert cluster.nomad.endpoint.server_name == "server.global.nomad"


def test_each_role_finds_its_own(environment: Environment, cluster: Cluster) -> None:
    store = environment.ground.store
    names = {name: text.reveal() for name, text in store.read_below("").items()}
    assert {
        "server/secrets.env",
        "client/secrets.env",
        "server/nomad.env",
        "client/nomad.env",
    } <= names.keys()
    assert "NOMAD_GOSSIP_KEY" in names["server/secrets.env"]
    assert "NOMAD_GOSSIP_KEY" not in names["client/secrets.env"]
    assert all(len(text.encode()) <= 4096 for text in names.values())  # what SSM's standard tier takes
    assert not any('"' in text for name, text in names.items() if name.endswith(".env"))


def test_the_token_of_a_role_serves_every_machine_of_it(environment: Environment, cluster: Cluster) -> None:
    token = environment.credentials.hosts["client"].consul.secret
    api = Api(replace(cluster.consul.endpoint, token=token))
    for name in ("i-0123", "i-4567"):
        api.put("catalog/register", {"Node": name, "Address": "10.20.1.4"})
        Api(cluster.consul.endpoint).put("catalog/deregister", {"Node": name})
    status, _ = api.attempt(
        "put", "catalog/register", {"Node": "i-1", "Address": "::", "Service": {"Service": "db"}}
    )
    assert status == 403


def test_a_second_run_changes_nothing(environment: Environment, cluster: Cluster) -> None:
    events: list[Event] = []
    ground = replace(environment.ground, report=events.append)
    credentials = complete_credentials(ground)
    hand_in(ground, credentials)
    aws.bootstrap(ground, credentials, cluster)
    assert events == []


def test_tokens_that_were_lost_are_handed_over_anew(environment: Environment, cluster: Cluster) -> None:
    store = environment.ground.store
    before = store.read("client/nomad.env")
    store.remove("client/nomad.env")
    aws.bootstrap(environment.ground, environment.credentials, cluster)
    after = store.read("client/nomad.env")
    assert before and after and before.reveal() == after.reveal()


def test_a_colleague_needs_no_copy_of_the_folder(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    theirs = environment.at(tmp_path)
    opened = connect(theirs, known_credentials(theirs).secrets)
    assert opened.nomad.ready()
    assert (theirs.folder.path / "ca-key.pem").exists()


def test_new_credentials_are_not_made_for_a_cluster_that_exists(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    ground = replace(environment.at(tmp_path), prefix=environment.ground.prefix)
    store = environment.ground.store
    kept = store.read_below("operator")
    store.remove_below("operator")
    try:
        with pytest.raises(ConflictError, match=environment.instance):
            complete_credentials(ground)
    finally:
        for name, text in kept.items():
            store.put(f"operator/{name}", text)


def test_addresses_of_a_vpn_are_used_instead(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    machine = environment.machine
    ground = environment.at(environment.home, NOMAD_ADDR=machine.nomad, CONSUL_HTTP_ADDR=machine.consul)
    opened = connect(ground, environment.credentials.secrets)
    assert (opened.nomad.endpoint.url, opened.consul.endpoint.url) == (machine.nomad, machine.consul)
    assert opened.nomad.ready()
    ground = environment.at(environment.home, NOMAD_ADDR=machine.nomad.replace("https", "http"))
    with pytest.raises(UsageProblem, match="no https address"):
        connect(ground, environment.credentials.secrets)


def test_an_address_that_leads_nowhere_is_no_obstacle(
    environment: Environment, cluster: Cluster, nobody: str
) -> None:
    ground = environment.at(environment.home, NOMAD_ADDR=nobody.replace("http", "https"))
    assert connect(ground, environment.credentials.secrets).nomad.ready()


def test_the_way_by_hand_is_printed(environment: Environment, cluster: Cluster, tmp_path: Path) -> None:
    reach = aws_by_hand.reach(environment.site(tmp_path))
    assert reach.nomad == "https://127.0.0.1:4646"
    assert len(reach.ways) == 2
    assert f"--target {environment.instance} --document-name AWS-StartPortForwardingSession" in reach.ways[0]
    assert Path(reach.variables).exists()


def test_the_doctor_asks_through_a_tunnel_too(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    found = upkeep.examine(environment.site(tmp_path))
    assert [(each.name, each.leader, each.problem) for each in found.products] == [
        ("Consul", True, ""),
        ("Nomad", True, ""),
    ]
    assert {each.name for each in found.machines} == {"server"}  # one agent is both here
    assert found.certificates.keys() == {"of the authority", "of the operator"}


def test_after_a_restore_all_machines_fetch_their_tokens(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    environment.ground.store.remove("server/nomad.env")
    upkeep.hand_out(environment.site(tmp_path), cluster)
    assert environment.ground.store.read("server/nomad.env") is not None
    (sent,) = environment.moto.client("ssm").list_commands()["Commands"]
    assert environment.instance in sent["InstanceIds"]
    assert sent["Parameters"]["commands"] == ["/usr/local/lib/hashistack/bootstrap.sh refresh"]


@pytest.mark.usefixtures("terraform")
def test_the_steps_by_hand_end_where_up_does(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    site = environment.site(tmp_path)
    site.terraform.mkdir(parents=True)
    (site.terraform / "main.tf").write_text('output "backing_services" {\n  value = {}\n}\n')
    environment.events.clear()
    aws_by_hand.bootstrapped(site)
    assert [event for event in environment.events if not isinstance(event, Waiting)] == []


def test_a_cluster_that_is_not_there(environment: Environment, tmp_path: Path) -> None:
    ground = replace(environment.at(environment.home), prefix="other-production")
    with pytest.raises(BackendError) as caught:
        connect(ground, environment.credentials.secrets)
    assert caught.value.diagnostics[0].code == "HS662"


def test_what_was_handed_in_was_told(environment: Environment, tmp_path: Path) -> None:
    events: list[Event] = []
    ground = replace(environment.at(tmp_path), prefix="new-production", report=events.append)
    hand_in(ground, complete_credentials(ground))
    (kept,) = (event for event in events if isinstance(event, Kept))
    assert kept.place == "/new-production"


def test_servers_are_asked_for_their_votes_and_the_only_one_is_not_replaced(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    found = AwsServers(STACK, environment.ground.instances, cluster)
    only = dict.fromkeys(("Consul", "Nomad"), frozenset({"server"}))
    assert (found.voters(), found.unwell()) == (only, ())
    assert set(found.leaders().values()) == {"server"}
    assert aws_upkeep.planned_upgrade(environment.site(tmp_path)) == Replacement(())
    newer(environment.moto)
    (refusal,) = aws_upkeep.planned_upgrade(environment.site(tmp_path)).refusals
    assert refusal.code == "HS663"
    environment.events.clear()
    aws.warn_of_old_servers(replace(environment.ground, report=environment.events.append))
    (warned,) = environment.events
    assert isinstance(warned, Warned)
    assert environment.instance in warned.diagnostic.summary
