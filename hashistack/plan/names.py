"""Names in the cluster, each made in one place: jobs, Consul services, Nomad variables, our own meta."""

from __future__ import annotations

from hashistack.model import BackingService, Stack

OWNER = "hashistack.app"
VERSION = "hashistack.version"
ATTEMPT = "hashistack.attempt"
CERTIFICATE = "hashistack.certificate"
# The meta of a stand-in's members: what runs (its setup and its archive have that, too), in which version as far as the
# image tells, and on how many nodes.
ENGINE = "hashistack.engine"
ENGINE_VERSION = "hashistack.engine_version"
NODES = "hashistack.nodes"
# Likewise: the postgres service that keeps its data, "" where none does, and the first of its ports. Jobs of earlier
# releases do not have them.
DATABASE = "hashistack.database"
PORT = "hashistack.port"
INGRESS = "ingress"
AUTHORITIES = "hashistack/stand-ins/"
# What jobs beside that of a stand-in are called: <job>-archive.
COMPANIONS = ("archive", "backup")


def release_job(app: str) -> str:
    """Return the id of the job that runs the release step."""
    return f"{app}-release"


def secrets_variable(app: str) -> str:
    """Return the path of the Nomad variable with the app's secrets, an item per secret."""
    return f"nomad/jobs/{app}"


def credentials_variable(app: str, service: str) -> str:
    """Return the path of the Nomad variable with a backing service's login."""
    return f"nomad/jobs/{app}-{service}"


def variable_of(job: str) -> str:
    """Return the path of the Nomad variable that a job reads by itself; the app reads a stand-in's."""
    return f"nomad/jobs/{job}"


def node_variable(job: str) -> str:
    """Return the path of the Nomad variable that only the members of a stand-in read."""
    return f"nomad/jobs/{job}/node"


def authority_variable(job: str) -> str:
    """Return the path of the Nomad variable with the authority of a stand-in, for operators alone."""
    return f"{AUTHORITIES}{job}"


def keys_below(job: str) -> str:
    """Return what Consul's keys of a stand-in begin with."""
    return f"hashistack/{job}/"


def member_service(service: str) -> str:
    """Return the Consul service that lists every member of a stand-in."""
    return f"{service}-member"


def formed_key(job: str) -> str:
    """Return Consul's key that says that a stand-in has become a cluster."""
    return f"{keys_below(job)}formed"


def founder_key(job: str) -> str:
    """Return Consul's key that says which member of a stand-in begins the cluster."""
    return f"{keys_below(job)}founder"


def setup_job(job: str) -> str:
    """Return the id of the job that is run once when a stand-in runs."""
    return f"{job}-setup"


def data_variables(job: str) -> tuple[str, ...]:
    """Return the paths of the Nomad variables without which the data of a stand-in is of no use."""
    return variable_of(job), node_variable(job), authority_variable(job)


def releases_variable(app: str) -> str:
    """Return the path of the Nomad variable that remembers which release steps have run."""
    return f"hashistack/{app}/releases"


def consul_service(app: str, name: str) -> str:
    """Return the Consul service of a process or of a backing service."""
    return f"{app}-{name}"


def wanted_secrets(stack: Stack) -> tuple[str, ...]:
    """Return the names of all secrets that the stack reads: its own and the registry's password."""
    names = {*stack.secrets, *([stack.registry.password] if stack.registry else [])}
    return tuple(sorted(names))


def without_stand_in(stack: Stack, jobs: frozenset[str]) -> tuple[BackingService, ...]:
    """Return the backing services that no rendered job runs, so that somebody else must."""
    return tuple(service for service in stack.backing_services if f"{stack.app}-{service.name}" not in jobs)
