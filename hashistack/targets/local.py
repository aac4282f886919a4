"""This machine: the Nomad and the Consul that answer, or a pair of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hashistack.backends import cluster as backends
from hashistack.backends.cluster import Cluster
from hashistack.model import Stack
from hashistack.plan.progress import AgentsStarted, Waiting
from hashistack.targets import Site


def connect(stack: Stack, environ: Mapping[str, str]) -> Cluster:
    """Open the cluster that Nomad's and Consul's own variables name."""
    return backends.connect(environ)


@contextmanager
def raised(site: Site) -> Iterator[Cluster]:
    """Start the agents that nobody answers for, and hold the lock of the app."""
    cluster = connect(site.stack, site.environ)
    with cluster.state.locked(site.stack.app):
        if cluster.agents.silent():
            site.report(Waiting("Nomad and Consul to start on this machine"))
        if started := cluster.agents.start():
            site.report(AgentsStarted(started))
        yield cluster
