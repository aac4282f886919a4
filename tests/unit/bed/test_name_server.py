"""What the machines' name server answers, byte by byte."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.bed.name_server import answer

NAMES = {"h1.lan": "10.77.0.31"}


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def test_a_known_name_has_its_address() -> None:
    asked = query("H1.lan")
    told = answer(asked, NAMES)
    assert struct.unpack_from("!HHHH", told) == (7, 0x8580, 1, 1)
    assert told[12 : len(asked)] == asked[12:]
    assert told[-4:] == socket.inet_aton("10.77.0.31")


def test_a_known_name_has_no_other_record_and_an_unknown_one_does_not_exist() -> None:
    assert struct.unpack_from("!HHHH", answer(query("h1.lan", kind=28), NAMES)) == (7, 0x8580, 1, 0)
    assert struct.unpack_from("!HHHH", answer(query("h9.lan"), NAMES)) == (7, 0x8583, 1, 0)


@pytest.mark.parametrize("cut", [0, 5, 12, 14, 20])
def test_half_a_query_is_an_error_that_serve_catches(cut: int) -> None:
    with pytest.raises((IndexError, struct.error)):
        answer(query("h1.lan")[:cut], NAMES)


def test_a_star_stands_for_all_names_below() -> None:
    names = {"*.example.com": "10.77.0.254"}
    for name in ("ssm.example.com", "a.b.example.com"):
        assert answer(query(name), names)[-4:] == socket.inet_aton("10.77.0.254")
    for name in ("example.com", "example.org"):
        assert struct.unpack_from("!HHHH", answer(query(name), names)) == (7, 0x8583, 1, 0)
