"""The name server that the machines' network has: ``h1.lan`` and the others, ``mirror.lan``, what stands for AWS."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

PORT = 53
ADDRESS, INTERNET = 1, 1  # of a question: its type and its class
HEADER = struct.Struct("!HHHHHH")
ANSWERED, UNKNOWN = 0x8580, 0x8583  # a final answer, recursion on offer; the latter: no such name
TTL = 5


def answer(query: bytes, names: Mapping[str, str]) -> bytes:
    """Return the answer to one query; a name that is known has an IPv4 address and no other record.

    ``*.example.com`` stands for all names below ``example.com``.
    """
    number, _, _, _, _, _ = HEADER.unpack_from(query)
    name, end = _name(query)
    question = query[HEADER.size : end + 4]
    asked = struct.unpack_from("!HH", query, end)
    address = _address(name.lower(), names)
    if address is None:
        return HEADER.pack(number, UNKNOWN, 1, 0, 0, 0) + question
    if asked != (ADDRESS, INTERNET):
        return HEADER.pack(number, ANSWERED, 1, 0, 0, 0) + question
    # 0xC00C: the name that stands behind the header.
    record = struct.pack("!HHHIH", 0xC00C, ADDRESS, INTERNET, TTL, 4) + socket.inet_aton(address)
    return HEADER.pack(number, ANSWERED, 1, 1, 0, 0) + question + record


def _address(name: str, names: Mapping[str, str]) -> str | None:
    labels = name.split(".")
    above = (f"*.{'.'.join(labels[index:])}" for index in range(1, len(labels)))
    return next((names[one] for one in (name, *above) if one in names), None)


def _name(query: bytes) -> tuple[str, int]:
    """Return the name that is asked for and the index of the byte behind it."""
    labels, at = [], HEADER.size
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels), at + 1


def serve(address: str, names: Mapping[str, str]) -> None:
    """Answer at the address until the process ends; what is no query is not answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, PORT))
        while True:
            query, client = server.recvfrom(512)
            try:
                reply = answer(query, names)
            except (IndexError, struct.error):
                continue
            server.sendto(reply, client)
