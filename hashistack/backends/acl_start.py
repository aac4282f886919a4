"""The first token of an ACL system: the one call of Consul and Nomad that works once."""

from __future__ import annotations

import json

from hashistack.backends.api import Api
from hashistack.diagnostics import BackendError
from hashistack.messages import credentials as messages
from hashistack.plan.bootstrapper import Begun

_OK = 200
_FIRST = "Bootstrap Token"  # what both call the token that acl/bootstrap makes
_SERVER_ERROR = 500  # no leader yet, or one that has just been elected


def begin(api: Api) -> Begun:
    """Make the token of the endpoint the first management token, unless it is one already.

    Raises BackendError where the ACL system was started with another one.
    """
    status, _ = api.attempt("get", "acl/token/self")
    if status == _OK:
        return "before"
    secret = api.endpoint.token.reveal() if api.endpoint.token else ""
    status, text = api.attempt("put", "acl/bootstrap", {"BootstrapSecret": secret})
    if status == _OK:
        _end_earlier(api, own=json.loads(text)["AccessorID"])
        return "now"
    if status >= _SERVER_ERROR:
        return "not yet"
    raise BackendError(messages.not_our_token(api.endpoint.product, text.strip()))


def _end_earlier(api: Api, own: str) -> None:
    """Revoke the first tokens of before a reset: lost credentials may have been found by somebody."""
    for token in api.get("acl/tokens") or []:
        title = str(token.get("Name") or token.get("Description") or "")  # Nomad's, Consul's
        if title.startswith(_FIRST) and token["AccessorID"] != own:
            api.delete(f"acl/token/{token['AccessorID']}")
