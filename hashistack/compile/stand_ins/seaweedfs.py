"""SeaweedFS for `object-storage`: on each node a master, a volume server, a filer and an S3 gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hashistack.compile import outputs
from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins import postgres
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.compile.stand_ins.ports import base
from hashistack.model import BackingService, Stack

IMAGE = "chrislusf/seaweedfs:4.48@sha256:4e61d15fd35994cb1e43e1e553dff106794841fd9a99ade2fc8c8bfce4d7872d"
_UID = 1000  # `seaweed` in the image
_TASK = "seaweedfs"
_PORTS = (
    *("client", "s3_grpc", "filer", "filer_grpc", "master", "master_grpc", "volume", "volume_grpc"),
    *("metrics", "filer_metrics", "master_metrics", "volume_metrics"),
)
_CPU = 500
_MEMORY = 1024
# Of the service's cpu and memory in hundredths. A master to which the others answer half a second late gives up its
# lead, so it comes first when the machine is busy; gateway and volume server hold what passes through them.
_SHARES = {"master": (30, 15), "volume": (25, 30), "filer": (20, 25), _TASK: (25, 30)}
_FILES = ("seaweedfs/cluster.sh", "seaweedfs/security.toml")
_SCRIPTS = {_TASK: ("s3.sh", "report.sh", "ready.sh", "repair.sh")}

# Volumes are created whole buckets at a time, so there must be many; SeaweedFS allows none beyond 30,000 MB.
_VOLUMES = 100
_SMALLEST = 64
_LARGEST = 30_000


@dataclass(frozen=True, slots=True)
class Part:
    """One process of a node: its task, and scripts of which the first runs it; cpu in MHz, memory in MiB."""

    task: str
    scripts: tuple[str, ...]
    cpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class SeaweedView:
    """What the templates in `seaweedfs/` show; `volumes` of `volume_size` MiB are the room of one node.

    `replication` is a copy on how many other data centers, racks and machines, a digit each. `identities` is the body
    of the file with the keys of S3 clients. A port of SeaweedFS is written `http.grpc`. `tenant` is the database that
    the filers share, `database` the body of the file that says where it is.
    """

    member: Member
    parts: tuple[Part, ...]
    buckets: tuple[str, ...]
    replication: str
    volumes: int
    volume_size: int
    identities: str
    master_ports: str
    filer_ports: str
    tenant: postgres.Tenant | None
    database: str


def artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    """Return the cluster's job and the one that makes its buckets."""
    view = _view(stack, service)
    job = view.member.job
    return (
        Artifact(job_path(stack, job), "seaweedfs/job.nomad.hcl.j2", view, source),
        Artifact(job_path(stack, f"{job}-setup"), "seaweedfs/setup.nomad.hcl.j2", view, source),
    )


def _view(stack: Stack, service: BackingService) -> SeaweedView:
    node = member(
        stack,
        service,
        task=_TASK,
        image=IMAGE,
        uid=_UID,
        cpu=_CPU,
        memory=_MEMORY,
        ports=_PORTS,
        files=_FILES,
    )
    size = min(max(service.storage // _VOLUMES, _SMALLEST), _LARGEST)
    return SeaweedView(
        member=node,
        parts=tuple(_part(node, task, cpu, memory) for task, (cpu, memory) in _SHARES.items()),
        buckets=service.buckets,
        # Every node is a rack of its own, whatever its machine's: with three, no two copies share one then either.
        replication="010" if service.nodes > 1 else "000",
        volumes=max(service.storage // size, 1),
        volume_size=size,
        identities=_identities(node.job, service.buckets),
        master_ports=_ports(node, "master"),
        filer_ports=_ports(node, "filer"),
        tenant=postgres.tenant(stack, service) if service.database else None,
        database=_database(stack, service) if service.database else "",
    )


def _part(node: Member, task: str, cpu: int, memory: int) -> Part:
    scripts = _SCRIPTS.get(task, (f"{task}.sh",))
    return Part(task, scripts, node.cpu * cpu // 100, node.memory * memory // 100)


def _ports(node: Member, part: str) -> str:
    numbers = {port.label: port.number for port in node.ports}
    return f"{numbers[part]}.{numbers[f'{part}_grpc']}"


def _database(stack: Stack, service: BackingService) -> str:
    """Return a template body that says where the filers' database is, as shell variables."""
    database = postgres.database_of(stack, service)
    lines = [f"DATABASE_NAME={stack.app}-{service.name}"]
    if database.managed is None:
        # Of their places, which stay what they are while instances come and go; an empty list is none (`safeLs`).
        members = f'safeLs "hashistack/{stack.app}-{database.name}/members"'
        comma, address = "{{ if $i }},{{ end }}", '{{ index ($each.Value | split " ") 1 }}'
        hosts = f"{{{{ range $i, $each := {members} }}}}{comma}{address}{{{{ end }}}}"
        # pgx asks each in turn, so that nothing is started again when another one becomes primary.
        lines.append(f'DATABASE_HOST="{hosts} target_session_attrs=read-write"')
        lines.append(f"DATABASE_PORT={base(stack, database)}")
    else:
        lines += outputs.bindings(stack.app, database, login=False)
        for name, output in (("DATABASE_HOST", "host"), ("DATABASE_PORT", "port")):
            lines.append(f"{name}={{{{ {outputs.expression(stack.app, database, output)} }}}}")
    return "\n".join(lines) + "\n"


def _identities(job: str, buckets: tuple[str, ...]) -> str:
    """Return SeaweedFS's list of who may do what: the app in its buckets, an operator everywhere."""
    app = [f"{action}:{bucket}" for bucket in buckets for action in ("Read", "Write", "List", "Tagging")]
    operator = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = [
        _identity("app", (job, "access_key"), (job, "secret_key"), app),
        _identity(
            "operator",
            (f"{job}/node", "operator_access_key"),
            (f"{job}/node", "operator_secret_key"),
            operator,
        ),
    ]
    return '{\n  "identities": [\n' + ",\n".join(identities) + "\n  ]\n}"


def _identity(name: str, access: tuple[str, str], secret: tuple[str, str], actions: list[str]) -> str:
    keys = f'"accessKey": {_json_item(*access)}, "secretKey": {_json_item(*secret)}'
    return f'    {{"name": "{name}", "credentials": [{{{keys}}}],\n     "actions": {json.dumps(actions)}}}'


def _json_item(path: str, name: str) -> str:
    """Return the template expression of a variable's item as JSON."""
    return f'{{{{ with nomadVar "nomad/jobs/{path}" }}}}{{{{ .{name}.Value | toJSON }}}}{{{{ end }}}}'


ENGINE = Engine(
    artifacts=artifacts,
    task=_TASK,
    public=("access_key", "secret_key", "password"),
    private=("operator_access_key", "operator_secret_key", "volume_key", "filer_key"),
    setup=True,
    buckets=True,
)
