"""`env` and `secrets` to what a Nomad task needs: plain `env` entries and an env file that Nomad fills in at start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from hashistack.compile import outputs
from hashistack.compile.consul_template import go_string, survives_env
from hashistack.model import BackingService, Reference, Stack, Variable


@dataclass(frozen=True, slots=True)
class TaskVariables:
    """Entries of the `env` block, and the bodies of the env files; a body is None when nothing needs it.

    `body` has what the process starts again for. `lists` has lists of brokers: any broker tells of the others, so a
    process goes on while brokers come and go. `reads_consul`: a file asks Consul where a backing service is.
    `authorities` are the names of files among the task's secrets, and their bodies: what the certificates of services
    can be checked with.
    """

    plain: tuple[tuple[str, str], ...]
    body: str | None
    lists: str | None
    reads_consul: bool
    authorities: tuple[tuple[str, str], ...]


def task_variables(stack: Stack, port: int | None) -> TaskVariables:
    """Split the variables by when their value is known; PORT follows `port` unless the descriptor sets it."""
    plain = {} if port is None else {"PORT": str(port)}
    late: list[Variable] = []
    for variable in stack.env:
        plain.pop(variable.name, None)
        text = "".join(part for part in variable.value if isinstance(part, str))
        if all(isinstance(part, str) for part in variable.value) and survives_env(text):
            plain[variable.name] = text
        else:
            late.append(variable)
    lists = [variable for variable in late if _is_list(stack, variable)]
    others = [variable for variable in late if variable not in lists]
    return TaskVariables(
        plain=tuple(sorted(plain.items())),
        body=_body(*_secret_lines(stack), *_late_lines(stack, others)),
        lists=_body(*_late_lines(stack, lists)),
        reads_consul=bool(_references(late)),
        authorities=tuple(_authorities(stack, late)),
    )


def _body(*lines: str) -> str | None:
    return "\n".join(lines) + "\n" if lines else None


def _is_list(stack: Stack, variable: Variable) -> bool:
    """Tell whether a variable has nothing of Consul but lists of brokers."""
    kafka = {service.name for service in stack.backing_services if service.type == "kafka"}
    read = _references([variable])
    return bool(read) and all(one.service in kafka and one.output == "bootstrap_servers" for one in read)


def _references(variables: list[Variable]) -> list[Reference]:
    return [part for variable in variables for part in variable.value if isinstance(part, Reference)]


def _authorities(stack: Stack, late: list[Variable]) -> Iterator[tuple[str, str]]:
    services = {service.name: service for service in stack.backing_services}
    read = {(reference.service, reference.output) for reference in _references(late)}
    for name in sorted({name for name, output in read if outputs.needs_ca(services[name], output)}):
        yield outputs.ca_file(services[name]), outputs.ca_body(stack.app, services[name])


def _secret_lines(stack: Stack) -> tuple[str, ...]:
    names = [name for name in stack.secrets if stack.registry is None or name != stack.registry.password]
    if not names:
        return ()
    path = f"nomad/jobs/{stack.app}"
    # A secret that is not set reads a variable that nobody sets: the task waits and says which one.
    lines = (
        f"{{{{ if .{name}.Key }}}}{name}={{{{ .{name}.Value | toJSON }}}}"
        f'{{{{ else }}}}{{{{ nomadVar "{path}/{name}" }}}}{{{{ end }}}}'
        for name in names
    )
    return ("{{/* secrets */}}", f'{{{{ with nomadVar "{path}" }}}}', *lines, "{{ end }}")


def _late_lines(stack: Stack, late: list[Variable]) -> tuple[str, ...]:
    if not late:
        return ()
    services = {service.name: service for service in stack.backing_services}
    references = _references(late)
    used = [
        service for service in stack.backing_services if service.name in {ref.service for ref in references}
    ]
    logins = {ref.service for ref in references if outputs.needs_login(services[ref.service], ref.output)}
    bound = chain.from_iterable(
        (
            f"{{{{/* backing_services.{service.name} */}}}}",
            *outputs.bindings(stack.app, service, login=service.name in logins),
        )
        for service in used
    )
    return (*bound, "{{/* env */}}", *(_line(stack.app, variable, services) for variable in late))


def _line(app: str, variable: Variable, services: dict[str, BackingService]) -> str:
    line = f"{variable.name}={{{{ {_value(app, variable, services)} | toJSON }}}}"
    conditions = sorted(set(chain.from_iterable(_conditions(part, services) for part in variable.value)))
    if not conditions:
        return line
    condition = conditions[0] if len(conditions) == 1 else "and " + " ".join(conditions)
    return f"{{{{ if {condition} }}}}{line}{{{{ end }}}}"


def _value(app: str, variable: Variable, services: dict[str, BackingService]) -> str:
    operands = [
        outputs.expression(app, services[part.service], part.output)
        if isinstance(part, Reference)
        else go_string(part)
        for part in variable.value
    ]
    if len(operands) == 1:
        return operands[0]
    # printf, because a port is a number and `print` puts blanks between operands.
    return f'printf "{"%v" * len(operands)}" {" ".join(operands)}'


def _conditions(part: str | Reference, services: dict[str, BackingService]) -> tuple[str, ...]:
    if isinstance(part, str):
        return ()
    service = services[part.service]
    name = f"${outputs.go_variable(service)}"
    return (name, f"{name}Login") if outputs.needs_login(service, part.output) else (name,)
