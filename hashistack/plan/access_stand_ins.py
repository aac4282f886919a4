"""What the jobs of backing services may do in Consul and Nomad, each for itself."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.compile.stand_ins import engine_of
from hashistack.model import BackingService, Stack
from hashistack.plan import names
from hashistack.plan.acl import MARK, ConsulPolicy, ConsulRole, NomadPolicy, reading


def member_roles(stack: Stack) -> tuple[ConsulPolicy | ConsulRole, ...]:
    """Return, for each cluster, the right to write below its own key and to hold locks, and the role that has it."""
    return tuple(
        value
        for service in _with_places(stack)
        for value in _member_role(names.consul_service(stack.app, service.name))
    )


def service_policies(stack: Stack) -> tuple[NomadPolicy, ...]:
    """Return what the jobs of backing services read of each other, beside what Nomad lets each read of its own."""
    return tuple(policy for service in stack.backing_services for policy in _policies(stack.app, service))


def _with_places(stack: Stack) -> Iterator[BackingService]:
    for service in stack.backing_services:
        engine = engine_of(service)
        if engine and engine.stateful:
            yield service


def _member_role(job: str) -> tuple[ConsulPolicy, ConsulRole]:
    name = f"hashistack-{job}"
    keys, sessions = f'key_prefix "{names.keys_below(job)}"', 'session_prefix ""'
    rules = "\n".join(f'{what} {{\n  policy = "write"\n}}\n' for what in (keys, sessions))
    policy = ConsulPolicy(name, f"{MARK}members of {job} agree on who is who", rules)
    return policy, ConsulRole(name, f"{MARK}tasks of {job}", (name,))


def _policies(app: str, service: BackingService) -> Iterator[NomadPolicy]:
    engine, job = engine_of(service), names.consul_service(app, service.name)
    if engine is None:
        return
    if service.database:
        yield _policy(job, _login(app, service.database))
    own = [names.variable_of(job), f"{names.variable_of(job)}/*"]
    if engine.setup:
        yield _policy(names.setup_job(job), own)
    for companion, wish in (("archive", service.archive), ("backup", service.backup)):
        if wish:
            yield _policy(f"{job}-{companion}", [*own, *_login(app, wish.to)])


def _login(app: str, service: str) -> list[str]:
    """Return the paths that a client of a service reads: its login, and what nobody sets, to wait for its address."""
    path = names.credentials_variable(app, service)
    return [path, f"{path}/address"]


def _policy(job: str, paths: list[str]) -> NomadPolicy:
    return NomadPolicy(f"{job}-reads", f"{MARK}{job} reads what it works with", reading(paths), job)
