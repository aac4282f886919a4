"""Look at instances while a job is followed, and report each trouble once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hashistack.plan.actual import Json
from hashistack.plan.diagnose import Check, Symptoms, diagnose, tells
from hashistack.plan.finding import Finding
from hashistack.plan.interfaces import Clock, Jobs, Services
from hashistack.plan.placement import diagnose_placement
from hashistack.plan.progress import Progress, Rollout, Trouble, Waiting
from hashistack.plan.symptoms import doing, service_of

_LOG_BYTES = 4000
_LOG_LINES = 10
# Seconds before a check that does not pass, or something waited for, is worth a word: it is just starting.
_STARTING = 20.0
_LOOK = 5.0  # seconds between two looks at the checks and the log of an instance: each takes many questions
_QUIET = 15.0  # seconds without a word, after which it is said what is waited for
_TAKES_TIME = ("check", "refused", "unhealthy", "waiting")
_VAGUE = ("unhealthy", "refused")  # the vaguest first


class Watch:
    """The instances of one job in one submission: what was seen and said of them so far."""

    def __init__(self, jobs: Jobs, services: Services, progress: Progress, clock: Clock, job: Json) -> None:
        """Begin with nothing seen; `job` is the job as it was submitted."""
        self._jobs, self._services, self._progress, self._clock = jobs, services, progress, clock
        self._job = job
        self._seen: dict[str, float] = {}
        self._looked: dict[str, tuple[object, float]] = {}
        self._remembered: dict[tuple[str, str], Check] = {}
        self._told: list[tuple[str, Finding]] = []
        self._shown: dict[str, Rollout] = {}
        self._spoke = clock.now()

    def rollout(self, groups: Mapping[str, Json]) -> None:
        """Report each group of a deployment that has come further."""
        for name, state in sorted(groups.items()):
            wanted = expected(state)
            placed, healthy = min(state["PlacedAllocs"], wanted), min(state["HealthyAllocs"], wanted)
            event = Rollout(self._job["ID"], name, placed, healthy, wanted)
            if self._shown.get(name) != event:
                self._shown[name] = event
                self._say(event)

    def placement(self, failed: Mapping[str, Json]) -> None:
        """Report groups that no machine takes."""
        for finding in diagnose_placement(failed):
            self._tell(finding.where, finding)

    def instances(self, allocations: Sequence[Json]) -> None:
        """Report what is wrong with instances that ought to run."""
        for allocation in allocations:
            first = self._seen.setdefault(allocation["ID"], self._clock.now())
            started = self._clock.now() - first >= _STARTING or _ended(allocation)
            healthy = (allocation.get("DeploymentStatus") or {}).get("Healthy")
            if healthy or not self._is_due(allocation):
                continue
            self._remember(allocation)
            self._still_waiting(allocation, self._clock.now() - first)
            if not (started or _suspicious(allocation)):
                continue
            finding = diagnose(self.symptoms(allocation))
            if finding and (started or finding.kind not in _TAKES_TIME):
                self._tell(allocation["TaskGroup"], finding)

    def _is_due(self, allocation: Json) -> bool:
        """Tell whether an instance is to be looked at again: after a while, or when Nomad says something new of it."""
        now, before = self._clock.now(), self._looked.get(allocation["ID"])
        state = (allocation.get("ModifyIndex"), allocation["ClientStatus"])
        if before and before[0] == state and now - before[1] < _LOOK:
            return False
        self._looked[allocation["ID"]] = (state, now)
        return True

    def symptoms(self, allocation: Json) -> Symptoms:
        """Gather what is known about an instance."""
        checks = [check for (owner, _), check in self._remembered.items() if owner == allocation["ID"]]
        return Symptoms(allocation, tuple(checks), self.log_tail(allocation), service_of(self._job))

    def _remember(self, allocation: Json) -> None:
        """Keep what the checks of an instance said; a process that is being started again says nothing better."""
        for check in self._checks(allocation):
            before = self._remembered.get((allocation["ID"], check.name))
            if before is None or tells(check) >= tells(before):
                self._remembered[allocation["ID"], check.name] = check

    def log_tail(self, allocation: Json) -> tuple[str, ...]:
        """Return the last lines that the tasks of an instance wrote."""
        lines: list[str] = []
        for task in sorted(allocation.get("TaskStates") or {}):
            for stream in ("stdout", "stderr"):
                written = self._jobs.log(allocation["ID"], task, stream, _LOG_BYTES, "end")
                lines += written.decode(errors="replace").splitlines()[-_LOG_LINES:]
        return tuple(lines[-_LOG_LINES:])

    def _checks(self, allocation: Json) -> list[Check]:
        groups = [group for group in self._job["TaskGroups"] if group["Name"] == allocation["TaskGroup"]]
        services = [service["Name"] for group in groups for service in group.get("Services") or []]
        return [
            Check(check["Name"], check["Status"], check["Output"])
            for service in services
            for instance in self._services.instances(service)
            if allocation["ID"] in instance["Service"]["ID"]
            for check in instance["Checks"]
            if check["ServiceID"]
        ]

    @property
    def reason(self) -> Finding | None:
        """The finding that says most, of several equal ones the last."""
        return max((finding for _, finding in reversed(self._told)), key=_weight, default=None)

    def _tell(self, place: str, finding: Finding) -> None:
        """Report a finding once, and nothing vague after something plain: that is only what a restart looks like."""
        before = [each for each_place, each in self._told if each_place == place]
        if any(each.cause == finding.cause or _weight(each) > _weight(finding) for each in before):
            return
        self._told.append((place, finding))
        self._say(Trouble(self._job["ID"], finding))

    def _still_waiting(self, allocation: Json, seconds: float) -> None:
        """After a silence, say what an instance is doing: pulling an image can take minutes."""
        if self._clock.now() - self._spoke < _QUIET:
            return
        what = f"{allocation['TaskGroup']} of {self._job['ID']}: {doing(allocation)}"
        self._say(Waiting(f"{what} ({seconds:.0f} s)"))

    def _say(self, event: Rollout | Trouble | Waiting) -> None:
        self._spoke = self._clock.now()
        self._progress.report(event)


def _weight(finding: Finding) -> int:
    return _VAGUE.index(finding.kind) if finding.kind in _VAGUE else len(_VAGUE)


def expected(group: Json) -> int:
    """Return how many instances a deployment's group wants now: its canaries until they are promoted."""
    canaries = int(group["DesiredCanaries"])
    return canaries if canaries and not group["Promoted"] else int(group["DesiredTotal"])


def _suspicious(allocation: Json) -> bool:
    states = (allocation.get("TaskStates") or {}).values()
    return _ended(allocation) or any(state.get("Failed") or state.get("Restarts") for state in states)


def _ended(allocation: Json) -> bool:
    unhealthy = (allocation.get("DeploymentStatus") or {}).get("Healthy") is False
    return unhealthy or allocation["ClientStatus"] in ("failed", "lost")
