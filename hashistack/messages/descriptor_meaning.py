"""Every wording about what a descriptor means: values that fit the schema and still cannot work (HS2xx)."""

from __future__ import annotations

from collections.abc import Iterable

from hashistack.diagnostics import Diagnostic
from hashistack.model import Reference


def bad_image(path: str, got: str, why: str) -> Diagnostic:
    """Not an image reference."""
    hint = "write name, name:tag or name@sha256:..., for example registry.example.com:5000/shop:1.4"
    return Diagnostic("HS201", f'"{got}" is no image: {why}', path, hint)


def bad_route(path: str, got: str, why: str, better: str) -> Diagnostic:
    """Not a route."""
    hint = f"write {better}" if better else "write host, host/path or /path, for example shop.example.com/api"
    return Diagnostic("HS202", f'"{got}" is no route: {why}', path, hint)


def bad_path(path: str, got: str, why: str, better: str) -> Diagnostic:
    """Not the path of a request."""
    return Diagnostic(
        "HS203", f'"{got}" is no path: {why}', path, f"write {better or '/health, for example'}"
    )


def bad_schedule(path: str, got: str, why: str, hint: str) -> Diagnostic:
    """Not a cron expression."""
    return Diagnostic("HS204", f'"{got}" is no schedule: {why}', path, hint)


def never_runs(path: str, got: str, why: str) -> Diagnostic:
    """A schedule that names a day that no month has."""
    return Diagnostic(
        "HS205", f'"{got}" never runs: {why}', path, "name a day that exists", severity="warning"
    )


def unknown_timezone(path: str, got: str, meant: str) -> Diagnostic:
    """Not a name of the IANA time zone database."""
    hint = (
        f"did you mean {meant}?"
        if meant
        else "write a name of the IANA database, for example Europe/Madrid or UTC"
    )
    return Diagnostic("HS206", f'unknown time zone "{got}"', path, hint)


def bad_reference(path: str, got: str) -> Diagnostic:
    """`${` that is no reference."""
    hint = "write ${name.output} for an output of a backing service, $${ for a literal ${"
    return Diagnostic("HS207", f"{got} is no reference", path, hint)


def nul_character(path: str) -> Diagnostic:
    """A NUL, which no program can receive in an argument or a variable."""
    return Diagnostic("HS208", "contains a NUL character", path, "remove it: no process can receive it")


def unknown_service(path: str, name: str, output: str, meant: str, known: Iterable[str]) -> Diagnostic:
    """A reference to a backing service that is not there."""
    names = ", ".join(known)
    hint = f"add it to backing_services; there {'are ' + names if names else 'is none'}"
    return Diagnostic(
        "HS209", f"no backing service {name}", path, f"did you mean ${{{meant}.{output}}}?" if meant else hint
    )


def unknown_output(path: str, wrong: Reference, kind: str, meant: str, known: Iterable[str]) -> Diagnostic:
    """A reference to an output that `kind`, the type of the service, does not have."""
    name, output = wrong.service, wrong.output
    hint = f"did you mean ${{{name}.{meant}}}?" if meant else f"a {kind} service has: {', '.join(known)}"
    return Diagnostic("HS210", f"{name} has no output {output}", path, hint)


def duplicate_route(path: str, route: str, other: str, environment: str) -> Diagnostic:
    """Two routes claim the same requests; `environment` is named if they do so only on its domain."""
    summary = f"{route}{f' in {environment}' if environment else ''} already goes to {other}"
    return Diagnostic("HS211", summary, path, "a host and path can go to one process: change one of them")


def min_above_max(path: str, low: int, high: int) -> Diagnostic:
    """`min` is greater than `max`."""
    return Diagnostic(
        "HS212", f"min {low} is more than max {high}", path, f"write `max: {low}` or more, or lower `min`"
    )


def max_without_rule(path: str, high: int) -> Diagnostic:
    """`max` is above `min` and nothing says when to scale."""
    hint = "add cpu, requests or lag, or remove max"
    return Diagnostic(
        "HS213", f"max {high} is never reached: nothing says when to scale", path, hint, severity="warning"
    )


def name_too_long(path: str, name: str, limit: int) -> Diagnostic:
    """The name in the cluster is longer than a DNS label may be."""
    return Diagnostic(
        "HS215",
        f"the name in the cluster, {name}, has {len(name)} characters of {limit}",
        path,
        "shorten it, or the app's name",
    )


def name_taken(path: str, name: str, other: str) -> Diagnostic:
    """Two things would have the same name in the cluster."""
    return Diagnostic(
        "HS216", f"the name in the cluster, {name}, already belongs to {other}", path, "rename one of them"
    )


def reserved_name(path: str, name: str) -> Diagnostic:
    """A name that the cluster needs for itself."""
    return Diagnostic("HS217", f"{name} is the name of a part of the cluster", path, "choose another name")


def unknown_override(path: str, kind: str, name: str, meant: str) -> Diagnostic:
    """An environment changes a process or service that is not there."""
    hint = (
        f"did you mean `{meant}`?"
        if meant
        else f"an environment can only change what is there: add {name} to {kind} at the top"
    )
    return Diagnostic("HS218", f"no {name} in {kind} to override", path, hint)


def other_target(path: str, key: str, targets: tuple[str, ...], target: str) -> Diagnostic:
    """A key that the target of the environment does not have."""
    summary = f"{key} is a key of target {' and '.join(targets)}, this environment has target {target}"
    return Diagnostic("HS219", summary, path, f"remove it, or write `target: {targets[0]}`")


def needed_by_target(path: str, key: str, target: str, example: str) -> Diagnostic:
    """A key that the target of the environment cannot do without."""
    return Diagnostic("HS220", f"target {target} needs `{key}`", path, f"for example `{key}: {example}`")


def no_role(path: str, role: str) -> Diagnostic:
    """No host has a role that must be there."""
    return Diagnostic(
        "HS221", f"no host has the role {role}", path, f"add {role} to the roles of at least one host"
    )


def zone_outside(path: str, zone: str, region: str) -> Diagnostic:
    """A zone of another region."""
    return Diagnostic("HS222", f"{zone} is no zone of {region}", path, f"write {region}a, for example")


def managed_unknown(path: str, name: str, meant: str) -> Diagnostic:
    """`managed` names a service that is not there."""
    hint = f"did you mean {meant}?" if meant else "name one of backing_services"
    return Diagnostic("HS223", f"no backing service {name}", path, hint)


def managed_elsewhere(path: str, target: str) -> Diagnostic:
    """Managed services on a target that has none."""
    hint = "remove it: the services run in the cluster here, under the same names"
    return Diagnostic("HS224", f"target {target} has no managed services", path, hint)


def lag_service(path: str, name: str, problem: str, known: Iterable[str]) -> Diagnostic:
    """`lag.service` is not there or is not Kafka."""
    names = ", ".join(known)
    return Diagnostic(
        "HS225",
        f"{name} is {problem}",
        path,
        f"name a kafka service: {names}" if names else "add a service of type kafka",
    )


def unknown_topic(path: str, topic: str, service: str, meant: str) -> Diagnostic:
    """A topic that its service does not declare."""
    hint = f"did you mean {meant}?" if meant else f"add it to backing_services.{service}.topics"
    return Diagnostic("HS226", f"{service} has no topic {topic}", path, hint)


def duplicate_address(path: str, address: str, other: str) -> Diagnostic:
    """Two hosts with one address."""
    return Diagnostic(
        "HS227", f"{address} is already the address of {other}", path, "each host needs an address of its own"
    )


def even_servers(path: str, count: int) -> Diagnostic:
    """An even number of servers survives no more failures than one fewer."""
    summary = f"{count} servers survive no more failures than {count - 1}"
    return Diagnostic("HS228", summary, path, "use 1, 3 or 5", severity="warning")


def duplicate_port(path: str, port: int, other: str) -> Diagnostic:
    """One port for two things on the same machine."""
    return Diagnostic("HS230", f"port {port} is already {other}", path, "choose another port")


def port_variable(path: str, value: str, process: str, port: int) -> Diagnostic:
    """`env.PORT` says something else than the process's `port`."""
    hint = "remove it: each process gets its own port in PORT"
    return Diagnostic(
        "HS231", f"PORT is {value}, but processes.{process}.port is {port}", path, hint, severity="warning"
    )


def not_scheduled(path: str, key: str) -> Diagnostic:
    """A key of a long-running process in a scheduled one."""
    return Diagnostic(
        "HS232", f"a process with a schedule cannot have `{key}`", path, "remove it, or remove the schedule"
    )


def only_scheduled(path: str) -> Diagnostic:
    """`timezone` without a schedule."""
    return Diagnostic(
        "HS233",
        "timezone has no effect without a schedule",
        path,
        'add a schedule, for example `schedule: "0 3 * * *"`',
    )


def needs_port(path: str, key: str) -> Diagnostic:
    """Something that needs a port in a process that has none."""
    return Diagnostic(
        "HS234",
        f"`{key}` needs a port",
        path,
        "add the port that the process listens on, for example `port: 8000`",
    )


def needs_routes(path: str, key: str) -> Diagnostic:
    """Something that needs requests in a process that receives none from the ingress."""
    return Diagnostic("HS235", f"`{key}` has no effect without routes", path, "add routes, or remove it")


def needs_domain(path: str, route: str, environment: str) -> Diagnostic:
    """A route without a host in an environment without a domain."""
    return Diagnostic(
        "HS236",
        f"{route} has no host, and {environment} has no domain",
        path,
        f"add `environments.{environment}.domain`, or write a host",
    )


def other_type(path: str, key: str, types: Iterable[str], kind: str) -> Diagnostic:
    """A key of another type of service."""
    return Diagnostic(
        "HS237", f"`{key}` is a key of {' and '.join(types)} services, this one is {kind}", path, "remove it"
    )


def wrong_nodes(path: str, kind: str, got: int, allowed: tuple[int, ...]) -> Diagnostic:
    """A number of nodes that the service cannot form a cluster of."""
    numbers = ", ".join(map(str, allowed[:-1])) + f" or {allowed[-1]}"
    return Diagnostic(
        "HS238",
        f"a {kind} service has {numbers} nodes, got {got}",
        path,
        f"write {min(allowed, key=lambda n: abs(n - got))}",
    )


def timeout_above_interval(path: str, timeout: int, interval: int) -> Diagnostic:
    """A check that may last longer than the pause between two; both in seconds."""
    summary = f"timeout {timeout}s is more than interval {interval}s"
    return Diagnostic("HS239", summary, path, "lower the timeout or raise the interval", severity="warning")
