"""The one task of every group of the app: image, command, variables, resources."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.command import script, shell_command
from hashistack.compile.variables import task_variables
from hashistack.model import Registry, Stack
from hashistack.render.hcl import Hcl, interpolated


@dataclass(frozen=True, slots=True)
class TaskView:
    """What `_task.hcl.j2` shows; cpu in MHz, memory in MiB.

    `authorities` are files of certificates: where they are, and their templates.
    """

    name: str
    command_key: str
    resources_key: str
    image: Hcl
    registry: Registry | None
    registry_password: Hcl | None
    variables_path: str
    args: tuple[str | Hcl, ...]
    script: str | None
    published: bool
    env: tuple[tuple[str, str], ...]
    env_file: str | None
    lists_file: str | None
    authorities: tuple[tuple[Hcl, str], ...]
    reads_consul: bool
    cpu: int
    memory: int


def task(
    stack: Stack, name: str, key: str, command: str, cpu: int, memory: int, port: int | None = None
) -> TaskView:
    """Build the task that runs `command` through the image's shell; `key` is the descriptor key it comes from."""
    variables = task_variables(stack, port)
    body = script(command)
    args: tuple[str | Hcl, ...] = ("-c", shell_command(command))
    if body is not None:
        args = (interpolated("", Hcl("NOMAD_TASK_DIR"), "/command.sh"),)
    return TaskView(
        name=name,
        command_key=key if key == "release" else f"{key}.command",
        resources_key=key if key == "release" else f"{key}.cpu, {key}.memory",
        image=image(stack),
        registry=stack.registry,
        registry_password=_registry_password(stack.registry),
        variables_path=f"nomad/jobs/{stack.app}",
        args=args,
        script=body,
        published=port is not None,
        env=variables.plain,
        env_file=variables.body,
        lists_file=variables.lists,
        authorities=tuple(
            (interpolated("", Hcl("NOMAD_SECRETS_DIR"), f"/{name}"), body)
            for name, body in variables.authorities
        ),
        reads_consul=variables.reads_consul,
        cpu=cpu,
        memory=memory,
    )


def _registry_password(registry: Registry | None) -> Hcl | None:
    """Return the reference that Nomad fills in from the `secret` block when the task starts."""
    return interpolated("", Hcl(f"secret.registry.{registry.password}")) if registry else None


def image(stack: Stack) -> Hcl:
    """Return the image reference: a digest is final, else the tag is the HCL variable `version`."""
    if stack.image.digest is not None:
        tag = f":{stack.image.tag}" if stack.image.tag else ""
        return interpolated(f"{stack.image.name}{tag}@{stack.image.digest}")
    return interpolated(f"{stack.image.name}:", Hcl("var.version"))


def default_version(stack: Stack) -> str | None:
    """Return the version that the image itself names, or None when it is given at deploy time."""
    return stack.image.tag or stack.image.digest
