"""The certificate of a stand-in: one for all of its members, from an authority that signs for this service alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from hashistack.credentials import authority as certificates
from hashistack.credentials.authority import LEAF_LIFE, Leaf
from hashistack.credentials.values import Identity

RENEW_BEFORE = LEAF_LIFE / 3
EDITION = "edition"  # the item beside the certificate in the cluster
_ROLES = ("", "-primary", "-replica", "-member")
_HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Issued:
    """What a certificate in the cluster says.

    `lasts` is the rest of its life; `sound`: its key belongs to it, its authority signed it, and the app is told so;
    `edition`: how often it was made anew, as the job says of the one that its members have.
    """

    names: frozenset[str]
    addresses: frozenset[str]
    lasts: timedelta
    sound: bool
    edition: int = 0


def authority_subject(job: str) -> str:
    """Return the name of a stand-in's authority: not the certificate's, or Erlang takes that for signed by itself."""
    return f"authority of {job}"


def leaf(job: str, places: Sequence[str]) -> Leaf:
    """Return what the certificate has to say: every name by which Consul's DNS finds a member, every place.

    A place is an address, or a name by which clients come in from outside.
    """
    services = [f"{job}{role}.service.consul" for role in _ROLES]
    addresses = {place for place in places if _is_address(place)}
    names = {"localhost", f"*.{services[0]}", *services, *places} - addresses
    return Leaf(job, tuple(sorted(names)), tuple(sorted({_HERE, *addresses})))


def _is_address(place: str) -> bool:
    try:
        ip_address(place)
    except ValueError:
        return False
    return True


def due(found: Issued | None, wanted: Leaf) -> bool:
    """Tell whether a certificate has to be made: there is none, it ends within months, or an address is missing.

    Addresses of machines that have left stay in it: a new certificate starts every member again.
    """
    if found is None or not found.sound or found.lasts < RENEW_BEFORE:
        return True
    return not (set(wanted.names) <= found.names and set(wanted.addresses) <= found.addresses)


def read(
    identity: Identity, authority: Identity | None, told: str | None, now: datetime, edition: int = 0
) -> Issued | None:
    """Return what a certificate says, None for one that cannot be read; `told` is the authority that the app knows."""
    try:
        names, addresses = certificates.alternatives(identity)
        lasts = certificates.expires(identity) - now
        sound = authority is not None and told == authority.certificate
        sound = sound and authority is not None and certificates.is_issued_by(identity, authority)
    except ValueError:
        return None
    return Issued(names, addresses, lasts, sound, edition)
