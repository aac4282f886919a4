"""The program: answer at once when nothing changed, otherwise run the command line."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command of this process and return its exit code."""
    try:
        _open_streams()
        from hashistack import unchanged  # inside the `try`: Ctrl-C may come at any time

        if unchanged.answer(sys.argv[1:], _folder(), os.environ, sys.stderr):
            return 0
        from hashistack.cli import main as command_line  # click is not needed when nothing changed

        _end_in_order()
        return command_line(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


def _end_in_order() -> None:
    """Take the end of a terminal or of a CI job for Ctrl-C: what Terraform made meanwhile would be forgotten."""
    import signal  # not needed when nothing changed

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores SIGHUP
            signal.signal(number, signal.default_int_handler)


def _folder() -> str:
    """Return the current folder; nothing if it was removed, and so nothing is found there."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _open_streams() -> None:
    """Open what the caller closed (`>&-`) on nothing: Python has None there, and nobody expects that."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open to the end


if __name__ == "__main__":
    sys.exit(main())
