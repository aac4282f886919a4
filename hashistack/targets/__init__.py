"""Where a stack runs: one module per target, each of which can raise its cluster, connect to it and take it down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hashistack.diagnostics import UsageProblem
from hashistack.messages import cluster as messages
from hashistack.model import Stack

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.plan.progress import Event


@dataclass(frozen=True, slots=True)
class Site:
    """A stack and where it is brought up from.

    `home` is the folder of the descriptor, `output` that of the rendered files of all environments.
    """

    stack: Stack
    environ: Mapping[str, str]
    home: Path
    output: Path
    report: Callable[[Event], None]
    adopt: bool = False

    @property
    def terraform(self) -> Path:
        """The folder of the environment's Terraform."""
        return self.output / self.stack.environment.name / "terraform"


def connect(stack: Stack, environ: Mapping[str, str]) -> Cluster:
    """Open the cluster of a stack as it is; nothing is started."""
    from hashistack.targets import local, onprem

    if stack.environment.target == "onprem":
        return onprem.connect(stack, environ)
    return local.connect(stack, environ)


@contextmanager
def raised(site: Site) -> Iterator[Cluster]:
    """Bring the cluster up and hold its lock while the block runs."""
    from hashistack.targets import local, onprem

    match site.stack.environment.target:
        case "local":
            with local.raised(site) as cluster:
                yield cluster
        case "onprem":
            with onprem.raised(site) as cluster:
                yield cluster
        case "aws":
            raise UsageProblem(messages.not_raised_yet(site.stack.environment.name, "aws"))


@contextmanager
def held(site: Site) -> Iterator[Cluster]:
    """Open the cluster as it is, and hold its lock while the block runs."""
    from hashistack.targets import onprem

    if site.stack.environment.target == "onprem":
        with onprem.held(site) as cluster:
            yield cluster
        return
    cluster = connect(site.stack, site.environ)
    with cluster.state.locked(site.stack.app):
        yield cluster
