"""moto, asked by clients that ask again."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.bed import moto
from tests.bed.moto import REPEATED
from tests.bed.moto_requests import Requests
from tests.conftest import needed

CREATE = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16"


def test_a_repeated_call_makes_one_thing_and_is_written_down(tmp_path: Path) -> None:
    with needed():
        moto.ensure()
    with moto.running(tmp_path) as aws:
        first, again, other = (_ask(aws.port, call) for call in ("a-call", "a-call", "another"))
        cidrs = [one["CidrBlock"] for one in aws.client("ec2").describe_vpcs()["Vpcs"]]
        complaints = aws.complaints().splitlines()
    assert first == again != other
    assert cidrs.count("10.0.0.0/16") == 2
    assert [REPEATED in line for line in complaints] == [True]


@pytest.mark.parametrize(("status", "asked"), [("500 INTERNAL SERVER ERROR", 2), ("400 BAD REQUEST", 1)])
def test_only_what_moto_failed_at_is_asked_for_again(status: str, asked: int) -> None:
    statuses: list[str] = []

    def application(_: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        statuses.append(status)
        start(status, [])
        return [b"<Error/>"]

    requests = Requests()
    for _ in range(2):
        answer = requests.answer(application, {"HTTP_AMZ_SDK_INVOCATION_ID": "a-call"})
        assert (answer[0], answer[2]) == (status, b"<Error/>")
    assert len(statuses) == asked


def _ask(port: int, call: str) -> bytes:
    signed = "AWS4-HMAC-SHA256 Credential=testing/20261123/eu-west-1/ec2/aws4_request, SignedHeaders=host"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Authorization": signed,
        "Content-Type": "application/x-www-form-urlencoded",
        "amz-sdk-invocation-id": call,
    }
    connection.request("POST", "/", CREATE, headers)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()
