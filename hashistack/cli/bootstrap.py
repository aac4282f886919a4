"""`hashistack bootstrap`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashistack.cli import options, sites
from hashistack.cli.command import command as make
from hashistack.cli.frame import framed
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit

if TYPE_CHECKING:
    from hashistack.views.cluster_events import EventView


@make(
    example="hashistack bootstrap -e factory",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
def bootstrap(session: Session, file: str | None, environment: str | None, output: str | None) -> Exit:
    """Turn on access control in a secured cluster, and let its machines in.

    Makes the management tokens, policies and tokens in Consul and Nomad, hands every host its own over SSH and waits
    until all take jobs. In AWS it first puts the secrets where machines fetch them, then waits for the servers: start
    it beside `terraform apply`, or after it. Then makes what backing services in the cluster need before their jobs:
    volumes, certificates and passwords. Part of `up`. Run again, it changes only what is different.
    """
    from hashistack import targets
    from hashistack.cli.job_plan import prepared

    asked = sites.Asked(file, environment, output)

    def work(view: EventView) -> Exit:
        site = sites.existing(session, asked, view.report)
        targets.bootstrapped(site)
        with targets.held(site) as cluster:
            prepared(cluster, site.stack, view)
        return Exit.DONE

    return framed(session, work)


command = bootstrap
