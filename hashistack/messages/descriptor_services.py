"""HS281 to HS291: what a backing service needs of its neighbours and of the machines."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def absence(left_out: bool, environment: str) -> str:
    """Say why there is no service of a name: nobody knows it, or it has `nodes: 0`."""
    return f"left out of {environment}, with `nodes: 0`" if left_out else "no backing service"


def other_service(path: str, name: str, problem: str, kind: str, known: Sequence[str]) -> Diagnostic:
    """A service that keeps something for another and cannot; `kind` is the type that can."""
    hint = f"name one of type {kind}: {', '.join(known)}" if known else f"add a service of type {kind}"
    return Diagnostic("HS281", f"{name} is {problem}", path, hint)


def no_database(path: str, name: str) -> Diagnostic:
    """Documents without a database that could keep them."""
    return Diagnostic(
        "HS282",
        f"{name} keeps its documents in a postgres service, and there is none",
        path,
        "add one to backing_services, for example `db: {type: postgres}`",
    )


def several_databases(path: str, name: str, known: Sequence[str]) -> Diagnostic:
    """Documents that could be in more than one database."""
    return Diagnostic(
        "HS283",
        f"{name} keeps its documents in a postgres service, and there are {', '.join(known)}",
        path,
        f"name one, for example `database: {known[0]}`",
    )


def replicas_above_nodes(path: str, replicas: int, nodes: int) -> Diagnostic:
    """More copies of a topic than nodes that could have one."""
    has = f"{nodes} node{'' if nodes == 1 else 's'}"
    hint = f"write `replicas: {nodes}` or less, or more `nodes`"
    return Diagnostic("HS284", f"{replicas} replicas of a topic do not fit on {has}", path, hint)


def too_few_hosts(path: str, nodes: int, environment: str, hosts: Sequence[str]) -> Diagnostic:
    """More nodes than machines of one's own that could run one."""
    there = f"{len(hosts)}: {', '.join(hosts)}" if hosts else "none"
    return Diagnostic(
        "HS285",
        f"{nodes} nodes need {nodes} hosts with the role client in pool default; {environment} has {there}",
        path,
        f"add hosts, or write fewer nodes in environments.{environment}.backing_services",
    )


def too_few_clients(path: str, nodes: int, environment: str, most: int) -> Diagnostic:
    """More nodes than machines of a cloud that could run one."""
    return Diagnostic(
        "HS286",
        f"{nodes} nodes need {nodes} clients; {environment} has at most {most}",
        path,
        f"raise environments.{environment}.clients.max to {nodes}, or write fewer nodes there",
    )


def managed_absent(path: str, name: str, environment: str) -> Diagnostic:
    """A service that the cloud is to run and that is left out."""
    return Diagnostic(
        "HS287",
        f"{name} is left out of {environment}, with `nodes: 0`",
        path,
        f"write its nodes in environments.{environment}.backing_services, or take it from `managed`",
    )


def own_database(path: str, app: str) -> Diagnostic:
    """An app whose database would be called like one that every PostgreSQL has."""
    return Diagnostic(
        "HS288",
        f"the app's database would be called {app} like one of PostgreSQL's own",
        path,
        "choose another name for the app",
    )


def other_version(path: str, engine: str, version: str, versions: str) -> Diagnostic:
    """A version of an engine that its job is not made for; `versions` is `from A to below B`."""
    return Diagnostic(
        "HS289",
        f"the stand-in does not run {engine} {version}",
        path,
        f"write one {versions}, or none for the one that was tested; an environment may have its own",
    )


def too_small(path: str, engine: str, key: str, amount: int, least: int) -> Diagnostic:
    """Memory or storage, in MiB, that cannot be meant for an engine."""
    return Diagnostic(
        "HS290", f"{amount} MiB of {key} is too little for {engine}", path, f"write {least}MiB or more"
    )


def too_many_services(path: str, number: int, most: int) -> Diagnostic:
    """More services in the cluster than there are blocks of ports for them."""
    return Diagnostic(
        "HS291",
        f"{number} backing services need ports, and there are some for {most}",
        path,
        "split the app into several",
    )
