"""Streams that a real Terraform 1.11.4 wrote, without the lines about refreshing and some of those about connecting."""

from __future__ import annotations

from pathlib import Path

from hashistack.diagnostics import Diagnostic
from hashistack.plan import progress
from hashistack.plan.terraform import Step, Stream

DATA = Path(__file__).parent / "data" / "terraform"


def played(name: str) -> tuple[Stream, list[progress.Event]]:
    stream = Stream()
    lines = (DATA / f"{name}.jsonl").read_text().splitlines(keepends=True)
    return stream, [event for line in lines for event in stream.read(line)]


def test_a_failed_host_stops_no_other_installation() -> None:
    _, events = played("failed")
    ends = [event for event in events if isinstance(event, progress.HostDone | progress.HostFailed)]
    assert ends == [
        progress.HostFailed(
            "h2",
            "install",
            (
                "hashistack: install on h2 from /home/admin/.hashistack",
                "hashistack: error: it is broken",
                "hashistack: fix: repair it",
            ),
        ),
        progress.HostDone("h1", "install", 3),
        progress.HostDone("h4", "install", 3),
        progress.HostDone("h1", "start", 2),
        progress.HostFailed("h3", "install", ()),
    ]


def test_each_failed_host_says_why_and_the_rest_waits() -> None:
    stream, _ = played("failed")
    assert [(each.code, each.summary) for each in stream.failures] == [
        ("HS491", "h2: it is broken"),
        (
            "HS492",
            "h3 cannot be reached over SSH: dial tcp 192.0.2.33:22: connect: no route to host",
        ),
        ("HS494", "not started yet because of it: h4"),
    ]
    assert stream.failures[0].hint == "repair it"


def test_lines_of_a_host_are_told_without_the_chatter_of_the_connection() -> None:
    _, events = played("failed")
    lines = [event.text for event in events if isinstance(event, progress.HostLine) and event.host == "h1"]
    assert lines == [
        "install on h1 from /home/admin/.hashistack",
        "install done",
        "start on h1 from /home/admin/.hashistack",
        "start done",
    ]


def test_a_host_that_is_gone_for_good_is_warned_of_and_fails_nothing() -> None:
    stream, events = played("gone")
    assert stream.planned == (Step("h4", "remove"),)
    assert stream.failures == ()
    assert events[0] == progress.HostStarted("h4", "remove")
    (warning,) = (event.diagnostic for event in events if isinstance(event, progress.Warned))
    assert (warning.severity, warning.summary) == ("warning", "h4 was not cleaned: it does not answer")
    assert not any(isinstance(event, progress.HostDone) for event in events)


def test_who_holds_the_state() -> None:
    stream, events = played("locked")
    assert events == []
    assert isinstance(stream.locked, Diagnostic)
    assert stream.locked.summary == (
        "Terraform is run here by root@vm, since 2026-11-21 18:00:48.188579706 +0000 UTC"
    )


def test_nothing_to_do() -> None:
    stream, events = played("unchanged")
    assert (stream.planned, stream.failures, stream.locked, events) == ((), (), None, [])


def test_what_is_no_event_is_kept_as_the_reason() -> None:
    stream = Stream()
    assert list(stream.read("panic: runtime error\n")) == []
    assert list(stream.read("goroutine 1 [running]:\n")) == []
    assert stream.reason == "panic: runtime error goroutine 1 [running]:"


def test_an_error_that_belongs_to_no_host() -> None:
    stream = Stream()
    said = '{"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "No value", "detail": "for a\\nb"}}'
    assert list(stream.read(said)) == []
    assert (stream.reason, stream.failures) == ("No value: for a b", ())


# --- pieces of a cloud; of this stream one time was made longer


def test_pieces_of_a_cloud_are_told_by_what_people_call_them() -> None:
    _, events = played("cloud")
    topic, queue = "aws_sns_topic.alarms", "aws_sqs_queue.main"
    told = [event for event in events if getattr(event, "address", topic) in (topic, queue)]
    assert told == [
        progress.PieceBegun(queue, "sqs queue", "create"),
        progress.PieceBegun(topic, "alarm topic alarms", "create"),
        progress.PieceDone(topic, "alarm topic alarms", "create", 0),
        progress.PieceLasts(queue, "sqs queue", "create", 60),
        progress.PieceDone(queue, "sqs queue", "create", 25),
    ]


def test_a_piece_that_fails_is_told_with_its_address() -> None:
    stream, events = played("cloud")
    address = 'aws_subnet.private["eu-west-1a"]'
    assert progress.PieceFailed(address, "subnet private eu-west-1a", "create") in events
    (fault,) = stream.faults
    assert fault.address == address
    assert "InvalidVpcID.NotFound" in fault.text
    assert (stream.failures, stream.planned) == ((), ())


def test_what_was_applied_is_counted_only_where_there_are_pieces() -> None:
    stream, _ = played("cloud")
    said = (
        '{"type": "change_summary", "changes": {"add": 87, "change": 2, "remove": 0, "operation": "apply"}}'
    )
    assert list(stream.read(said)) == [progress.Applied(87, 2, 0)]
    planned = said.replace("apply", "plan")
    assert list(stream.read(planned)) == []
    assert list(Stream().read(said)) == []
