"""What `up` would do with the jobs, as far as it can be told without asking for secrets, and who does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.model import Stack
    from hashistack.plan.actual import Actual
    from hashistack.plan.executor import Executor
    from hashistack.plan.planner import Wanted
    from hashistack.plan.progress import Progress
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


def prepared(cluster: Cluster, stack: Stack, progress: Progress) -> None:
    """Make what stand-ins need before their jobs, which somebody submits by hand."""
    from hashistack.backends.observe import running
    from hashistack.backends.observe_stand_ins import with_stand_ins
    from hashistack.plan.stand_ins import preparations
    from hashistack.plan.steps import Plan

    actual = with_stand_ins(running(cluster.nomad), cluster.nomad, cluster.consul, stack)
    plan = Plan(tuple(preparations(stack, actual)))
    executor(cluster, stack.app, stack.environment.name, progress).carry_out(plan)


def executor(cluster: Cluster, app: str, environment: str, progress: Progress) -> Executor:
    """Return who carries plans out in the cluster, and remembers on this machine what was put there."""
    from hashistack.backends.cluster import StateJournal, SystemClock
    from hashistack.backends.volumes import Volumes
    from hashistack.plan.executor import Executor

    journal = StateJournal(cluster.state, app, environment)
    disks = Volumes(cluster.nomad.endpoint)
    return Executor(
        cluster.nomad, cluster.consul, disks, journal, progress, SystemClock(), cluster.agents.stop
    )
