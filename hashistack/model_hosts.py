"""What machines have, as later stages see it: hosts of one's own, the way to log in, and what runs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["releases", "push"]


@dataclass(frozen=True, slots=True)
class Bastion:
    """The machine that SSH connections to the hosts go through; a `host_key` of None stands in known_hosts."""

    address: str
    user: str
    port: int
    host_key: str | None


@dataclass(frozen=True, slots=True)
class Ssh:
    """How to log in to the hosts; `key` is the file of a private key, None for the agent's or ssh's own choice."""

    user: str
    port: int
    key: str | None
    bastion: Bastion | None


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of one's own; `volumes` are names and folders, a `host_key` of None stands in known_hosts."""

    name: str
    address: str
    roles: tuple[str, ...]
    rack: str | None
    pool: str
    host_key: str | None
    volumes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Software:
    """The versions of Nomad and Consul and where hosts get them.

    `url` is the vendor's download site or a mirror of it, without a slash at its end; `source` is "push" where
    the zips come from the operator's machine. `checksums` are the names of zips and their SHA-256 in hexadecimal
    digits, for each product on at least one architecture. `images` is a mirror of Docker Hub.
    """

    nomad: str
    consul: str
    source: Source
    url: str
    images: str | None
    checksums: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """How often the servers save their state, in seconds, and how many of the files are kept."""

    every: int
    keep: int
