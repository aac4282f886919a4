"""Wordings about machines of one's own that fit the schema and still cannot work (HS242 to HS246)."""

from __future__ import annotations

from collections.abc import Iterable

from hashistack.diagnostics import Diagnostic


def unknown_release(path: str, product: str, version: str, known: Iterable[str], zip_name: str) -> Diagnostic:
    """A version whose zips cannot be checked; `zip_name` is one of them."""
    sums = f"https://releases.hashicorp.com/{product}/{version}/{product}_{version}_SHA256SUMS"
    hint = (
        f"add it to software.checksums, `{{{zip_name}: ...}}`; the vendor's are in {sums}; "
        f"known without: {', '.join(known)}"
    )
    return Diagnostic("HS242", f"no checksum is known of {product} {version}", path, hint)


def mirror_without_download(path: str) -> Diagnostic:
    """A mirror where nothing is downloaded."""
    return Diagnostic(
        "HS243", "`mirror` has no effect with `from: push`", path, "remove it, or write `from: releases`"
    )


def vip_without_ingress(path: str) -> Diagnostic:
    """A shared address that no host could have."""
    hint = "add ingress to the roles of at least two hosts, or remove it"
    return Diagnostic("HS244", "no host has the role ingress, so none can have this address", path, hint)


def vip_taken(path: str, address: str, other: str) -> Diagnostic:
    """The shared address is a host's own."""
    hint = "choose a free address of the same network: it moves between the ingress hosts"
    return Diagnostic("HS245", f"{address} is the address of {other}", path, hint)


def ingress_without_client(path: str) -> Diagnostic:
    """A host that should let requests in, but runs no jobs, and the ingress is one."""
    return Diagnostic("HS246", "the ingress is a job, and this host runs none", path, "add the role client")
