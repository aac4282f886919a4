"""The environment variables by which Nomad, Consul and Terraform, started by hand, reach a cluster of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from hashistack.plan.sensitive import Sensitive

_TERRAFORM = ("plan", "apply", "destroy")  # the commands that want the values of variables


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the APIs are, and the files and tokens that open them; paths are absolute.

    The names are those that certificates are checked for, None for that of the address; `ways` are the command lines
    that have to run meanwhile for the addresses to lead anywhere.
    """

    nomad: str
    consul: str
    authority: str
    certificate: str
    key: str
    variables: str
    nomad_token: Sensitive
    consul_token: Sensitive
    nomad_name: str | None = None
    consul_name: str | None = None
    ways: tuple[str, ...] = ()


def variables(reach: Reach) -> dict[str, str]:
    """Return the variables; they hold both management tokens."""
    values = {
        "NOMAD_ADDR": reach.nomad,
        "NOMAD_CACERT": reach.authority,
        "NOMAD_TOKEN": reach.nomad_token.reveal(),
        "CONSUL_HTTP_ADDR": reach.consul,
        "CONSUL_CACERT": reach.authority,
        "CONSUL_CLIENT_CERT": reach.certificate,
        "CONSUL_CLIENT_KEY": reach.key,
        "CONSUL_HTTP_TOKEN": reach.consul_token.reveal(),
    }
    names = {"NOMAD_TLS_SERVER_NAME": reach.nomad_name, "CONSUL_TLS_SERVER_NAME": reach.consul_name}
    values |= {variable: name for variable, name in names.items() if name}
    # Terraform splits the value as a shell does.
    handed = f"-var-file={shlex.quote(reach.variables)}"
    return values | {f"TF_CLI_ARGS_{command}": handed for command in _TERRAFORM}


def exports(values: Mapping[str, str]) -> str:
    """Return lines that a POSIX shell evaluates."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
