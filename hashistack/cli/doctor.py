"""`hashistack doctor`."""

from __future__ import annotations

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit


@make(
    example="hashistack doctor -e factory\nhashistack doctor -e factory --json",
    exits=(Exit.DESCRIPTOR, Exit.UNAVAILABLE),
)
@options.file
@options.required_environment
def doctor(session: Session, file: str | None, environment: str | None) -> Exit:
    """Look at every host and every server, and say what is wrong and how to mend it.

    Looks at the ways to the hosts, the services on them, versions, quorum, certificates, tokens, clocks, names, disks,
    Docker, machines and checks, and changes nothing. Ends with 0 unless there is an error; warnings can wait.
    """
    from hashistack.plan.doctor import diagnose
    from hashistack.targets import upkeep
    from hashistack.views import doctor as views

    site = sites.existing(session, sites.Asked(file, environment, None), lambda _: None)
    findings = diagnose(upkeep.examine(site))
    code = Exit.FAILED if any(finding.level == "error" for finding in findings) else Exit.DONE
    views.show(session.console, findings, code)
    return code


command = doctor
