from __future__ import annotations

import io
import json
from typing import get_args

import pytest

from hashistack.diagnostics import Diagnostic, Exit
from hashistack.plan import progress
from hashistack.plan.finding import Finding
from hashistack.plan.steps import Address
from hashistack.views.cluster_events import EventView, event_lines
from hashistack.views.console import Console
from hashistack.views.human import PLAIN

FINDING = Finding(
    "check",
    "web (1a2b)",
    "check alive\n is critical",
    "it is\x1b[31m answered with 500",
    "fix it",
    ("last line",),
)
EVENTS: tuple[progress.Event, ...] = (
    progress.AgentsStarted(("consul", "nomad")),
    progress.AgentsStopped(("nomad", "consul")),
    progress.AgentsKept(("consul", "nomad"), ("blog",)),
    progress.Stored("nomad/jobs/shop", ("KEY",), generated=False),
    progress.Made("volume", "shop-db", ("n1", "n2")),
    progress.Unchanged("shop", "v1"),
    progress.Submitted("shop", "v2"),
    progress.Rollout("shop", "web", 2, 1, 3),
    progress.Trouble("shop", FINDING),
    progress.LogLine("shop-release", "stdout", "migrating\x1b]0;title\x07"),
    progress.Reverting("shop", "v2", "v1"),
    progress.Running("shop", "v2"),
    progress.Released("shop-release", "v2"),
    progress.Waiting("shop-cache to be healthy in Consul"),
    progress.Removed("job", "shop"),
    progress.Left("job", "shop", "it is somebody else's now"),
    progress.HostStarted("n1", "install"),
    progress.HostLine("n1", "install", "unpacking\x1b[2J"),
    progress.HostDone("n1", "start", 12),
    progress.HostFailed("n1", "install", ("hashistack: error: no room\x07",)),
    progress.CredentialsMade(("n1",), ("n2",), "/home/ann/.local/state/hashistack/shop@factory"),
    progress.AccessBegun("Nomad"),
    progress.AccessChanged("Consul", 3, 1),
    progress.HandedOver("n1", ("NOMAD_NODE_TOKEN",)),
    progress.Joined("n1"),
    progress.Warned(Diagnostic("HS463", "n1 does not answer", severity="warning")),
    progress.Saved("nomad", 2048),
    progress.Restored("nomad", "2026-11-21 10:00"),
    progress.Led("Consul", "n1"),
    progress.Emptied("n1"),
    progress.Upgraded("n1", "1.22.7", "1.11.3"),
    progress.PieceBegun("aws_lb.external", "load balancer external", "create"),
    progress.PieceLasts("aws_lb.external", "load balancer external", "create", 120),
    progress.PieceDone("aws_lb.external", "load balancer external", "create", 125),
    progress.PieceFailed("aws_route.nat", "route nat", "delete"),
    progress.Applied(3, 0, 1),
    progress.Planned(("replace server i-1",)),
    progress.Replaced("i-1", "i-4"),
    progress.Delegate("example.com", ("ns-1.awsdns-01.org", "ns-2.awsdns-02.com")),
    progress.Kept(13, "/shop-production"),
    progress.Ready("shop", "v2", (Address("web", "http://shop.localhost:8080/", internal=False),)),
)


def printed(event: progress.Event, *, as_json: bool) -> tuple[str, str]:
    console = Console(io.StringIO(), io.StringIO(), json=as_json)
    EventView(console).report(event)
    return console.stdout.getvalue(), console.stderr.getvalue()  # type: ignore[attr-defined]


def test_every_kind_of_event_is_in_this_file() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(progress.Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_has_words_and_drives_no_terminal(event: progress.Event) -> None:
    out, err = printed(event, as_json=False)
    assert (out + err).strip()
    assert "\x1b" not in out + err
    assert "\x07" not in out + err


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_one_json_object_on_one_line(event: progress.Event) -> None:
    out, err = printed(event, as_json=True)
    assert out.count("\n") == 1
    assert json.loads(out)["event"]
    assert err == ""


def test_only_addresses_are_data() -> None:
    assert printed(EVENTS[-1], as_json=False)[0] == "http://shop.localhost:8080/  web\n"
    assert all(printed(event, as_json=False)[0] == "" for event in EVENTS[:-1])


def test_a_trouble_shows_cause_event_log_and_hint() -> None:
    lines = list(event_lines(progress.Trouble("shop", FINDING), PLAIN))
    assert lines == [
        "shop: web (1a2b): it is\\x1b[31m answered with 500",
        "   event: check alive is critical",
        "   log | last line",
        "   hint: fix it",
    ]


def test_the_end_of_a_failed_command_is_an_object_too() -> None:
    console = Console(io.StringIO(), io.StringIO(), json=True)
    EventView(console).failed((Diagnostic("HS421", "shop v2 failed"),), Exit.FAILED)
    last = json.loads(console.stdout.getvalue())  # type: ignore[attr-defined]
    assert (last["event"], last["exit_code"], last["diagnostics"][0]["code"]) == ("failed", 1, "HS421")


def test_the_view_knows_what_is_waited_for() -> None:
    view = EventView(Console(io.StringIO(), io.StringIO()))
    view.report(progress.Submitted("shop", "v2"))
    assert view.doing == "waiting for shop"


@pytest.mark.parametrize(
    ("address", "seconds", "told"),
    [("aws_lb.external", 2, True), ("aws_iam_role.server", 2, False), ("aws_kms_key.main", 20, True)],
)
def test_of_the_pieces_of_a_cloud_only_those_that_take_time_are_told(
    address: str, seconds: int, told: bool
) -> None:
    done = progress.PieceDone(address, "it", "create", seconds)
    assert bool(printed(done, as_json=False)[1]) is told
