from __future__ import annotations

import base64
import hashlib

from hashistack.compile.onprem import _NOBODYS_KEY


def test_nobodys_key_comes_out_of_a_hash() -> None:
    """Nobody can have chosen a private key first: x is a hash, and y follows from it."""
    kind, blob = _NOBODYS_KEY.split()
    parts, rest = [], base64.b64decode(blob)
    while rest:
        size = int.from_bytes(rest[:4])
        parts.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    assert parts[0] == kind.encode()
    assert parts[1:] == [b"nistp256", parts[2], b"nobody"]
    x, y = int.from_bytes(parts[2][1:33]), int.from_bytes(parts[2][33:])
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    constant = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    assert x.to_bytes(32) == hashlib.sha256(b"hashistack: a key that nobody has 4").digest()
    assert y * y % prime == (x**3 - 3 * x + constant) % prime
    assert y % 2 == 0
