"""The certificate of the ingress in its Nomad variable: ours is kept up to date, a user's own is left alone."""

from __future__ import annotations

from dataclasses import replace

from hashistack.credentials.values import Identity
from hashistack.plan import names
from hashistack.plan.actual import Variable
from hashistack.plan.interfaces import Variables
from hashistack.plan.sensitive import Sensitive

_ORIGIN, _OURS = "origin", Sensitive("hashistack")


def store_certificate(variables: Variables, ingress: Identity) -> bool:
    """Store a certificate where the ingress reads it, unless somebody's own is there; tell whether that was needed."""
    path = names.secrets_variable(names.INGRESS)
    items = {"certificate": Sensitive(ingress.certificate), "key": ingress.key, _ORIGIN: _OURS}
    found = variables.variable(path) or Variable(path, {_ORIGIN: _OURS})
    if found.items == items or found.items.get(_ORIGIN) != _OURS:
        return False
    variables.put_variable(replace(found, items=items))
    return True
