"""PostgreSQL under Patroni for `postgres`: a commit is on two nodes, and Consul says which of them is the primary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashistack.compile import outputs
from hashistack.compile.artifact import Artifact
from hashistack.compile.consul_template import item
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.descriptor.stand_in_needs import numbers
from hashistack.model import BackingService, Backup, Stack

# Zalando's image of Patroni 4.1 has PostgreSQL 14 to 18 beside each other.
IMAGE = "ghcr.io/zalando/spilo-18:4.1-p2"
VERSION = "17"
_CPU = 500
_MEMORY = 512
_MIB = 1 << 20
_FILES = ("start", "settle", "post_init", "ready", "report", "backup", "restore")
# Items of the variable of the nodes, as start.sh knows them.
_PASSWORDS = ("superuser", "replication", "rest")


@dataclass(frozen=True, slots=True)
class PostgresView:
    """What `postgres/job.nomad.hcl.j2` shows; `shared_memory` in bytes, `passwords` is the body of a template."""

    member: Member
    database: str
    options: str
    shared_memory: int
    env: tuple[tuple[str, str], ...]
    passwords: str


@dataclass(frozen=True, slots=True)
class BackupView:
    """What `postgres/backup.nomad.hcl.j2` shows; `addresses` and `files` (name, body) are bodies of templates."""

    app: str
    job: str
    key: str
    image: str
    schedule: str
    keep: int
    bin: str
    prefix: str
    addresses: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tenant:
    """What `postgres/_tenant.hcl.j2` shows: a database for another backing service, made before that starts.

    `name` is of the role, the database and the job; `environment` and `authority` are bodies of templates.
    """

    name: str
    key: str
    image: str
    bin: str
    environment: str
    authority: str
    authority_file: str


def database_of(stack: Stack, service: BackingService) -> BackingService:
    """Return the postgres service that keeps the data of another one."""
    return next(each for each in stack.backing_services if each.name == service.database)


def tenant(stack: Stack, service: BackingService) -> Tenant:
    """Return how the service gets a role and a database of its own, both called like its job."""
    database, name = database_of(stack, service), f"{stack.app}-{service.name}"
    outs = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password"}
    login = lines(stack, [(variable, database, output) for variable, output in outs.items()])
    password = item(f"nomad/jobs/{name}", "password")
    return Tenant(
        name=name,
        key=f"backing_services.{service.name}.database",
        image=database.image or IMAGE,
        bin=_bin(database),
        environment=f"{login}TENANT_PASSWORD={password}\n",
        authority=outputs.ca_body(stack.app, database),
        authority_file=outputs.ca_file(database),
    )


def _artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    node = member(
        stack,
        service,
        task="postgres",
        image=IMAGE,
        version=VERSION,
        uid=0,  # which number the user postgres has differs between images: start.sh hands the disk over
        cpu=_CPU,
        memory=_MEMORY,
        ports=("client", "rest"),
        files=(*(f"postgres/{file}.sh" for file in _FILES), "postgres/report.py"),
    )
    view = PostgresView(
        member=node,
        database=stack.app,
        options=f"?sslmode=verify-ca&sslrootcert=/secrets/{outputs.ca_file(service)}",
        shared_memory=node.memory // 2 * _MIB,
        env=_settings(stack, service, node),
        passwords=_passwords(node.job),
    )
    job = Artifact(job_path(stack, node.job), "postgres/job.nomad.hcl.j2", view, source)
    return (job, *([_backup(stack, service, node, service.backup, source)] if service.backup else []))


def _settings(stack: Stack, service: BackingService, node: Member) -> tuple[tuple[str, str], ...]:
    """Return the environment of start.sh: a quarter of the memory for PostgreSQL's own cache, as its manual advises."""
    return (
        ("APP_DATABASE", stack.app),
        ("BIN", _bin(service)),
        ("CACHE_SIZE", f"{node.memory * 3 // 4}MB"),
        ("MAX_CONNECTIONS", str(max(100, min(500, node.memory // 8)))),
        ("POSTGRES_VERSION", _major(service)),
        ("SHARED_BUFFERS", f"{node.memory // 4}MB"),
        ("WAL_SIZE", f"{max(128, min(4096, service.storage // 4))}MB"),
    )


def _major(service: BackingService) -> str:
    """Return the version by which the image knows it, a number alone: fixes and variants are the image's business."""
    return str(numbers(service.version or VERSION)[0])


def _bin(service: BackingService) -> str:
    return f"/usr/lib/postgresql/{_major(service)}/bin"


def _passwords(job: str) -> str:
    lines = [f"{name.upper()}_PASSWORD={item(f'nomad/jobs/{job}/node', name)}" for name in _PASSWORDS]
    return "\n".join((*lines, f"APP_PASSWORD={item(f'nomad/jobs/{job}', 'password')}", ""))


def _backup(stack: Stack, service: BackingService, node: Member, backup: Backup, source: str) -> Artifact:
    """Return the periodic job that writes all databases to an object storage."""
    storage = next(each for each in stack.backing_services if each.name == backup.to)
    own = f"nomad/jobs/{node.job}"
    view = BackupView(
        app=stack.app,
        job=f"{node.job}-backup",
        key=node.key,
        image=node.image,
        schedule=backup.schedule,
        keep=backup.keep,
        bin=_bin(service),
        prefix=f"backups/{node.job}/",
        addresses=_addresses(stack, service, storage),
        files=(
            ("database-ca.pem", item(own, "ca")),
            ("certificate.pem", item(f"{own}/node", "certificate")),
            ("key.pem", item(f"{own}/node", "key")),
            ("storage-ca.pem", outputs.ca_body(stack.app, storage)),
        ),
    )
    return Artifact(job_path(stack, view.job), "postgres/backup.nomad.hcl.j2", view, source)


def _addresses(stack: Stack, service: BackingService, storage: BackingService) -> str:
    """Return the body of a file that says where the database and the storage are, and what opens them."""
    found = (
        ("PGHOST", service, "host"),
        ("PGPORT", service, "port"),
        ("S3_ENDPOINT", storage, "endpoint"),
        ("S3_REGION", storage, "region"),
        ("S3_BUCKET", storage, "bucket"),
        ("S3_ACCESS_KEY", storage, "access_key"),
        ("S3_SECRET_KEY", storage, "secret_key"),
    )
    password = item(f"nomad/jobs/{stack.app}-{service.name}/node", "superuser")
    return lines(stack, found) + f"PGPASSWORD={password}\n"


def lines(stack: Stack, found: Sequence[tuple[str, BackingService, str]]) -> str:
    """Return a template of lines NAME=VALUE from outputs of services; it waits while one of these is not there."""
    services = dict.fromkeys(service for _, service, _ in found)
    logins = {service for _, service, output in found if outputs.needs_login(service, output)}
    bound = [
        line for service in services for line in outputs.bindings(stack.app, service, login=service in logins)
    ]
    there = [f"${outputs.go_variable(service)}" for service in services]
    there += [f"${outputs.go_variable(service)}Login" for service in services if service in logins]
    values = [
        f"{name}={{{{ {outputs.expression(stack.app, service, output)} }}}}"
        for name, service, output in found
    ]
    return "\n".join((*bound, f"{{{{ if and true {' '.join(there)} }}}}", *values, "{{ end }}", ""))


ENGINE: Engine = Engine(_artifacts, "postgres", private=_PASSWORDS)
