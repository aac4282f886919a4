"""Access control on real agents: who is let in, who is refused, and what a job may read."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import requests

from hashistack import pipeline
from hashistack.backends.cluster import SystemClock
from hashistack.backends.consul import Consul
from hashistack.backends.consul_acl import ConsulAcl
from hashistack.backends.credentials import CredentialsFolder
from hashistack.backends.endpoint import Endpoint
from hashistack.backends.exec import Exec, Task
from hashistack.backends.nomad import Nomad
from hashistack.backends.nomad_acl import NomadAcl
from hashistack.backends.servers import consul_servers, first_answering, nomad_servers, on_hosts
from hashistack.credentials.complete import complete
from hashistack.credentials.handout import rescue, secrets_env
from hashistack.credentials.values import Credentials, Found
from hashistack.diagnostics import BackendError
from hashistack.model import Stack
from hashistack.plan.access import consul_access
from hashistack.plan.actual import Variable
from hashistack.plan.bootstrapper import Bootstrapper, Wanted
from hashistack.plan.env import Reach, variables
from hashistack.plan.progress import Event
from hashistack.plan.progress_hosts import AccessChanged, HandedOver, Joined
from hashistack.plan.sensitive import Sensitive
from tests.conftest import needed
from tests.local.api import until
from tests.local.secure_agents import Machine, at, machines
from tests.tools import build

DESCRIPTOR = b"""\
app: shop
image: example.com/shop:1
secrets: [SESSION_KEY]
release: ./migrate
processes:
  web: {command: ./web, port: 8000, health: /health}
  nightly: {command: ./report, schedule: "0 3 * * *"}
backing_services:
  cache: {type: redis}
environments:
  factory:
    target: onprem
    domain: shop.factory.lan
    ssh: {user: root}
    hosts:
      n1: {address: 127.0.0.1, roles: [server, client, ingress]}
      n2: {address: 127.0.0.2, roles: [client]}
"""
OTHER = "9d7e1f6e-0d9c-4d0c-9c8d-2f5a3f1f0b11"
SECRET = "the-secret-of-the-shop"


@dataclass
class Factory:
    """A cluster of two machines, as an operator sees it."""

    stack: Stack
    credentials: Credentials
    folder: CredentialsFolder
    machines: tuple[Machine, ...]
    events: list[Event] = field(default_factory=list)
    given: dict[str, Mapping[str, Sensitive]] = field(default_factory=dict)

    @property
    def server(self) -> Machine:
        return self.machines[0]

    @property
    def nomad(self) -> Endpoint:
        servers = nomad_servers(on_hosts(self.stack), self.folder, self.credentials.secrets)
        return first_answering([at(servers[0], self.server.nomad)])

    @property
    def consul(self) -> Endpoint:
        servers = consul_servers(on_hosts(self.stack), self.folder, self.credentials.secrets)
        return first_answering([at(servers[0], self.server.consul)])

    def bootstrap(self) -> list[Event]:
        """Run it once, and return what happened."""
        self.events.clear()
        access = consul_access(self.stack, self.credentials, f"{self.server.nomad}/.well-known/jwks.json")
        agents = ConsulAcl(self.consul), NomadAcl(self.nomad), Nomad(self.nomad)
        wanted = Wanted(self.stack, access, self.credentials.ingress)
        Bootstrapper(*agents, self.events.append, SystemClock(), self.hand_over).run(wanted)
        return list(self.events)

    def hand_over(self, host: str, values: Mapping[str, Sensitive]) -> None:
        self.given[host] = {**self.given.get(host, {}), **values}
        if token := values.get("NOMAD_INTRO_TOKEN"):
            next(each for each in self.machines if each.host.name == host).introduce(token.reveal())

    def ask(self, path: str, token: str = "", method: str = "GET", body: object = None) -> requests.Response:
        """Ask Nomad with a token of a test's own."""
        headers = {"X-Nomad-Token": token} if token else {}
        return _session().request(
            method,
            f"{self.server.nomad}/v1/{path}",
            headers=headers,
            json=body,
            verify=str(self.folder.authority),
            timeout=10,
        )

    def ask_consul(
        self, path: str, token: str = "", method: str = "GET", *, cert: bool = True
    ) -> requests.Response:
        headers = {"X-Consul-Token": token} if token else {}
        certificate, key = self.folder.operator
        return _session().request(
            method,
            f"{self.server.consul}/v1/{path}",
            headers=headers,
            verify=str(self.folder.authority),
            cert=(str(certificate), str(key)) if cert else None,
            timeout=10,
        )


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Factory]:
    """Start the server with a bare access control, bootstrap it, and leave the second machine outside."""
    if os.geteuid() != 0:
        pytest.skip("Nomad's client mounts the folders of its tasks, which takes root")
    with needed():
        binaries = {tool: build.ensure(tool) for tool in ("nomad", "consul")}
    stack = pipeline.load(DESCRIPTOR, "hashistack.yaml").stacks[0]
    credentials = complete(Found(), stack, datetime.now(UTC)).credentials
    folder = CredentialsFolder(tmp_path_factory.mktemp("operator") / "shop@factory")
    folder.write(credentials)
    with ExitStack() as running:
        laid = running.enter_context(machines(stack.environment.hosts, "factory", credentials, binaries))
        for machine in laid:
            machine.start("consul")
            machine.start("nomad")
        factory = Factory(stack, credentials, folder, laid)
        until(lambda: _answers(factory))
        yield factory


def _answers(factory: Factory) -> bool:
    try:
        return bool(factory.nomad and factory.consul)
    except BackendError:
        return False


@pytest.fixture(scope="module")
def begun(factory: Factory) -> list[Event]:
    """Bootstrap, once for all tests of this file."""
    return factory.bootstrap()


def test_from_nothing_to_machines_that_take_jobs(factory: Factory, begun: list[Event]) -> None:
    assert "node registration without introduction token" in factory.server.log("nomad")
    assert {event.host for event in begun if isinstance(event, Joined)} == {"n1", "n2"}
    given = {event.host: event.names for event in begun if isinstance(event, HandedOver)}
    assert given == {
        "n1": ("NOMAD_INTRO_TOKEN", "NOMAD_NODE_TOKEN", "NOMAD_SNAPSHOT_TOKEN"),
        "n2": ("NOMAD_INTRO_TOKEN", "NOMAD_NODE_TOKEN"),
    }


def test_a_second_run_changes_nothing_and_is_quick(factory: Factory, begun: list[Event]) -> None:
    start = time.monotonic()
    assert factory.bootstrap() == []
    assert time.monotonic() - start < 1.5


def test_another_management_token_is_refused_with_the_way_back(factory: Factory, begun: list[Event]) -> None:
    for control in (ConsulAcl(_with(factory.consul, OTHER)), NomadAcl(_with(factory.nomad, OTHER))):
        with pytest.raises(BackendError) as caught:
            control.begin()
        assert caught.value.diagnostics[0].code == "HS483"
        assert "reset index" in caught.value.diagnostics[0].summary


def _with(endpoint: Endpoint, token: str) -> Endpoint:
    return replace(endpoint, token=Sensitive(token))


def test_the_variables_that_env_prints_open_both(factory: Factory, begun: list[Event]) -> None:
    certificate, key = map(str, factory.folder.operator)
    shared = factory.credentials.secrets
    reach = Reach(
        nomad=factory.server.nomad,
        consul=factory.server.consul,
        authority=str(factory.folder.authority),
        certificate=certificate,
        key=key,
        variables=str(factory.folder.variables),
        nomad_token=shared.nomad_management,
        consul_token=shared.consul_management,
    )
    for tool, *arguments in (("nomad", "node", "status"), ("consul", "members")):
        command = [str(factory.server.binaries[tool]), *arguments]
        done = subprocess.run(command, env=variables(reach), capture_output=True, text=True, check=False)
        assert (done.returncode, "n2" in done.stdout) == (0, True), done.stderr


# --- who is refused


def test_plain_http_is_refused(factory: Factory, begun: list[Event]) -> None:
    answer = _session().get(factory.server.nomad.replace("https", "http") + "/v1/status/leader", timeout=5)
    assert answer.status_code == 400
    answer = _session().get(factory.server.consul.replace("https", "http") + "/v1/status/leader", timeout=5)
    assert answer.status_code == 400


def test_who_has_no_token_is_refused(factory: Factory, begun: list[Event]) -> None:
    for path in ("nodes", "jobs", "vars", "agent/members", "acl/tokens", "operator/snapshot"):
        assert (path, factory.ask(path).status_code, factory.ask(path).text) in (
            (path, 403, "Permission denied"),
            (path, 200, "[]\n"),  # a list of what one may see
            (path, 200, "[]"),
        )
    assert factory.ask_consul("kv/x").status_code == 403
    assert factory.ask_consul("acl/tokens").status_code == 403
    assert factory.ask_consul("catalog/nodes").json() == []


def test_who_has_no_certificate_is_refused_by_consul(factory: Factory, begun: list[Event]) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        factory.ask_consul("status/leader", cert=False)


def test_the_certificate_of_the_ingress_is_nobodys_key(
    factory: Factory, begun: list[Event], tmp_path: Path
) -> None:
    ingress = factory.credentials.ingress
    assert ingress is not None
    (tmp_path / "ingress.pem").write_text(ingress.certificate + ingress.key.reveal())
    with pytest.raises(requests.exceptions.ConnectionError):
        _session().get(
            f"{factory.server.consul}/v1/status/leader",
            cert=str(tmp_path / "ingress.pem"),
            verify=str(factory.folder.authority),
            timeout=5,
        )


def test_a_machine_without_introduction_is_refused_and_with_it_accepted(
    factory: Factory, begun: list[Event]
) -> None:
    log = factory.server.log("nomad")
    refused = [line for line in log.splitlines() if "without introduction token" in line]
    assert any("node_name=n2" in line for line in refused)
    names = {node["Name"]: node["Status"] for node in Nomad(factory.nomad).nodes()}
    assert names == {"n1": "ready", "n2": "ready"}


# --- what the tokens of machines may do


def test_the_token_of_a_machine_drains_it_and_no_more(factory: Factory, begun: list[Event]) -> None:
    token = factory.given["n2"]["NOMAD_NODE_TOKEN"].reveal()
    node = next(each["ID"] for each in Nomad(factory.nomad).nodes() if each["Name"] == "n2")
    drained = {"DrainSpec": {"Deadline": 1, "IgnoreSystemJobs": True}, "MarkEligible": False}
    assert factory.ask(f"node/{node}/drain", token, "POST", drained).status_code == 200
    admitted = {"DrainSpec": None, "MarkEligible": True}
    assert factory.ask(f"node/{node}/drain", token, "POST", admitted).status_code == 200
    assert factory.ask("vars", token).text.strip() == "[]"
    assert factory.ask("operator/snapshot", token).status_code == 403


def test_snapshots_are_saved_with_the_tokens_for_them(factory: Factory, begun: list[Event]) -> None:
    token = factory.given["n1"]["NOMAD_SNAPSHOT_TOKEN"].reveal()
    assert factory.ask("operator/snapshot", token).status_code == 200
    # Nomad may refuse before it has read what is sent, and then says no more than that the pipe is closed.
    refusals = [factory.ask("operator/snapshot", token, "PUT", "not a snapshot") for _ in range(10)]
    assert all(refusal.status_code >= 400 for refusal in refusals)
    assert any("Permission denied" in refusal.text for refusal in refusals), refusals[-1].text
    secret = factory.credentials.secrets.consul_snapshot.secret.reveal()
    assert factory.ask_consul("snapshot", secret).status_code == 200


# --- what a job may read


JOB = """
job "%(name)s" {
  type = "%(type)s"
  %(periodic)s
  group "main" {
    network {
      port "http" {}
    }
    service {
      name = "%(name)s-main"
      port = "http"
      tags = ["traefik.enable=true"]
    }
    task "main" {
      driver = "raw_exec"
      identity {
        env = true
      }
      consul {}
      config {
        command = "/bin/sh"
        args = ["-c", "echo $NOMAD_TOKEN; echo $CONSUL_TOKEN; cat secrets/app.env; exec sleep 300"]
      }
      template {
        destination = "secrets/app.env"
        data = <<EOT
%(template)s
EOT
      }
      resources {
        cpu = 20
        memory = 20
      }
    }
  }
}
"""
READS = """\
SESSION_KEY={{ with nomadVar "nomad/jobs/shop" }}{{ .SESSION_KEY }}{{ end }}
NOMAD={{ range service "nomad|any" }}{{ .Address }}{{ end }}"""
ASKS = 'NOMAD={{ range service "nomad|any" }}{{ .Address }}{{ end }}'


@pytest.fixture(scope="module")
def jobs(factory: Factory, begun: list[Event]) -> Iterator[dict[str, list[str]]]:
    """Run jobs of the shop and of a stranger; give what each wrote: its two tokens, then what its template read."""
    nomad = Nomad(factory.nomad)
    for path, item in (("nomad/jobs/shop", "SESSION_KEY"), ("nomad/jobs/shop-cache", "password")):
        nomad.put_variable(Variable(path, {item: Sensitive(SECRET)}))
    wanted = {"shop": READS, "shop-release": READS, "shop-nightly": READS, "shop-cache": ASKS, "thief": ASKS}
    for name, template in wanted.items():
        periodic = name == "shop-nightly"
        values = {
            "name": name,
            "type": "batch" if periodic else "service",
            "periodic": 'periodic {\n  crons = ["0 3 * * *"]\n}' if periodic else "",
            "template": template,
        }
        job = nomad.parse(JOB % values, {})
        nomad.register(job, 0, JOB % values, {})
    factory.ask("job/shop-nightly/periodic/force", _token(factory), "POST")
    yield {name: until(partial(_output, nomad, name), 90) for name in wanted}
    nomad = Nomad(factory.nomad)  # with other credentials by now
    for job in nomad.jobs():
        nomad.purge(job["ID"])
    until(lambda: not _running(factory))


def _token(factory: Factory) -> str:
    return factory.credentials.secrets.nomad_management.reveal()


def _running(factory: Factory) -> bool:
    allocations = factory.ask("allocations", _token(factory)).json()
    return any(each["ClientStatus"] == "running" for each in allocations)


def _output(nomad: Nomad, name: str) -> list[str]:
    ids = [job["ID"] for job in nomad.jobs() if job["ID"] == name or job.get("ParentID") == name]
    for allocation in (each for job in ids for each in nomad.allocations(job)):
        lines = nomad.log(allocation["ID"], "main", "stdout").decode().splitlines()
        if any(line.startswith("NOMAD=") for line in lines):
            return lines
    return []


def test_a_job_reads_its_secrets_and_asks_consul(jobs: dict[str, list[str]]) -> None:
    for name in ("shop", "shop-release", "shop-nightly"):
        assert f"SESSION_KEY={SECRET}" in jobs[name], name
    assert all(lines[-1].startswith("NOMAD=127.0.0.1") for lines in jobs.values())


READABLE = {
    "shop": {"nomad/jobs/shop", "nomad/jobs/shop-cache"},
    "shop-release": {"nomad/jobs/shop", "nomad/jobs/shop-cache"},
    "shop-nightly": {"nomad/jobs/shop", "nomad/jobs/shop-cache"},
    "shop-cache": {"nomad/jobs/shop-cache"},
    "thief": set(),
}


@pytest.mark.parametrize("name", READABLE)
def test_a_job_cannot_read_the_secrets_of_another(
    factory: Factory, jobs: dict[str, list[str]], name: str
) -> None:
    token = jobs[name][0]
    paths = ("nomad/jobs/shop", "nomad/jobs/shop-cache")
    assert {path for path in paths if factory.ask(f"var/{path}", token).status_code == 200} == READABLE[name]
    refused = [path for path in paths if path not in READABLE[name]]
    assert all(factory.ask(f"var/{path}", token).status_code == 403 for path in refused)
    assert factory.ask("var/hashistack/shop/releases", token).status_code == 403
    assert factory.ask("job/shop", token, "DELETE").status_code == 403
    body = {"Path": "nomad/jobs/shop", "Items": {"SESSION_KEY": "x"}}
    assert factory.ask("var/nomad/jobs/shop", token, "PUT", body).status_code == 403


def test_what_is_not_there_yet_is_waited_for_and_not_denied(
    factory: Factory, jobs: dict[str, list[str]]
) -> None:
    """A secret without a value and a service without an instance are read as variables below the job's own."""
    for name in ("shop", "shop-release", "shop-nightly"):
        for path in ("nomad/jobs/shop/SESSION_KEY", "nomad/jobs/shop-cache/address"):
            assert factory.ask(f"var/{path}", jobs[name][0]).status_code == 404, (name, path)


def test_a_job_may_look_services_up_in_consul_and_change_nothing(
    factory: Factory, jobs: dict[str, list[str]]
) -> None:
    token = jobs["thief"][1]
    assert [each["ServiceName"] for each in factory.ask_consul("catalog/service/nomad", token).json()]
    assert factory.ask_consul("kv/x", token).status_code == 404
    assert factory.ask_consul("kv/x", token, "PUT").status_code == 403
    assert factory.ask_consul("agent/service/deregister/nomad", token, "PUT").status_code in (403, 404)


def test_services_of_jobs_register_themselves(factory: Factory, jobs: dict[str, list[str]]) -> None:
    consul = Consul(factory.consul)
    until(lambda: consul.passing("shop-main"))
    assert {"shop-main", "thief-main", "nomad", "nomad-client"} <= consul.service_names()


def test_a_command_runs_in_a_task_for_who_may_and_over_tls(
    factory: Factory, jobs: dict[str, list[str]]
) -> None:
    del jobs
    nomad = Nomad(factory.nomad)
    source = """job "sleeper" {
      group "main" {
        task "main" {
          driver = "raw_exec"
          config {
            command = "sleep"
            args    = ["1000"]
          }
        }
      }
    }"""
    nomad.register(nomad.parse(source, {}), 0, source, {})
    until(lambda: any(each["ClientStatus"] == "running" for each in nomad.allocations("sleeper")))
    task = Task(nomad.allocations("sleeper")[0]["ID"], "main")
    assert Exec(factory.nomad).text(task, ["echo", "yes"], 20) == "yes\n"
    for endpoint, code in (
        (replace(factory.nomad, token=None), "HS402"),
        (replace(factory.nomad, verify=True), "HS403"),
        (replace(factory.nomad, server_name="other.global.nomad"), "HS403"),
        (replace(factory.nomad, url=factory.nomad.url.replace("https", "http")), "HS403"),
    ):
        with pytest.raises(BackendError) as caught:
            Exec(endpoint).text(task, ["echo", "no"], 20)
        assert caught.value.diagnostics[0].code == code
    nomad.purge("sleeper")


def test_a_host_that_leaves_loses_its_tokens(factory: Factory, jobs: dict[str, list[str]]) -> None:
    """Last: the second machine is one of the cluster no more."""
    del jobs
    smaller = DESCRIPTOR.replace(b"      n2: {address: 127.0.0.2, roles: [client]}\n", b"")
    stack, before = pipeline.load(smaller, "hashistack.yaml").stacks[0], factory.stack
    gone = factory.credentials.hosts["n2"].consul.secret.reveal()
    node_token = factory.given["n2"]["NOMAD_NODE_TOKEN"].reveal()
    assert factory.ask_consul("acl/token/self", gone).status_code == 200
    factory.stack = stack
    found = factory.folder.read()
    factory.credentials = complete(found, stack, datetime.now(UTC)).credentials
    try:
        assert factory.bootstrap() == [AccessChanged("Consul", 0, 1), AccessChanged("Nomad", 0, 1)]
    finally:
        factory.stack = before
    assert factory.ask_consul("acl/token/self", gone).status_code == 403
    assert factory.ask("nodes", node_token).status_code == 403


def test_lost_credentials_have_a_way_back(
    factory: Factory, jobs: dict[str, list[str]], tmp_path: Path
) -> None:
    """The very last: nothing is left but what is on a server, and the cluster goes on with what it holds."""
    del jobs
    lost = factory.credentials.secrets
    saved = rescue(secrets_env(factory.server.host, factory.credentials).reveal())
    factory.credentials = complete(Found(rescued=saved), factory.stack, datetime.now(UTC)).credentials
    factory.folder = CredentialsFolder(tmp_path / "shop@factory")
    factory.folder.write(factory.credentials)
    for machine in factory.machines:
        machine.stop("nomad")
        machine.stop("consul")
        machine.prepare(factory.credentials)
        machine.start("consul")
        machine.start("nomad")
    until(lambda: _answers(factory))
    for file in ("consul/acl-bootstrap-reset", "nomad/server/acl-bootstrap-reset"):
        with pytest.raises(BackendError) as caught:
            factory.bootstrap()
        assert caught.value.diagnostics[0].code == "HS483"
        assert f"/opt/{file} " in caught.value.diagnostics[0].hint
        index = re.findall(r"reset index: (\d+)", str(caught.value))[0]
        (factory.server.folder / file).write_text(index)
    factory.bootstrap()
    nomad = Nomad(factory.nomad)
    until(lambda: {node["Name"] for node in nomad.nodes() if node["Status"] == "ready"} == {"n1", "n2"})
    stored = nomad.variable("nomad/jobs/shop")
    assert stored is not None
    assert stored.items["SESSION_KEY"].reveal() == SECRET
    # Whoever finds the lost ones has nothing.
    assert factory.ask_consul("acl/token/self", lost.consul_management.reveal()).status_code == 403
    assert factory.ask("nodes", lost.nomad_management.reveal()).status_code == 403
    assert factory.bootstrap() == []
