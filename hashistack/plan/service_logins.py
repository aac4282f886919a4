"""The logins of services that the cloud runs, as they are remembered. Pure but for randomness."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hashistack.plan.sensitive import Sensitive

Stage = Literal["new", "added", "done"]
"""`new`: made here only. `added`: the service takes it beside the one before. `done`: the service takes no other."""

_FORMAT = 1
# ElastiCache takes few signs in an AUTH token, RDS refuses others: letters and digits are enough, 238 bits of them.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Login:
    """A login; `items` are those of its Nomad variable.

    An access key is made by the cloud: till then the items are those of the one before, none for the first.
    """

    version: int = 1
    items: Mapping[str, Sensitive] = field(default_factory=dict)
    stage: Stage = "new"

    def at(self, stage: Stage) -> Login:
        """Return the login at another stage."""
        return replace(self, stage=stage)


def new_password(before: Login | None = None) -> Login:
    """Make a password in place of the one before."""
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return Login(_next(before), {"password": Sensitive(password)})


def next_key(before: Login | None = None) -> Login:
    """Return the place of an access key that only the cloud can make."""
    return Login(_next(before), before.items if before else {})


def as_text(logins: Mapping[str, Login]) -> str:
    """Return the logins of all services as JSON, which holds secrets."""
    content = {
        name: {
            "version": login.version,
            "stage": login.stage,
            "items": {item: value.reveal() for item, value in login.items.items()},
        }
        for name, login in logins.items()
    }
    return json.dumps({"format": _FORMAT, "services": content}, indent=2, sort_keys=True) + "\n"


def from_text(text: str) -> dict[str, Login]:
    """Read the logins of all services; raise ValueError where the text is of another form."""
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT:
            raise ValueError
        return {str(name): _login(found) for name, found in content["services"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the error of json has what it read.
        raise ValueError("no logins that this release of hashistack has written") from None


def _login(found: Mapping[str, Any]) -> Login:
    if found["stage"] not in ("new", "added", "done"):
        raise ValueError
    items = {str(name): Sensitive(str(value)) for name, value in found["items"].items()}
    return Login(int(found["version"]), items, found["stage"])


def _next(before: Login | None) -> int:
    return before.version + 1 if before else 1
