"""The ingress: Traefik on every ingress node, shared by all apps of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.model import Environment, Ingress, Stack

IMAGE = "traefik:v3.7.15"

# Traefik's dynamic configuration with the certificate of the Nomad variable `nomad/jobs/ingress` (items `certificate`
# and `key`, both PEM). A variable that is not there leaves the file empty: `nomadVar` alone would wait for it.
_CERTIFICATE = """\
{{ if nomadVarExists "nomad/jobs/ingress" }}{{ with nomadVar "nomad/jobs/ingress" }}{{ if .certificate.Key }}
tls:
  stores:
    default:
      defaultCertificate:
        certFile: {{ .certificate.Value | toJSON }}
        keyFile: {{ .key.Value | toJSON }}
{{ end }}{{ end }}{{ end }}
"""


# A balancer asks every five seconds and believes the second answer; without one, nobody has to notice.
_GRACE = {True: "15s", False: "5s"}


@dataclass(frozen=True, slots=True)
class TcpView:
    """A public port that is passed on as it is: the label of the port and the name of the entry point."""

    label: str
    port: int
    argument: str


@dataclass(frozen=True, slots=True)
class IngressView:
    """What `ingress.nomad.hcl.j2` shows; `arguments` are Traefik's that differ between targets."""

    image: str
    ingress: Ingress
    tcp: tuple[TcpView, ...]
    arguments: tuple[str, ...]
    certificate: str


def ingress_job(stack: Stack, source: str) -> tuple[Artifact, ...]:
    """Return the ingress job; an app without routes and public ports needs none."""
    ports = public_ports(stack)
    if not ports and not any(process.routes for process in stack.processes):
        return ()
    path = f"{stack.environment.name}/jobs/ingress.nomad.hcl"
    view = IngressView(
        image=IMAGE,
        ingress=stack.environment.ingress,
        tcp=tuple(map(_tcp, ports)),
        arguments=_arguments(stack.environment, ports),
        certificate=_CERTIFICATE,
    )
    return (Artifact(path, "ingress.nomad.hcl.j2", view, source),)


def public_ports(stack: Stack) -> tuple[int, ...]:
    """Return the TCP ports at which services in the cluster are reached from outside."""
    services = (service for service in stack.backing_services if service.managed is None)
    return tuple(sorted({port for service in services for port in service.public}))


def _tcp(port: int) -> TcpView:
    return TcpView(f"tcp_{port}", port, f"--entrypoints.tcp-{port}.address=:{port}")


def _arguments(environment: Environment, ports: tuple[int, ...]) -> tuple[str, ...]:
    cloud, ingress = environment.cloud, environment.ingress
    names = ("public", *(("secure",) if ingress.tls_port else ()), "internal")
    everywhere = (*names, *(f"tcp-{port}" for port in ports))
    grace = _GRACE[cloud is not None]
    leave = [
        f"--entrypoints.{name}.transport.lifecycle.requestacceptgracetimeout={grace}" for name in everywhere
    ]
    # What a request was like before the balancer decrypted it, only the balancer may say.
    trusted = (
        [f"--entrypoints.{name}.forwardedheaders.trustedips={cloud.network.cidr}" for name in names]
        if cloud
        else []
    )
    return (*leave, *trusted)
