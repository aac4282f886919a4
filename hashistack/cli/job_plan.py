"""What `up` would do with the jobs, as far as it can be told without asking for secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.plan.actual import Actual
    from hashistack.plan.planner import Wanted
    from hashistack.plan.sensitive import Sensitive
    from hashistack.plan.steps import Plan


def job_plan(cluster: Cluster, wanted: Wanted, given: Mapping[str, Sensitive]) -> Plan:
    """Return the steps, as if every secret that is missing had been given."""
    from hashistack.plan.planner import absent_secrets, plan_up

    actual = observed(cluster, wanted)
    return plan_up(wanted, actual, {**pretended(absent_secrets(wanted.stack, actual)), **given})


def observed(cluster: Cluster, wanted: Wanted) -> Actual:
    """Return what the cluster has of all that is wanted."""
    from hashistack.backends.observe import observe

    values = {"version": wanted.version, "consul_address": cluster.consul_address}
    return observe(cluster.nomad, cluster.consul, wanted.stack, wanted.files, values)


def pretended(names: tuple[str, ...]) -> dict[str, Sensitive]:
    """Return values for secrets that nobody has been asked for yet."""
    from hashistack.plan.sensitive import Sensitive

    return dict.fromkeys(names, Sensitive(""))
