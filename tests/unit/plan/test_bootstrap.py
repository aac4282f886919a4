"""From access control as it is to what it is to be: the steps, their order, and what happens on bad days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from hashistack.credentials.complete import complete
from hashistack.credentials.values import Credentials, Found
from hashistack.diagnostics import BackendError, Diagnostic
from hashistack.model import Stack
from hashistack.plan.access import consul_access, nomad_policies
from hashistack.plan.acl import (
    AuthMethod,
    ConsulAccess,
    ConsulPolicy,
    ConsulToken,
    ConsulValue,
    NomadAccess,
    NomadPolicy,
    NomadToken,
)
from hashistack.plan.actual import Variable
from hashistack.plan.bootstrap import base_changes, hand_overs, job_changes, nomad_changes
from hashistack.plan.bootstrapper import Begun, Bootstrapper, Wanted
from hashistack.plan.progress import Stored, Waiting
from hashistack.plan.progress_hosts import AccessBegun, AccessChanged, HandedOver, Joined
from hashistack.plan.sensitive import Sensitive
from tests.unit.credentials.stacks import N1, N2, NOW, Counted, stack
from tests.unit.plan.fakes import FakeClock, FakeProgress

SERVERS = tuple(f"n{n}: {{address: 10.0.0.1{n}, roles: [server, client]}}" for n in (1, 2, 3))
CLIENTS = tuple(f"c{n}: {{address: 10.0.0.2{n}, roles: [client]}}" for n in (1, 2))


def credentials(wanted: Stack) -> Credentials:
    return complete(Found(), wanted, NOW, Counted()).credentials


@dataclass
class FakeConsul:
    begun: list[Begun] = field(default_factory=lambda: ["now"])
    values: list[ConsulValue] = field(default_factory=list)
    jwks_errors: int = 0
    calls: list[str] = field(default_factory=list)

    def begin(self) -> Begun:
        return self.begun.pop(0) if len(self.begun) > 1 else self.begun[0]

    def access(self) -> ConsulAccess:
        base = [each for each in self.values if isinstance(each, ConsulPolicy | ConsulToken) or _role(each)]
        jobs = [each for each in self.values if each not in base]
        return ConsulAccess(tuple(base), tuple(jobs))  # type: ignore[arg-type]

    def put(self, value: ConsulValue) -> None:
        if isinstance(value, AuthMethod) and self.jwks_errors:
            self.jwks_errors -= 1
            raise BackendError(Diagnostic("HS406", "Consul refused: error checking JWKSURL"))
        self.calls.append(f"put {type(value).__name__}")
        self.values.append(value)

    def remove(self, value: ConsulToken) -> None:
        self.calls.append(f"remove {value.description}")
        self.values.remove(value)


def _role(value: object) -> bool:
    return type(value).__name__ == "ConsulRole"


@dataclass
class FakeNomad:
    begun: list[Begun] = field(default_factory=lambda: ["now"])
    policies: list[NomadPolicy] = field(default_factory=list)
    tokens: list[NomadToken] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    led_by: str = "10.0.0.11"
    signing: list[bool] = field(default_factory=lambda: [True])
    variables: dict[str, Variable] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))
    down: int = 0

    def begin(self) -> Begun:
        return self.begun.pop(0) if len(self.begun) > 1 else self.begun[0]

    def leader(self) -> str:
        return self.led_by

    def access(self) -> NomadAccess:
        return NomadAccess(tuple(self.policies), tuple(self.tokens), frozenset(self.nodes))

    def put(self, policy: NomadPolicy) -> None:
        self.policies.append(policy)

    def remove(self, value: NomadPolicy | NomadToken) -> None:
        (self.policies if isinstance(value, NomadPolicy) else self.tokens).remove(value)  # type: ignore[arg-type]

    def new_token(self, name: str, policy: str) -> NomadToken:
        token = NomadToken(f"accessor-{next(self.numbers)}", name, (policy,))
        self.tokens.append(token)
        return token

    def secret(self, token: NomadToken) -> Sensitive:
        return Sensitive(f"secret of {token.accessor}")

    def list_as(self, token: NomadToken, name: str) -> None:
        self.tokens[self.tokens.index(token)] = replace(token, name=name)

    def introduction(self, host: str, pool: str) -> Sensitive | None:
        signs = self.signing.pop(0) if len(self.signing) > 1 else self.signing[0]
        return Sensitive(f"{host} may join {pool}") if signs else None

    def ready_nodes(self) -> frozenset[str]:
        if self.down:
            self.down -= 1
            raise BackendError(Diagnostic("HS401", "Nomad does not answer"))
        return frozenset(self.nodes)

    def variable(self, path: str) -> Variable | None:
        return self.variables.get(path)

    def put_variable(self, variable: Variable) -> None:
        self.variables[variable.path] = replace(variable, index=variable.index + 1)

    def delete_variable(self, path: str) -> None:
        self.variables.pop(path)


@dataclass
class World:
    """A cluster whose hosts register as soon as they are introduced."""

    stack: Stack
    consul: FakeConsul = field(default_factory=FakeConsul)
    nomad: FakeNomad = field(default_factory=FakeNomad)
    clock: FakeClock = field(default_factory=FakeClock)
    progress: FakeProgress = field(default_factory=FakeProgress)
    given: dict[str, Mapping[str, str]] = field(default_factory=dict)
    before: Callable[[str], None] = lambda host: None

    def __post_init__(self) -> None:
        self.credentials = credentials(self.stack)

    def run(self, lacking: frozenset[str] = frozenset(), wanted: Stack | None = None) -> None:
        self.progress.events.clear()
        self.given.clear()
        wanted = wanted or self.stack
        made = self.credentials
        hosts = {host.name for host in wanted.environment.hosts}
        made = replace(made, hosts={name: host for name, host in made.hosts.items() if name in hosts})
        Bootstrapper(
            self.consul, self.nomad, self.nomad, self.progress.report, self.clock, self.hand_over
        ).run(Wanted(wanted, consul_access(wanted, made), made.ingress, lacking))

    def hand_over(self, host: str, values: Mapping[str, Sensitive]) -> None:
        self.before(host)
        self.given[host] = {name: value.reveal() for name, value in values.items()}
        if "NOMAD_INTRO_TOKEN" in values:
            self.nomad.nodes.add(host)


@pytest.fixture
def world() -> World:
    return World(stack())


# --- the whole way


def test_from_nothing(world: World) -> None:
    world.run()
    order = [call.removeprefix("put ") for call in world.consul.calls]
    assert order == [
        *["ConsulPolicy"] * 4,
        "ConsulRole",
        "ConsulPolicy",  # of the members of shop-cache
        "ConsulRole",
        *["ConsulToken"] * 5,
        "AuthMethod",
        *["BindingRule"] * 3,
    ]
    assert world.given == {
        "n1": {
            "NOMAD_NODE_TOKEN": "secret of accessor-1",
            "NOMAD_SNAPSHOT_TOKEN": "secret of accessor-2",
            "NOMAD_INTRO_TOKEN": "n1 may join default",
        },
        "n2": {
            "NOMAD_NODE_TOKEN": "secret of accessor-3",
            "NOMAD_INTRO_TOKEN": "n2 may join default",
        },
    }
    assert {token.name for token in world.nomad.tokens} == {
        "hashistack: node n1",
        "hashistack: snapshot n1",
        "hashistack: node n2",
    }
    assert world.progress.of(AccessBegun) == [AccessBegun("Consul"), AccessBegun("Nomad")]
    assert {event.host for event in world.progress.of(Joined)} == {"n1", "n2"}


def test_a_second_run_does_and_says_nothing(world: World) -> None:
    world.run()
    world.consul.calls.clear()
    world.consul.begun, world.nomad.begun = ["before"], ["before"]
    world.run()
    assert (world.consul.calls, world.given, world.progress.events) == ([], {}, [])


def test_it_waits_for_leaders_and_says_so_once(world: World) -> None:
    world.consul.begun, world.nomad.begun = ["not yet", "not yet", "now"], ["not yet", "now"]
    world.run()
    told = [event.what for event in world.progress.of(Waiting)]
    assert told[:2] == ["Consul to elect a leader", "Nomad to elect a leader"]


@pytest.mark.parametrize("product", ["consul", "nomad"])
def test_without_a_leader_it_gives_up_with_a_reason(world: World, product: str) -> None:
    getattr(world, product).begun = ["not yet"]
    with pytest.raises(BackendError) as caught:
        world.run()
    assert caught.value.diagnostics[0].code == "HS484"
    assert world.clock.now() < 130


def test_consul_asks_a_nomad_that_is_still_starting(world: World) -> None:
    world.consul.jwks_errors = 3
    world.run()
    assert any(isinstance(value, AuthMethod) for value in world.consul.values)
    world.consul.values.clear()
    world.consul.jwks_errors = 10_000
    with pytest.raises(BackendError):
        world.run()


def test_servers_without_a_key_to_sign_with_are_waited_for(world: World) -> None:
    world.nomad.signing = [False, False, True]
    world.run()
    assert world.given["n1"]["NOMAD_INTRO_TOKEN"]


def test_a_server_that_starts_again_does_not_answer_for_a_while(world: World) -> None:
    world.nomad.down = 5
    world.run()
    assert {event.host for event in world.progress.of(Joined)} == {"n1", "n2"}


def test_the_certificate_of_the_ingress_is_stored_and_renewed_and_a_users_own_is_left(world: World) -> None:
    path = "nomad/jobs/ingress"
    world.run()
    stored = world.nomad.variables[path]
    assert stored.items["certificate"].reveal().startswith("-----BEGIN CERTIFICATE")
    assert world.progress.of(Stored) == [Stored(path, ("certificate", "key"), generated=True)]
    world.nomad.variables[path] = replace(
        stored, items={**stored.items, "certificate": Sensitive("an old one")}
    )
    world.run()
    assert world.nomad.variables[path].items["certificate"].reveal() != "an old one"
    own = Variable(path, {"certificate": Sensitive("mine"), "key": Sensitive("mine")})
    world.nomad.variables[path] = own
    world.run()
    assert world.nomad.variables[path] == own


# --- bad days


def test_a_host_that_cannot_be_reached_stops_no_other_and_is_done_the_next_time(world: World) -> None:
    def away(host: str) -> None:
        if host == "n1":
            raise BackendError(Diagnostic("HS470", "n1: no answer"))

    world.before = away
    with pytest.raises(BackendError) as caught:
        world.run()
    assert [each.summary for each in caught.value.diagnostics] == ["n1: no answer"]
    assert set(world.given) == {"n2"}
    pending = [token.name for token in world.nomad.tokens if "n1" in token.name]
    assert pending == [
        "hashistack: node n1 (to be handed over)",
        "hashistack: snapshot n1 (to be handed over)",
    ]
    world.before = lambda host: None
    world.run()
    assert set(world.given) == {"n1"}
    assert len(world.nomad.tokens) == 3


def test_an_interrupted_hand_over_is_done_again_with_the_same_tokens(world: World) -> None:
    def interrupted(host: str) -> None:
        raise KeyboardInterrupt

    world.before = interrupted
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.before = lambda host: None
    world.run()
    assert set(world.given) == {"n1", "n2"}
    assert world.given["n1"]["NOMAD_NODE_TOKEN"] == "secret of accessor-1"


def test_a_host_that_took_its_introduction_and_does_not_join_is_named(world: World) -> None:
    world.hand_over = lambda host, values: None  # type: ignore[method-assign]
    with pytest.raises(BackendError) as caught:
        world.run()
    assert [each.code for each in caught.value.diagnostics] == ["HS485", "HS485"]
    assert world.progress.of(Joined) == []


def test_a_host_that_lost_its_tokens_gets_the_same_again_and_no_introduction(world: World) -> None:
    world.run()
    world.run(lacking=frozenset({"n2"}))
    assert world.given == {"n2": {"NOMAD_NODE_TOKEN": "secret of accessor-3"}}


def test_a_host_that_left_loses_its_tokens(world: World) -> None:
    world.run()
    world.consul.calls.clear()
    world.run(wanted=stack(N1))
    assert world.consul.calls == ["remove hashistack: agent n2"]
    assert {token.name for token in world.nomad.tokens} == {"hashistack: node n1", "hashistack: snapshot n1"}
    assert world.progress.of(AccessChanged) == [AccessChanged("Consul", 0, 1), AccessChanged("Nomad", 0, 1)]


# --- the order of hosts


def test_servers_go_one_after_another_the_leader_last_and_clients_together() -> None:
    hosts = stack(*SERVERS, *CLIENTS).environment.hosts
    waves = hand_overs(hosts, NomadAccess(), "10.0.0.12")
    assert [[step.host for step in wave] for wave in waves] == [["n1"], ["n3"], ["n2"], ["c1", "c2"]]


def test_hosts_that_need_no_restart_go_together() -> None:
    hosts = stack(*SERVERS).environment.hosts
    waves = hand_overs(hosts, NomadAccess(nodes=frozenset({"n1", "n2", "n3"})), "10.0.0.12")
    assert [[(step.host, step.introduce) for step in wave] for wave in waves] == [
        [("n1", None), ("n2", None), ("n3", None)]
    ]


def test_a_server_that_runs_no_jobs_is_not_introduced() -> None:
    hosts = stack("n1: {address: 10.0.0.11, roles: [server]}", N2).environment.hosts
    steps = {step.host: step for wave in hand_overs(hosts, NomadAccess(), "") for step in wave}
    assert steps["n1"].introduce is None
    assert [grant.variable for grant in steps["n1"].grants] == ["NOMAD_SNAPSHOT_TOKEN"]


def test_where_roles_have_the_credentials_nobody_is_introduced() -> None:
    hosts = stack(N1, N2).environment.hosts
    (together,) = hand_overs(hosts, NomadAccess(), "10.0.0.11", introduces=False)
    assert [(step.host, step.introduce) for step in together] == [("n1", None), ("n2", None)]
    given = (*together[0].grants, *together[1].grants)
    tokens = tuple(NomadToken(each.name, each.name, (each.policy,)) for each in given)
    assert hand_overs(hosts, NomadAccess(tokens=tokens), "10.0.0.11", introduces=False) == ()


def test_an_agent_that_comes_and_goes_shares_its_token_with_its_role() -> None:
    ours = stack(N1, N2)
    credentials = complete(Found(), ours, NOW).credentials
    own = [each for each in consul_access(ours, credentials).base if getattr(each, "node", None)]
    assert len(own) == 2
    cloud = replace(ours, environment=replace(ours.environment, target="aws"))
    base = consul_access(cloud, credentials).base
    assert not [each for each in base if getattr(each, "node", None)]
    shared = [
        each for each in base if isinstance(each, ConsulToken) and each.policies == ("hashistack-agent",)
    ]
    assert [each.description for each in shared] == ["hashistack: agent n1", "hashistack: agent n2"]
    (policy,) = (each for each in base if isinstance(each, ConsulPolicy) and each.name == "hashistack-agent")
    assert policy.rules.startswith('node_prefix "" {')


def test_a_host_is_introduced_to_its_pool() -> None:
    hosts = stack(N1, "n2: {address: 10.0.0.12, roles: [client], pool: gpu}").environment.hosts
    steps = [step for wave in hand_overs(hosts, NomadAccess(), "") for step in wave]
    assert {step.host: step.introduce for step in steps} == {"n1": "default", "n2": "gpu"}


# --- what differs


def test_only_what_differs_is_written() -> None:
    wanted = consul_access(stack(), credentials(stack()))
    first = wanted.base[0]
    assert isinstance(first, ConsulPolicy)
    edited = replace(wanted, base=(replace(first, rules="x"), *wanted.base[1:]))
    assert base_changes(wanted, edited).put == (first,)
    assert job_changes(wanted, wanted).put == ()
    assert job_changes(wanted, ConsulAccess()).put == wanted.jobs


def test_what_others_made_is_left_alone() -> None:
    wanted = consul_access(stack(), credentials(stack()))
    theirs = ConsulToken("x", "a token of the monitoring", ("global-management",))
    assert base_changes(wanted, replace(wanted, base=(*wanted.base, theirs))).remove == ()
    policies = nomad_policies(stack())
    others = NomadAccess(
        (*policies, NomadPolicy("readers", "of the team", "")), (NomadToken("x", "of the team", ()),)
    )
    assert nomad_changes(stack(), others).remove == ()


def test_the_policy_of_a_job_that_is_no_more_goes() -> None:
    old = NomadPolicy("shop-weekly-reads", "hashistack: shop-weekly reads the variables of shop", "")
    assert nomad_changes(stack(), NomadAccess((*nomad_policies(stack()), old))).remove == (old,)


def test_every_job_of_the_app_reads_the_apps_variables_and_no_others() -> None:
    reads = {policy.job: policy for policy in nomad_policies(stack()) if policy.job}
    assert set(reads) == {"shop", "shop-release", "shop-nightly"}
    paths = [line.split('"')[1] for line in reads["shop-nightly"].rules.splitlines() if "path" in line]
    assert paths == [
        "nomad/jobs/shop",
        "nomad/jobs/shop/*",
        "nomad/jobs/shop-cache",
        "nomad/jobs/shop-cache/address",
    ]
    assert "write" not in reads["shop-nightly"].rules


def test_a_handed_over_event_names_variables_and_never_values(world: World) -> None:
    world.run()
    shown = repr(world.progress.of(HandedOver))
    assert "NOMAD_NODE_TOKEN" in shown
    assert "secret of" not in shown
