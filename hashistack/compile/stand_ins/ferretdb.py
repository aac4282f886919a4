"""FerretDB for `mongodb`: MongoDB's protocol in front of the app's PostgreSQL, where its data is."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile import outputs
from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins import postgres
from hashistack.compile.stand_ins.engine import Engine
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.model import BackingService, Stack

# The last version for a plain PostgreSQL: from 2.0 on it needs Microsoft's extension DocumentDB, which RDS has not.
IMAGE = "ghcr.io/ferretdb/ferretdb:1.24.2"
_CPU = 200
_MEMORY = 256
_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class FerretView:
    """What `ferretdb/job.nomad.hcl.j2` shows; `environment` is the body of a template."""

    member: Member
    options: str
    environment: str
    tenant: postgres.Tenant


def _artifacts(stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    node = member(
        stack,
        service,
        task="ferretdb",
        image=IMAGE,
        uid=_NOBODY,
        cpu=_CPU,
        memory=_MEMORY,
        ports=("client", "metrics"),
        files=(),
        stateful=False,
    )
    view = FerretView(
        member=node,
        options=f"?authMechanism=PLAIN&tls=true&tlsCAFile=/secrets/{outputs.ca_file(service)}",
        environment=_environment(stack, service, node.job),
        tenant=postgres.tenant(stack, service),
    )
    return (Artifact(job_path(stack, node.job), "ferretdb/job.nomad.hcl.j2", view, source),)


def _environment(stack: Stack, service: BackingService, job: str) -> str:
    """Return where the database is: without a user and a password, so that nobody gets in without his own."""
    database = postgres.database_of(stack, service)
    host, port, options = (
        outputs.expression(stack.app, database, "host"),
        outputs.expression(stack.app, database, "port"),
        f'(or ${outputs.go_variable(database)}.ServiceMeta.options "?sslmode=require")',
    )
    url = f"postgres://{{{{ {host} }}}}:{{{{ {port} }}}}/{job}{{{{ {options} }}}}"
    line = f"{{{{ if ${outputs.go_variable(database)} }}}}FERRETDB_POSTGRESQL_URL={url}{{{{ end }}}}"
    return "\n".join((*outputs.bindings(stack.app, database, login=False), line, ""))


# Who logs in there logs in at PostgreSQL, where every service has a role of its own.
ENGINE: Engine = Engine(_artifacts, "ferretdb", user="{job}", stateful=False)
