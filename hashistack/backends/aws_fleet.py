"""The servers in AWS while they are replaced: machines of Auto Scaling on one side, votes of raft on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hashistack.backends.aws_instances import Instances
from hashistack.backends.cluster import Cluster
from hashistack.backends.fleet import Apis, Fleet
from hashistack.backends.membership import Membership
from hashistack.model import Stack
from hashistack.plan.replacement import Instance


class AwsServers:
    """The servers of one environment; the way to them is opened anew by itself when its end is replaced."""

    def __init__(self, stack: Stack, instances: Instances, cluster: Cluster) -> None:
        self._instances = instances
        self._apis = Apis(cluster.consul.endpoint, cluster.nomad.endpoint)
        self._fleet = Fleet(stack, lambda: self._apis, _nothing)

    def machines(self) -> tuple[Instance, ...]:
        """Return the machines that run."""
        return self._instances.of("server")

    def voters(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the servers that are healthy and vote, by product."""
        return self._fleet.voters()

    def leaders(self) -> Mapping[str, str]:
        """Return who leads each product."""
        return self._fleet.leaders()

    def unwell(self) -> tuple[str, ...]:
        """Say what is wrong with the servers as a whole."""
        return self._fleet.unwell()

    def lead(self, product: str, host: str) -> None:
        """Make a server the leader of a product and wait until it is."""
        self._fleet.lead(product, host)

    def replace(self, name: str) -> None:
        """Let Auto Scaling end a machine and start another in its place."""
        self._instances.replace(name)

    def forget(self, name: str) -> None:
        """Remove what Consul and Nomad remember of a machine that is gone."""
        Membership(self._apis.consul, self._apis.nomad).forget(name)


def _nothing(hosts: Sequence[str]) -> None:
    """Install nothing: a new machine comes with its versions."""
