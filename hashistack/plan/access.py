"""The access control that a stack's cluster is to have: who may do what, as small as it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hashistack.credentials.values import Credentials, HostCredentials
from hashistack.model import Host, Stack
from hashistack.plan import names
from hashistack.plan.access_stand_ins import member_roles, service_policies
from hashistack.plan.acl import (
    MARK,
    AuthMethod,
    BindingRule,
    ConsulAccess,
    ConsulPolicy,
    ConsulRole,
    ConsulToken,
    NomadPolicy,
    reading,
)

NODE_POLICY = "hashistack-node"
SNAPSHOT_POLICY = "hashistack-snapshot"
_NOMAD_POLICY = "hashistack-nomad"
_AGENT_POLICY = "hashistack-agent"
_DNS_POLICY = "hashistack-dns"
_TASKS_POLICY = "nomad-tasks"
_METHOD = "nomad-workloads"  # the name that Nomad's agents use unless told otherwise
_AUDIENCE = "consul.io"
_KEYS_URL = "https://127.0.0.1:4646/.well-known/jwks.json"  # every server of Consul is one of Nomad

_READS_ALL = 'node_prefix "" {\n  policy = "read"\n}\n\nservice_prefix "" {\n  policy = "read"\n}\n'

# A token of a machine of one's own is for its node alone; machines that come and go share one for their role.
_ROLE_POLICY = ConsulPolicy(
    _AGENT_POLICY,
    f"{MARK}agents of machines that come and go",
    'node_prefix "" {\n  policy = "write"\n}\n\nservice_prefix "" {\n  policy = "read"\n}\n',
)
_CONSUL_POLICIES = (
    ConsulPolicy(
        _NOMAD_POLICY,
        f"{MARK}Nomad's agents register services and jobs' checks",
        'agent_prefix "" {\n  policy = "read"\n}\n\nnode_prefix "" {\n  policy = "read"\n}\n\n'
        'service_prefix "" {\n  policy = "write"\n}\n',
    ),
    ConsulPolicy(
        _DNS_POLICY,
        f"{MARK}DNS answers for every node and service",
        _READS_ALL + '\nquery_prefix "" {\n  policy = "read"\n}\n',
    ),
    # Consul has no smaller right that allows a snapshot: it holds all tokens.
    ConsulPolicy(SNAPSHOT_POLICY, f"{MARK}servers save snapshots", 'acl = "write"\n'),
    ConsulPolicy(
        _TASKS_POLICY,
        f"{MARK}jobs look services up",
        _READS_ALL + '\nkey_prefix "" {\n  policy = "read"\n}\n',
    ),
)
# Nomad's binding rule names the role by the namespace of the job.
_TASKS_ROLE = ConsulRole("nomad-default-tasks", f"{MARK}jobs of the namespace default", (_TASKS_POLICY,))

_NOMAD_POLICIES = (
    NomadPolicy(
        NODE_POLICY,
        f"{MARK}a machine drains itself before it shuts down",
        'node {\n  policy = "write"\n}\n\nagent {\n  policy = "read"\n}\n',
    ),
    NomadPolicy(
        SNAPSHOT_POLICY,
        f"{MARK}servers save snapshots",
        'operator {\n  capabilities = ["snapshot-save"]\n}\n',
    ),
)


def consul_access(stack: Stack, credentials: Credentials, keys_url: str = _KEYS_URL) -> ConsulAccess:
    """Return what Consul is to know."""
    shared = credentials.secrets
    services = (
        (shared.consul_nomad, "Nomad's agents", _NOMAD_POLICY),
        (shared.consul_dns, "DNS", _DNS_POLICY),
        (shared.consul_snapshot, "snapshots", SNAPSHOT_POLICY),
    )
    tokens = [
        ConsulToken(token.accessor, f"{MARK}{what}", (policy,), secret=token.secret)
        for token, what, policy in services
    ]
    tokens += [_agent_token(stack, name, host) for name, host in sorted(credentials.hosts.items())]
    method = AuthMethod(
        _METHOD, f"{MARK}jobs of Nomad", keys_url, credentials.authority.certificate, _AUDIENCE
    )
    rules = (
        BindingRule(
            _METHOD,
            f"{MARK}services register themselves",
            "service",
            "${value.nomad_service}",
            '"nomad_service" in value',
        ),
        BindingRule(
            _METHOD,
            f"{MARK}tasks get their namespace's role",
            "role",
            "nomad-${value.nomad_namespace}-tasks",
            '"nomad_service" not in value',
        ),
        # Consul passes over a role that is not there, and refuses the login where the name could not be one.
        BindingRule(
            _METHOD,
            f"{MARK}members of a cluster get their job's role",
            "role",
            "hashistack-${value.nomad_job_id}",
            '"nomad_service" not in value and value.nomad_job_id matches "^[A-Za-z0-9_-]+$"',
        ),
    )
    policies = (*_CONSUL_POLICIES, *((_ROLE_POLICY,) if by_role(stack) else ()))
    return ConsulAccess((*policies, _TASKS_ROLE, *member_roles(stack), *tokens), (method, *rules))


def by_role(stack: Stack) -> bool:
    """Whether machines come and go, so that credentials are of a role and not of a machine."""
    return stack.environment.target == "aws"


def _agent_token(stack: Stack, name: str, host: HostCredentials) -> ConsulToken:
    title, secret = f"{MARK}agent {name}", host.consul.secret
    if by_role(stack):
        return ConsulToken(host.consul.accessor, title, (_AGENT_POLICY,), secret=secret)
    return ConsulToken(host.consul.accessor, title, node=(name, stack.environment.name), secret=secret)


def nomad_policies(stack: Stack) -> tuple[NomadPolicy, ...]:
    """Return what Nomad is to know: the machines' policies and one for each job of the app."""
    return (*_NOMAD_POLICIES, *(_reads(stack, job) for job in _jobs(stack)), *service_policies(stack))


def node_grants(host: Host) -> Iterator[tuple[str, str]]:
    """Yield the variables of a host's nomad.env that hold tokens, each with the policy of its token."""
    if "client" in host.roles:
        yield "NOMAD_NODE_TOKEN", NODE_POLICY
    if "server" in host.roles:
        yield "NOMAD_SNAPSHOT_TOKEN", SNAPSHOT_POLICY


def _jobs(stack: Stack) -> Iterable[str]:
    release = [names.release_job(stack.app)] if stack.release else []
    return (stack.app, *release, *(f"{stack.app}-{process.name}" for process in stack.scheduled))


def _reads(stack: Stack, job: str) -> NomadPolicy:
    """Return the policy by which a job of the app reads the app's variables, and nobody else's.

    Nomad itself lets a job read nomad/jobs/<job> and what lies below it for its own groups and tasks. What lies below
    the app's own is read for a secret that is not there yet: a denial would end the task that is to wait. Of a
    backing service it reads the login and waits for the address; what lies beside that is for its nodes alone.
    """
    own = names.secrets_variable(stack.app)
    paths = [own, f"{own}/*"]
    for service in stack.backing_services:
        login = names.credentials_variable(stack.app, service.name)
        paths += [login, f"{login}/address"]
    return NomadPolicy(f"{job}-reads", f"{MARK}{job} reads the variables of {stack.app}", reading(paths), job)
