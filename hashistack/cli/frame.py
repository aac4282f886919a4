"""What commands share that change a cluster: events as they happen, and an end that says how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hashistack.cli.terminal import Session
from hashistack.diagnostics import Exit, HashistackError
from hashistack.messages import cluster as messages

if TYPE_CHECKING:
    from hashistack.views.cluster_events import EventView

Work = Callable[["EventView"], Exit]


def framed(session: Session, work: Work, doing: str = "") -> Exit:
    """Do the work of a command and print how it ends; `doing` is what an interrupt interrupts, "": the last event."""
    from hashistack.views.cluster_events import EventView

    view = EventView(session.console)
    try:
        code = work(view)
    except HashistackError as error:
        view.failed(error.diagnostics, error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        view.failed((messages.interrupted(doing or view.doing),), Exit.INTERRUPTED)
        return Exit.INTERRUPTED
    if code is Exit.DONE:
        view.done()
    else:
        view.failed((), code)
    return code
