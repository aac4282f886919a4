"""Take a cluster off machines of one's own: the processes end in order, the agents stop, Terraform clears the hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hashistack.backends import hosts as ssh
from hashistack.backends import terraform
from hashistack.backends.cluster import Cluster
from hashistack.backends.nomad import Nomad
from hashistack.backends.patience import until
from hashistack.backends.state import remove_folder
from hashistack.diagnostics import BackendError
from hashistack.messages import hosts as messages
from hashistack.plan import names
from hashistack.plan.actual import Json
from hashistack.plan.hosts import HostFacts
from hashistack.plan.progress import Event, Waiting, Warned
from hashistack.targets import Site
from hashistack.targets.ground import Ground, locked, survey
from hashistack.targets.onprem import connect

_STOPPING_SECONDS = 120.0  # each agent has 20 s, but a host may be busy
_CLEARING_SECONDS = 300.0  # packages are removed
_END_SECONDS = 60.0  # twice the kill_timeout of the app's tasks


def cleared(site: Site, *, purge: bool) -> bool:
    """Take the cluster off its hosts, with its data if `purge`; tell whether every host was cleared."""
    ground = survey(site)
    facts = ssh.gather(ground.ways)
    with locked(ground):
        stop_jobs(lambda: connect(ground.stack, site.environ), ground.stack.app, site.report)
        stop_agents(ground, facts, purge=purge)
        if ground.folder.variables.exists():  # not where the credentials are on another machine, or lost
            terraform.destroy(site.terraform, ground.folder.variables, site.report)
        left = clear_rest(ground)
    if purge and not left:
        remove_folder(ground.folder.path)
    return not left


def stop_jobs(connected: Callable[[], Cluster], app: str, report: Callable[[Event], None]) -> None:
    """Let the processes end in order; Nomad remembers the jobs, so that data that stays keeps its passwords."""
    try:
        nomad = connected().nomad
        ours = [stub["ID"] for stub in nomad.jobs() if _runs_for(stub, app)]
        for job in ours:
            report(Waiting(f"{job} to end"))
            nomad.stop(job)
        _await_end(nomad, ours)
    except BackendError as error:
        report(Warned(messages.cluster_silent(str(error))))


def stop_agents(ground: Ground, facts: Sequence[HostFacts], *, purge: bool) -> None:
    """Stop all agents at once: servers that left one after another would shrink the cluster that `up` brings back."""
    ours = {each.name for each in facts if each.cluster == ground.cluster_name}
    # Whether data goes is decided anew each time: the mark of a `--purge` that was interrupted counts for nothing.
    mark = f"{'touch' if purge else 'rm -f'} /etc/hashistack/purge"
    ssh.everywhere(
        [way for way in ground.ways if way.name in ours],
        lambda way: way.as_root(f"sh -c '{mark} && systemctl stop nomad consul'", timeout=_STOPPING_SECONDS),
    )


def clear_rest(ground: Ground) -> tuple[str, ...]:
    """Clear the hosts that Terraform knows nothing of, or could not reach; return those that are left."""
    left = []
    for way, facts in zip(ground.ways, ssh.gather(ground.ways), strict=True):
        problem = _clear(ground, way) if facts.cluster == ground.cluster_name else facts.detail
        if problem:
            ground.site.report(Warned(messages.left_behind(way.name, problem)))
            left.append(way.name)
    return tuple(left)


def _clear(ground: Ground, way: ssh.Remote) -> str:
    """Clear one host; return what went wrong, "" if nothing."""
    ground.site.report(Waiting(f"{way.name} to be cleared"))
    result = way.script("remove", timeout=_CLEARING_SECONDS)
    return result.last_words if result.code else ""


def _runs_for(stub: Json, app: str) -> bool:
    owner = (stub.get("Meta") or {}).get(names.OWNER)
    return owner in (app, names.INGRESS) and not stub.get("Stop")


def _await_end(nomad: Nomad, jobs: Sequence[str]) -> None:
    def ended() -> bool:
        return not any(each["ClientStatus"] == "running" for job in jobs for each in nomad.allocations(job))

    until(ended, _END_SECONDS)
