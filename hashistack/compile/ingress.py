"""The ingress: Traefik on every ingress node, shared by all apps of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.model import Ingress, Stack

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


@dataclass(frozen=True, slots=True)
class IngressView:
    """What `ingress.nomad.hcl.j2` shows."""

    image: str
    ingress: Ingress
    certificate: str


def ingress_job(stack: Stack, source: str) -> tuple[Artifact, ...]:
    """Return the ingress job; an app without routes needs none."""
    if not any(process.routes for process in stack.processes):
        return ()
    path = f"{stack.environment.name}/jobs/ingress.nomad.hcl"
    view = IngressView(IMAGE, stack.environment.ingress, _CERTIFICATE)
    return (Artifact(path, "ingress.nomad.hcl.j2", view, source),)
