from __future__ import annotations

from pathlib import Path

import pytest

from hashistack.descriptor.load import load
from hashistack.descriptor.releases import CHECKSUMS, DEFAULTS, SITE
from hashistack.model import (
    Alarms,
    Application,
    Archive,
    BackingService,
    Backup,
    Bastion,
    Clients,
    ClientScale,
    Cloud,
    Deploy,
    Dns,
    Health,
    Host,
    Image,
    Ingress,
    Lag,
    Managed,
    Network,
    OtherRecord,
    Process,
    Queue,
    Reference,
    Registry,
    Route,
    Scale,
    ScheduledProcess,
    Servers,
    Snapshots,
    Ssh,
    Stack,
    TerraformState,
    Topic,
)

DESIGN = (Path(__file__).parent / "design.yaml").read_bytes()
N1_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="
SMALL = "app: shop\nimage: shop\nprocesses:\n  web: {command: serve}\n"


@pytest.fixture(scope="module")
def stacks() -> dict[str, Stack]:
    return {stack.environment.name: stack for stack in application(DESIGN).stacks}


def application(text: str | bytes) -> Application:
    loaded = load(text, "folder/hashistack.yaml")
    assert loaded.diagnostics == ()
    assert loaded.application is not None
    return loaded.application


def only_stack(text: str) -> Stack:
    (stack,) = application(text).stacks
    return stack


def process(stack: Stack, name: str) -> Process:
    return next(process for process in stack.processes if process.name == name)


def test_whole_language_loads() -> None:
    loaded = application(DESIGN)
    assert (loaded.name, loaded.file) == ("bakery", "hashistack.yaml")
    assert [stack.environment.name for stack in loaded.stacks] == [
        "factory",
        "laptop",
        "overseas",
        "production",
    ]


def test_order_of_mappings_does_not_matter() -> None:
    lines = DESIGN.decode().split("\n\n")
    shuffled = "\n\n".join(reversed(lines))
    assert application(shuffled) == application(DESIGN)


def test_environment_variables(stacks: dict[str, Stack]) -> None:
    env = {variable.name: variable.value for variable in stacks["laptop"].env}
    assert env["DATABASE_URL"] == (Reference("db", "url"),)
    assert env["GREETING"] == (
        "host=",
        Reference("db", "host"),
        " port=",
        Reference("db", "port"),
        " ${HOME}",
    )
    assert (env["DEBUG"], env["MODE"]) == (("true",), ("012",))
    assert [variable.name for variable in stacks["laptop"].env] == sorted(env)


def test_process(stacks: dict[str, Stack]) -> None:
    assert process(stacks["production"], "web") == Process(
        name="web",
        command="gunicorn bakery.wsgi",
        cpu=500,
        memory=1024,
        port=8000,
        health=Health("/health", 10, 3, 60),
        routes=(
            Route("bakery.example.com", "/"),
            Route("bakery.example.com", "/api"),
            Route("www.bakery.example.com", "/"),
        ),
        internal=False,
        scale=Scale(2, 10, 70, 200, None),
    )
    assert process(stacks["laptop"], "admin").health == Health("/up", 5, 2, 120)
    assert process(stacks["laptop"], "worker").scale == Scale(
        1, 20, None, None, Lag("events", "orders", "billing", 100)
    )


def test_scheduled_process(stacks: dict[str, Stack]) -> None:
    report = ScheduledProcess("nightly", "python manage.py report", 200, 256, "0 0 * * *", "Europe/Madrid")
    assert stacks["laptop"].scheduled == (report,)


def test_backing_services(stacks: dict[str, Stack]) -> None:
    services = {service.name: service for service in stacks["production"].backing_services}
    backup = Backup("uploads", "0 * * * *", 24)
    managed = Managed("db.m7g.large", False, 14)
    assert services["db"] == BackingService(
        "db", "postgres", "postgres", "16", 3, 20480, (), (), (), managed, 3, 1024, 900, backup=backup
    )
    assert services["cache"] == BackingService(
        "cache", "redis", "valkey", None, 1, 10240, (), (), (), Managed("cache.t4g.small", False, 7)
    )
    assert services["events"].topics == (
        Topic("orders", 6, 2, 30 * 86400, True),
        Topic("payments", 2, 3, None, False),
    )
    assert services["events"].archive == Archive("orders", "uploads", 60)
    assert (services["devices"].engine, services["devices"].public) == ("nats", (1883, 8883))
    assert services["uploads"].buckets == ("uploads", "archive"), "the first is the output `bucket`"
    assert services["files"].buckets == ("files",)
    assert not any(service.managed for service in stacks["factory"].backing_services)


def test_a_single_machine_has_one_node_of_each(stacks: dict[str, Stack]) -> None:
    events = next(service for service in stacks["laptop"].backing_services if service.name == "events")
    assert (events.nodes, events.asked) == (1, 3)
    assert {topic.replicas for topic in events.topics} == {1}


def test_documents_and_many_nodes_of_objects_are_kept_in_the_only_database() -> None:
    base = SMALL + "backing_services:\n  db: postgres\n  docs: mongodb\n  one: object-storage\n"
    hosts = "\n".join(f"      n{n}: {{address: 10.0.0.{n}, roles: [server, client]}}" for n in (1, 2, 3))
    where = f"environments:\n  own:\n    target: onprem\n    hosts:\n{hosts}\n"
    many = "  many: {type: object-storage, nodes: 3}\n"
    assert databases(base + many + where) == {"db": None, "docs": "db", "one": None, "many": "db"}
    two = base.replace("docs: mongodb", "docs: {type: mongodb, database: db}") + "  second: postgres\n"
    assert databases(two + many + where)["many"] is None, "nobody knows which"


def test_a_service_without_nodes_is_left_out_with_the_variables_that_name_it() -> None:
    text = (
        SMALL + "env: {DB: 'x${db.url}', CACHE: '${cache.url}', PLAIN: x}\n"
        "backing_services: {db: {type: postgres, nodes: 0}, cache: redis}\n"
        "environments:\n  here: {target: local}\n  there: {target: local, backing_services: {db: {nodes: 1}}}\n"
    )
    here, there = application(text).stacks
    assert [service.name for service in here.backing_services] == ["cache"]
    assert [variable.name for variable in here.env] == ["CACHE", "PLAIN"]
    assert [service.name for service in there.backing_services] == ["cache", "db"]
    assert [variable.name for variable in there.env] == ["CACHE", "DB", "PLAIN"]


def databases(text: str) -> dict[str, str | None]:
    """Return by service the database that it keeps its data in."""
    return {service.name: service.database for service in only_stack(text).backing_services}


def test_cloud_environment(stacks: dict[str, Stack]) -> None:
    environment = stacks["production"].environment
    assert environment.zones == ("eu-west-1b", "eu-west-1a")
    assert environment.servers == Servers(5, "t4g.medium")
    queue = Queue("AWS/SQS", "NumberOfMessages", (("QueueName", "orders"),), 100)
    scale = ClientScale(50, 80, 500, queue)
    assert environment.clients == Clients(3, 9, ("m7g.large", "m6g.large"), 80, 2, 102400, scale)
    assert environment.ingress == Ingress(80, None, 8081, 8082, None)
    assert environment.ssh is None
    assert environment.software is not None
    assert environment.snapshots == Snapshots(7200, 12)
    assert environment.cloud == Cloud(
        account="012345678901",
        machine_image="ubuntu-24.04",
        network=Network("10.30.0.0/20", "one", ("s3", "ssm", "ecr.api"), 7),
        dns=Dns("example.com", True, 10, (OtherRecord("heroku", "old.example.net", 90),)),
        state=TerraformState("bakery-terraform", "eu-central-1", "live/bakery.tfstate"),
        repositories=("bakery", "bakery/tools"),
        deploy=Deploy("bakery/app", "live", False),
        alarms=Alarms(("ops@example.com", "boss@example.com"), 5, 500),
        bastion=("198.51.100.0/24",),
        deletion_protection=False,
        logs=90,
        tags=(("cost-centre", "012"), ("team", "bread")),
    )


def test_short_forms_and_defaults_of_a_cloud(stacks: dict[str, Stack]) -> None:
    stack = stacks["overseas"]
    environment, cloud = stack.environment, stack.environment.cloud
    assert cloud is not None
    assert environment.zones == ("us-west-1a", "us-west-1c"), "it has no zone b"
    assert environment.clients == Clients(
        2, 3, ("m7g.large",), 100, 1, 40960, ClientScale(60, None, None, None)
    )
    assert (cloud.account, cloud.machine_image, cloud.repositories) == (None, "debian-12", ("bakery",))
    assert cloud.network == Network("10.31.0.0/16", "zone", ("s3",), 30)
    assert cloud.dns == Dns("bakery.example.org", False, None, ())
    assert cloud.state == TerraformState("bakery-terraform", "eu-central-1", "bakery/overseas.tfstate")
    assert (cloud.deploy, cloud.alarms) == (
        Deploy("bakery/app", "main", True),
        Alarms(("ops@example.com",), 1, 2000),
    )
    assert (cloud.bastion, cloud.deletion_protection, cloud.logs, cloud.tags) == ((), True, 30, ())
    managed = {service.name: service.managed for service in stack.backing_services if service.managed}
    assert managed == {
        "db": Managed("db.t4g.small", True, 7),
        "cache": Managed("cache.t4g.small", False, 7),
        "uploads": Managed(None, False, 7),
    }


def test_environment_of_own_machines(stacks: dict[str, Stack]) -> None:
    environment = stacks["factory"].environment
    assert environment.hosts == (
        Host("n1", "10.0.0.11", ("client", "ingress", "server"), "a", "default", N1_KEY, ()),
        Host(
            "n2",
            "10.0.0.12",
            ("client",),
            None,
            "big",
            None,
            (("data", "/srv/data"), ("media", "/srv/media")),
        ),
    )
    assert (environment.servers, environment.clients, environment.firewall) == (None, None, True)
    bastion = Bastion("bastion.factory.lan", "admin", 22, None)
    assert environment.ssh == Ssh("admin", 2222, "~/.ssh/factory", bastion)
    assert environment.ingress == Ingress(8080, 8443, 8081, 8082, "10.0.0.10")
    assert environment.snapshots == Snapshots(1800, 48)


def test_software_of_own_machines(stacks: dict[str, Stack]) -> None:
    software = stacks["factory"].environment.software
    assert software is not None
    assert (software.nomad, software.consul, software.source) == ("1.11.4", "1.22.6", "releases")
    assert (software.url, software.images) == (
        "https://mirror.factory.lan/hashicorp",
        "https://images.factory.lan:5000",
    )
    assert dict(software.checksums) == {
        "consul_1.22.6_linux_amd64.zip": CHECKSUMS["consul_1.22.6_linux_amd64.zip"],
        "consul_1.22.6_linux_arm64.zip": CHECKSUMS["consul_1.22.6_linux_arm64.zip"],
        "nomad_1.11.4_linux_arm64.zip": "0123456789abcdef" * 4,
    }


def test_own_machines_without_more() -> None:
    hosts = "hosts: {n1: {address: 10.0.0.1, roles: [server, client]}}"
    environment = only_stack(f"{SMALL}environments:\n  own: {{target: onprem, {hosts}}}\n").environment
    assert environment.ssh == Ssh("root", 22, None, None)
    assert environment.ingress == Ingress(80, 443, 8081, 8082, None)
    assert environment.firewall is False
    assert environment.snapshots == Snapshots(3600, 48)
    software = environment.software
    assert software is not None
    assert (software.nomad, software.consul, software.url) == (*DEFAULTS.values(), SITE)
    assert len(software.checksums) == 4


def test_without_environments_it_runs_here() -> None:
    environment = only_stack(SMALL).environment
    assert (environment.name, environment.target, environment.domain) == ("local", "local", "shop.localhost")
    assert environment.ingress == Ingress(8080, None, 8081, 8082, None)


def test_overrides(stacks: dict[str, Stack]) -> None:
    factory = stacks["factory"]
    web = process(factory, "web")
    assert web.scale == Scale(1, 1, 70, 200, None), "a short form sets both ends, the rest stays"
    assert web.health == Health("/slow", 10, 3, 60)
    assert web.command == "gunicorn bakery.wsgi"
    env = {variable.name: variable.value for variable in factory.env}
    assert (env["LOG_LEVEL"], env["PLACE"]) == (("debug",), ("factory",))
    assert factory.secrets == ("REGISTRY_PASSWORD", "SESSION_KEY"), "a list replaces"
    assert factory.image == Image("bakery", "1.4", None)
    assert factory.registry == Registry("ci", "REGISTRY_PASSWORD")


def test_hosts_move_to_the_domain_of_the_environment(stacks: dict[str, Stack]) -> None:
    routes = [process(stacks[name], "web").routes for name in ("factory", "laptop")]
    assert [[route.host for route in found] for found in routes] == [
        ["bakery.factory.lan", "bakery.factory.lan", "www.bakery.factory.lan"],
        ["bakery.localhost", "bakery.localhost", "www.bakery.localhost"],
    ]
    moved, stays = process(stacks["laptop"], "admin").routes
    assert (moved, stays) == (Route("bakery.localhost", "/admin"), Route("admin.bakery.internal", "/"))


def test_routes_written_in_an_environment_stay(stacks: dict[str, Stack]) -> None:
    assert process(stacks["factory"], "admin").routes == (Route("bakery.example.com", "/admin"),)


def test_longest_domain_wins() -> None:
    loaded = application(
        "app: shop\nimage: shop\nprocesses:\n"
        "  web: {command: serve, port: 80, routes: [a.eu.example.com, b.example.com]}\n"
        "environments:\n"
        "  world: {target: local, domain: example.com}\n"
        "  europe: {target: local, domain: eu.example.com}\n"
        "  other: {target: local, domain: other.test}\n"
    )
    assert {
        stack.environment.name: [r.host for r in stack.processes[0].routes] for stack in loaded.stacks
    } == {
        "world": ["a.example.com", "b.example.com"],
        "europe": ["a.eu.example.com", "b.eu.example.com"],
        "other": ["a.other.test", "b.other.test"],
    }


def test_aliases_are_what_they_stand_for() -> None:
    stack = only_stack(SMALL + "  two: &two {command: other, port: 80}\n  three: *two\n")
    assert [(p.name, p.command, p.port) for p in stack.processes] == [
        ("three", "other", 80),
        ("two", "other", 80),
        ("web", "serve", None),
    ]


def test_warnings_do_not_prevent_an_application() -> None:
    loaded = load(SMALL.replace("serve}", "serve, scale: {max: 3}}"), "f")
    assert [diagnostic.severity for diagnostic in loaded.diagnostics] == ["warning"]
    assert loaded.application is not None


def test_a_mistake_points_at_its_value_and_shows_the_line() -> None:
    (mistake,) = load(SMALL.replace("serve}", "serve, port: http}"), "dir/f.yaml").diagnostics
    assert mistake.span is not None
    assert (mistake.span.file, mistake.span.line) == ("dir/f.yaml", 4)
    assert mistake.source[mistake.span.col - 1 : mistake.span.end_col - 1] == "http"


def test_a_possible_password_is_never_shown() -> None:
    text = SMALL + "registry: {username: ci, password: hunter2}\n"
    for written in (text, text.replace("hunter2", "hunter-2!")):
        (mistake,) = load(written, "f").diagnostics
        assert "hunter" not in repr(mistake)


def test_images() -> None:
    digest = "sha256:" + "a" * 64
    known = {
        "shop": Image("shop", None, None),
        "shop:1.4": Image("shop", "1.4", None),
        "localhost:5000/team/shop:v1": Image("localhost:5000/team/shop", "v1", None),
        f"registry.example.com/shop@{digest}": Image("registry.example.com/shop", None, digest),
        f"ghcr.io/a/b_c/d.e:1@{digest}": Image("ghcr.io/a/b_c/d.e", "1", digest),
    }
    for text, image in known.items():
        assert only_stack(SMALL.replace("image: shop", f'image: "{text}"')).image == image


def test_what_is_not_shown_is_mentioned() -> None:
    references = "".join(f"  A{number}: ${{cache{number}.url}}\n" for number in range(250))
    codes = [diagnostic.code for diagnostic in load(f"{SMALL}env:\n{references}", "f").diagnostics]
    assert codes == [*["HS209"] * 200, "HS240"]


def test_a_mistake_in_many_environments_is_said_once() -> None:
    environments = "".join(f"  e{number}: {{target: aws, region: eu-west-1}}\n" for number in range(9))
    text = SMALL.replace("serve}", "serve, port: 80, routes: [/]}") + f"environments:\n{environments}"
    (mistake,) = load(text, "f").diagnostics
    assert mistake.summary == "/ has no host, and e0 has no domain; likewise in e1, e2, e3, e4, e5 and 3 more"


def test_two_mistakes_in_one_value_stay_two() -> None:
    text = SMALL + "env: {A: '${b.url}${c.url}'}\nenvironments: {x: {target: local}, y: {target: local}}\n"
    found = [diagnostic.summary for diagnostic in load(text, "f").diagnostics]
    assert found == ["no backing service b", "no backing service c"]


def test_an_environment_may_complete_what_is_there() -> None:
    health = SMALL.replace("serve}", "serve, port: 80, health: /up}")
    override = "environments: {x: {target: local, processes: {web: {health: {interval: 5s}}}}}\n"
    assert only_stack(health + override).processes[0].health == Health("/up", 5, 3, 60)


def test_a_mistake_beside_a_password_does_not_show_it() -> None:
    text = SMALL + "registry: {username: 'a b', password: hunter2, port: 1}\n"
    found = load(text, "f").diagnostics
    assert [diagnostic.code for diagnostic in found] == ["HS108", "HS229", "HS101"]
    assert "hunter" not in repr(found)


def test_any_number_of_warnings_is_shown_and_no_error() -> None:
    processes = "".join(f"  p{number}: {{command: x, scale: {{max: 3}}}}\n" for number in range(250))
    loaded = load(SMALL + processes, "f")
    assert [diagnostic.severity for diagnostic in loaded.diagnostics] == ["warning"] * 250
    assert loaded.application is not None
