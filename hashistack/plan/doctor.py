"""Say what is wrong with a cluster, and the fix for each: the rules about its hosts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from hashistack.plan import doctor_cluster
from hashistack.plan.checkup import Checkup, Finding, Level, Report

_RENEW = timedelta(days=30)  # what `up` renews
_SKEW = 2.0  # seconds; tokens and raft take more, but an ssh round trip tells no better
_TOO_SKEWED = 30.0  # seconds; signed identities are refused beyond it
_DISK = 0.10  # share of a disk that should be free
_LEAST_DISK = 1024  # MiB; Nomad and Docker stop working soon below it
_MEMORY = 0.05

_SCRIPT = "sudo /usr/local/lib/hashistack/bootstrap.sh"
_UNITS = ("consul", "nomad", "docker", "dnsmasq", "keepalived")

Rule = Callable[[Checkup, Report], Iterator[Finding]]


def diagnose(checkup: Checkup) -> tuple[Finding, ...]:
    """Return all findings, area by area; one that is ok for each area and host where nothing is wrong."""
    hosts = [finding for report in checkup.reports for finding in _host(checkup, report)]
    return (*hosts, *doctor_cluster.findings(checkup))


def _host(checkup: Checkup, report: Report) -> Iterator[Finding]:
    if report.reach != "reached":
        yield _unreachable(checkup, report)
        return
    if not report.facts:
        fix = f"hashistack up -e {checkup.stack.environment.name} sets it up"
        yield Finding("error", "host", report.host, f"cannot report: {report.detail or 'not set up'}", fix)
        return
    for area, rules in _AREAS.items():
        found = [finding for rule in rules for finding in rule(checkup, report)]
        yield from found or [Finding("ok", area, report.host, _WELL[area])]


def _unreachable(checkup: Checkup, report: Report) -> Finding:
    fixes = {
        "refused": "`ssh.user` and `ssh.key` name the login",
        "host_key_unknown": "log in once with ssh, or write `host_key` into the descriptor",
        "host_key_changed": "only if the machine was replaced: ssh-keygen -R its address",
    }
    fix = fixes.get(report.reach, "is it on? are `address` and `ssh.port` right? is a firewall between?")
    return Finding(
        "error", "host", report.host, f"ssh: {report.detail.removeprefix('ssh: ') or report.reach}", fix
    )


def _units(_: Checkup, report: Report) -> Iterator[Finding]:
    for unit in _UNITS:
        state = report.facts.get(f"UNIT_{unit}")
        if state not in (None, "active"):
            log = report.facts.get(f"LOG_{unit}", "").replace("\\n", "\n").strip()
            last = f": {log.splitlines()[-1]}" if log else ""
            fix = f"on {report.host}: journalctl -u {unit}; then sudo systemctl restart {unit}"
            yield Finding("error", "services", report.host, f"{unit} is {state}{last}", fix)


def _tokens(checkup: Checkup, report: Report) -> Iterator[Finding]:
    for product in ("consul", "nomad"):
        # Without a leader nobody knows any token: then that is the finding.
        refused = report.facts.get(f"{product.upper()}_TOKEN") == "no"
        leads = report.facts.get(f"{product.upper()}_LEADER") != "no"
        if refused and leads and _active(report, product):
            name = checkup.stack.environment.name
            fix = f"on {report.host}: sudo rm /etc/hashistack/nomad.env; then here: hashistack bootstrap -e {name}"
            yield Finding(
                "error", "services", report.host, f"its token for {product.capitalize()} is refused", fix
            )


def _leaders(_: Checkup, report: Report) -> Iterator[Finding]:
    for product in ("consul", "nomad"):
        if report.facts.get(f"{product.upper()}_LEADER") == "no" and _active(report, product):
            fix = f"on {report.host}: journalctl -u {product}; are the ports of docs/ports.md open between the hosts?"
            yield Finding("error", "services", report.host, f"its {product} finds no leader", fix)


def _drained(_: Checkup, report: Report) -> Iterator[Finding]:
    if report.facts.get("DRAINED_BY_US") == "yes":
        what = "it was drained when it was shut down, and takes no instances yet"
        yield Finding("warning", "services", report.host, what, f"on {report.host}: {_SCRIPT} undrain")


def _versions(checkup: Checkup, report: Report) -> Iterator[Finding]:
    name = checkup.stack.environment.name
    for product in ("CONSUL", "NOMAD"):
        wanted, disk = report.facts.get(f"{product}_WANTED"), report.facts.get(f"{product}_VERSION")
        running = report.facts.get(f"{product}_RUNNING", disk)
        title = product.capitalize()
        if wanted and disk != wanted:
            what = f"{title} is {disk or 'not there'}, the descriptor says {wanted}"
            yield Finding("error", "versions", report.host, what, f"hashistack upgrade -e {name}")
        elif running != disk:
            what = f"{title} {running} runs, {disk} is installed"
            fix = f"on {report.host}: sudo systemctl restart {product.lower()}"
            yield Finding("warning", "versions", report.host, what, fix)


def _certificates(checkup: Checkup, report: Report) -> Iterator[Finding]:
    for name, title in (("CERT_EXPIRES", "its certificate"), ("CA_EXPIRES", "the authority it trusts")):
        seconds = report.number(name)
        if seconds is not None:
            end = datetime.fromtimestamp(seconds, UTC)
            yield from expiring(checkup, "certificates", report.host, title, end)


def expiring(checkup: Checkup, area: str, where: str, title: str, end: datetime) -> Iterator[Finding]:
    """Yield a finding if something has expired or is about to."""
    left, name = end - checkup.now, checkup.stack.environment.name
    fix = f"hashistack up -e {name} renews it, one host after another"
    if left <= timedelta(0):
        yield Finding("error", area, where, f"{title} expired on {end:%Y-%m-%d}", fix)
    elif left < _RENEW:
        yield Finding("warning", area, where, f"{title} expires in {left.days} days", fix)


def _clock(_: Checkup, report: Report) -> Iterator[Finding]:
    fix = f"on {report.host}: sudo apt-get install systemd-timesyncd; timedatectl set-ntp true"
    if report.skew is not None and abs(report.skew) > _SKEW:
        way = "ahead of" if report.skew > 0 else "behind"
        level: Level = "error" if abs(report.skew) > _TOO_SKEWED else "warning"
        what = f"its clock is {abs(report.skew):.0f} s {way} this machine's"
        yield Finding(level, "clock", report.host, what, fix)
    elif report.facts.get("TIME_SYNC") == "no":
        yield Finding("warning", "clock", report.host, "nothing sets its clock", fix)


def _dns(_: Checkup, report: Report) -> Iterator[Finding]:
    fix = f"on {report.host}: systemctl status hashistack-dns; {_SCRIPT} start writes the configuration anew"
    for name, who in (("DNS_HOST", "the host"), ("DNS_CONTAINER", "a container")):
        if report.facts.get(name) == "no":
            what = f"consul.service.consul does not resolve on {who}"
            yield Finding("error", "DNS", report.host, what, fix)
    if report.facts.get("DNS_OUTSIDE") == "no":
        yield Finding("warning", "DNS", report.host, "names of the outside world do not resolve", fix)


def _disk(_: Checkup, report: Report) -> Iterator[Finding]:
    for name, what in (("DISK_ROOT", "/opt"), ("DISK_DOCKER", "Docker's data")):
        free, size = report.number(f"{name}_FREE"), report.number(f"{name}_SIZE")
        if free is None or not size:
            continue
        fix = f"on {report.host}: docker system df; docker image prune -a; journalctl --vacuum-size=200M"
        if free < _LEAST_DISK or free < size * _DISK:
            level: Level = "error" if free < _LEAST_DISK else "warning"
            yield Finding(level, "disk", report.host, f"{free} of {size} MiB free for {what}", fix)


def _memory(_: Checkup, report: Report) -> Iterator[Finding]:
    free, size = report.number("MEMORY_FREE"), report.number("MEMORY_SIZE")
    if free is not None and size and free < size * _MEMORY:
        fix = "lower `memory` of processes, or add a host"
        yield Finding("warning", "disk", report.host, f"{free} of {size} MiB of memory free", fix)


def _docker(_: Checkup, report: Report) -> Iterator[Finding]:
    if "UNIT_docker" in report.facts and "DOCKER_VERSION" not in report.facts:
        fix = f"on {report.host}: journalctl -u docker; sudo systemctl restart docker"
        yield Finding("error", "Docker", report.host, "Docker does not answer", fix)


def _snapshots(_: Checkup, report: Report) -> Iterator[Finding]:
    result = report.facts.get("UNIT_snapshot")
    if result not in (None, "success", "never"):
        fix = f"on {report.host}: journalctl -u hashistack-snapshot; {_SCRIPT} snapshot"
        yield Finding("error", "snapshots", report.host, f"the last snapshot failed: {result}", fix)


def _active(report: Report, unit: str) -> bool:
    return report.facts.get(f"UNIT_{unit}") == "active"


_AREAS: dict[str, tuple[Rule, ...]] = {
    "services": (_units, _leaders, _tokens, _drained),
    "versions": (_versions,),
    "certificates": (_certificates,),
    "clock": (_clock,),
    "DNS": (_dns,),
    "disk": (_disk, _memory),
    "Docker": (_docker,),
    "snapshots": (_snapshots,),
}
_WELL = {
    "services": "all run",
    "versions": "as in the descriptor",
    "certificates": "good for more than 30 days",
    "clock": "right",
    "DNS": "names resolve on the host and in containers",
    "disk": "enough room",
    "Docker": "answers",
    "snapshots": "made as they should be",
}
