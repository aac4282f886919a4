"""Say why no machine takes an instance: what Nomad's scheduler reports, put into words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hashistack.plan.actual import Json
from hashistack.plan.finding import Finding


def diagnose_placement(failed: Mapping[str, Json]) -> tuple[Finding, ...]:
    """Explain an evaluation's FailedTGAllocs, one finding per group."""
    return tuple(_placement(group, metric) for group, metric in sorted(failed.items()))


def _placement(group: str, metric: Json) -> Finding:
    exhausted: dict[str, int] = metric.get("DimensionExhausted") or {}
    filtered: dict[str, int] = metric.get("ConstraintFiltered") or {}
    event = _told(metric, exhausted, filtered)
    ports = [dimension for dimension in exhausted if "port" in dimension]
    if ports:
        return Finding(
            "port",
            group,
            event,
            f"no machine has the port free: {ports[0]}",
            "another job or program uses it; stop that one, or change the port",
        )
    if exhausted:
        return Finding(
            "room",
            group,
            event,
            f"no machine has room: {', '.join(sorted(exhausted))}",
            f"lower cpu or memory of {group}, stop something else, or add a machine",
        )
    if filtered:
        return Finding("constraint", group, event, *_constraint(sorted(filtered)[0]))
    if not metric.get("NodesEvaluated") and not metric.get("NodesFiltered"):
        return Finding(
            "constraint", group, event, "the cluster has no machine that runs jobs", "see `nomad node status`"
        )
    return Finding("unknown", group, event, "no machine takes it", "see `nomad job status`")


def _told(metric: Json, exhausted: Mapping[str, int], filtered: Mapping[str, int]) -> str:
    reasons = [f"{_machines(count)}: {name}" for name, count in sorted({**filtered, **exhausted}.items())]
    return "; ".join(["not placed", f"{_machines(metric.get('NodesEvaluated') or 0)} looked at", *reasons])


def _machines(count: int) -> str:
    return f"{count} machine" if count == 1 else f"{count} machines"


def _constraint(name: str) -> tuple[str, str]:
    if "missing drivers" in name:
        return (
            "no machine runs containers: Nomad has no working docker driver",
            "start the Docker engine of the machine",
        )
    if "consul.version" in name:
        return "Nomad sees no Consul on any machine", "start Consul before Nomad, or restart Nomad"
    if "vault.version" in name:
        return "Nomad sees no Vault on any machine", "connect Nomad to Vault"
    if "meta.ingress" in name:
        return "every machine has meta ingress = false", "let one machine be an ingress node"
    return f"no machine satisfies the constraint {name}", "see `nomad node status -verbose`"
