"""`hashistack bootstrap`."""

from __future__ import annotations

from hashistack.cli import options
from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError, UsageProblem
from hashistack.messages import cluster
from hashistack.messages import credentials as messages


@make(
    example="hashistack bootstrap -e factory",
    exits=(Exit.CONFLICT, Exit.DESCRIPTOR, Exit.UNAVAILABLE, Exit.INTERRUPTED),
)
@options.file
@options.required_environment
@options.output
def bootstrap(session: Session, file: str | None, environment: str | None, output: str | None) -> Exit:
    """Turn on access control in a cluster of your own machines, and let its machines in.

    Makes the management tokens, policies and tokens in Consul and Nomad, hands every host its own over SSH and waits
    until all take jobs. Part of `up`; by hand it comes after `terraform apply`. Run again, it changes only what is
    different.
    """
    from hashistack import pipeline
    from hashistack.cli.source import chosen, output_folder, source
    from hashistack.targets import Site, by_hand
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        descriptor = source(session.terminal, file)
        stack = chosen(pipeline.load(descriptor.text, descriptor.file), environment)
        if stack.environment.target != "onprem":
            raise UsageProblem(messages.no_hosts(stack.environment.name, stack.environment.target))
        folder = output_folder(session.terminal, descriptor, output)
        by_hand.bootstrapped(Site(stack, session.terminal.environ, descriptor.folder, folder, view.report))
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        view.failed((cluster.interrupted(view.doing),), Exit.INTERRUPTED)
        return Exit.INTERRUPTED
    view.done()
    return Exit.DONE


command = bootstrap
