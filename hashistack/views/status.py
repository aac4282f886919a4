"""Print how an app is."""

from __future__ import annotations

from dataclasses import asdict

from hashistack.diagnostics import Exit
from hashistack.plan.status import ProcessStatus, ScheduleStatus, ServiceStatus, Status
from hashistack.views import human, json
from hashistack.views.console import Console


def show(console: Console, status: Status, code: Exit) -> None:
    """Print the status: a few tables, or one JSON document."""
    if console.json:
        console.document(json.document(code, healthy=status.healthy, status=asdict(status)))
        return
    ink = console.ink
    health = ink("healthy", "green") if status.healthy else ink("unhealthy", "red")
    console.data(
        f"{ink(status.app, 'bold')} in {status.environment}, version {status.version or '-'}: {health}"
    )
    tables = (
        (
            ("process", "running", "health", "version", "addresses"),
            [_process(each) for each in status.processes],
        ),
        (
            ("backing service", "type", "health", "addresses"),
            [_service(each) for each in status.backing_services],
        ),
        (
            ("stand-in", "leader", "quorum", "copies", "lag", "version"),
            [_cluster(each) for each in status.backing_services if each.report or each.problem],
        ),
        (
            ("stand-in", "member", "address", "role", "state"),
            [row for each in status.backing_services for row in _members(each)],
        ),
        (("schedule", "when", "last run", "next run"), [_schedule(each) for each in status.schedules]),
        (("agent", "address", "state"), _agents(status)),
    )
    for header, rows in tables:
        if rows:
            console.data("\n" + human.table(rows, header=header, ink=ink))


def _process(process: ProcessStatus) -> tuple[str, ...]:
    health = "healthy" if process.healthy else ", ".join(process.failing) or "not running"
    routes = ", ".join(each.url + (" (internal)" if each.internal else "") for each in process.addresses)
    count = f"{process.running} of {process.desired}"
    return process.name, count, health, ", ".join(process.versions) or "-", routes or "-"


def _service(service: ServiceStatus) -> tuple[str, ...]:
    kind = f"{service.type}, managed elsewhere" if service.managed else service.type
    return (
        service.name,
        kind,
        "healthy" if service.healthy else "unhealthy",
        ", ".join(service.addresses) or "-",
    )


def _cluster(service: ServiceStatus) -> tuple[str, ...]:
    report = service.report
    if report is None:
        return service.name, f"does not answer: {service.problem}", "", "", "", ""
    copies = {True: "all there", False: "not all there", None: "-"}[report.full]
    if report.under_replicated:
        copies = f"missing: {report.under_replicated}"
    quorum = {True: "yes", False: "no", None: "-"}[report.quorum]
    return service.name, report.leader or "-", quorum, copies, report.lag or "-", report.version or "-"


def _members(service: ServiceStatus) -> list[tuple[str, ...]]:
    members = service.report.members if service.report else ()
    return [(service.name, each.id, each.address, each.role, each.state) for each in members]


def _schedule(schedule: ScheduleStatus) -> tuple[str, ...]:
    last = f"{schedule.last} {schedule.outcome}" if schedule.last else "-"
    return schedule.name, schedule.schedule, last, schedule.next or "not submitted"


def _agents(status: Status) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            each.name,
            each.url,
            ("answers" if each.answers else "silent") + (", started by hashistack" if each.ours else ""),
        )
        for each in status.agents
    ]
    if status.ingress is not None:
        rows.append(("ingress", "", "runs" if status.ingress else "does not run"))
    return rows
