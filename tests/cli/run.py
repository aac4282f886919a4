"""Run a command line in this process, in a terminal of the test's own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hashistack.cli import main
from hashistack.cli.terminal import Terminal


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(
    *arguments: str, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, tty: bool = False
) -> Result:
    out, err = (Tty() if tty else io.StringIO() for _ in range(2))
    code = main(arguments, Terminal(io.BytesIO(stdin), out, err, env or {}, cwd))
    return Result(code, out.getvalue(), err.getvalue())
