"""Names in the cluster, each made in one place: jobs, Consul services, Nomad variables, our own meta."""

from __future__ import annotations

from hashistack.model import BackingService, Stack

OWNER = "hashistack.app"
VERSION = "hashistack.version"
ATTEMPT = "hashistack.attempt"
INGRESS = "ingress"


def release_job(app: str) -> str:
    """Return the id of the job that runs the release step."""
    return f"{app}-release"


def secrets_variable(app: str) -> str:
    """Return the path of the Nomad variable with the app's secrets, an item per secret."""
    return f"nomad/jobs/{app}"


def credentials_variable(app: str, service: str) -> str:
    """Return the path of the Nomad variable with a backing service's login."""
    return f"nomad/jobs/{app}-{service}"


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
