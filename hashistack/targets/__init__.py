"""Where a stack runs: one module per target, each of which can raise its cluster, connect to it and take it down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hashistack.diagnostics import UsageProblem
from hashistack.messages import credentials as messages
from hashistack.model import Stack

if TYPE_CHECKING:
    from hashistack.backends.cluster import Cluster
    from hashistack.plan.env import Reach
    from hashistack.plan.progress import Event


def _silent(_: Event) -> None:
    """Take note of nothing."""


def _agreed(_: Mapping[str, Any]) -> bool:
    """Agree to whatever Terraform will do."""
    return True


@dataclass(frozen=True, slots=True)
class Site:
    """A stack and where it is brought up from.

    `home` is the folder of the descriptor, `output` that of the rendered files of all environments. `approve` is asked
    before Terraform changes an account of AWS, with its plan as JSON.
    """

    stack: Stack
    environ: Mapping[str, str]
    home: Path
    output: Path
    report: Callable[[Event], None]
    adopt: bool = False
    approve: Callable[[Mapping[str, Any]], bool] = _agreed

    @property
    def terraform(self) -> Path:
        """The folder of the environment's Terraform."""
        return self.output / self.stack.environment.name / "terraform"


def connect(stack: Stack, environ: Mapping[str, str], report: Callable[[Event], None] = _silent) -> Cluster:
    """Open the cluster of a stack as it is; nothing is started."""
    from hashistack.targets import aws, local, onprem

    match stack.environment.target:
        case "local":
            return local.connect(stack, environ)
        case "onprem":
            return onprem.connect(stack, environ)
        case "aws":
            return aws.connect(stack, environ, report)


def raised(site: Site) -> AbstractContextManager[Cluster]:
    """Bring the cluster up and hold its lock while the block runs."""
    from hashistack.targets import aws, local, onprem

    match site.stack.environment.target:
        case "local":
            return local.raised(site)
        case "onprem":
            return onprem.raised(site)
        case "aws":
            return aws.raised(site)


def held(site: Site) -> AbstractContextManager[Cluster]:
    """Open the cluster as it is, and hold its lock while the block runs."""
    from hashistack.targets import aws, onprem

    match site.stack.environment.target:
        case "local":
            return _held(site)
        case "onprem":
            return onprem.held(site)
        case "aws":
            return aws.held(site)


@contextmanager
def _held(site: Site) -> Iterator[Cluster]:
    cluster = connect(site.stack, site.environ)
    with cluster.state.locked(site.stack.app):
        yield cluster


def bootstrapped(site: Site) -> None:
    """Begin access control in a cluster that Terraform starts; `up` does it too."""
    from hashistack.targets import aws_by_hand, by_hand

    match site.stack.environment.target:
        case "local":
            raise UsageProblem(messages.no_hosts(site.stack.environment.name, "local"))
        case "onprem":
            by_hand.bootstrapped(site)
        case "aws":
            aws_by_hand.bootstrapped(site)


def reach(site: Site) -> Reach:
    """Return how programs that are started by hand reach the cluster."""
    from hashistack.targets import aws_by_hand, by_hand

    match site.stack.environment.target:
        case "local":
            raise UsageProblem(messages.no_hosts(site.stack.environment.name, "local"))
        case "onprem":
            return by_hand.reach(site)
        case "aws":
            return aws_by_hand.reach(site)
