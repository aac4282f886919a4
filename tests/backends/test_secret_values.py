"""What `secrets set` takes as a value; a stub in Nomad's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.stub import Stub
from tests.cli.run import Result, run

_DESCRIPTOR = """\
app: shop
image: registry.example.com/shop:v1
secrets: [KEY]
processes:
  web: {command: run-shop}
environments:
  laptop: {target: local}
"""


def set_key(stub: Stub, folder: Path, value: bytes) -> Result:
    (folder / "hashistack.yaml").write_text(_DESCRIPTOR)
    stub.answer = {"Items": {}, "ModifyIndex": 3}
    environ = {"NOMAD_ADDR": stub.url, "XDG_STATE_HOME": str(folder)}
    return run("secrets", "set", "KEY", "-e", "laptop", cwd=folder, stdin=value, env=environ)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("gr\u00fcn\n".encode(), "gr\u00fcn"), (b"a\nb\r\n", "a\nb"), (b"x" * 65533, "x" * 65533)],
)
def test_text_is_stored_as_it_is(stub: Stub, tmp_path: Path, value: bytes, kept: str) -> None:
    assert set_key(stub, tmp_path, value).code == 0
    assert stub.requests[-1].body["Items"] == {"KEY": kept}


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        (b"\xff\xfe\x00key", "HS453", "base64"),
        (b"key\x00", "HS453", "base64"),
        (b"x" * 65534, "HS454", "64 KiB"),
    ],
)
def test_what_would_be_damaged_is_refused(
    stub: Stub, tmp_path: Path, value: bytes, code: str, told: str
) -> None:
    result = set_key(stub, tmp_path, value)
    assert result.code == 64
    assert code in result.err
    assert told in result.err
    assert all(request.method == "GET" for request in stub.requests)
