"""The program: answer at once when nothing changed, otherwise run the command line."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command of this process and return its exit code."""
    try:
        from hashistack import unchanged  # inside the `try`: Ctrl-C may come at any time

        if unchanged.answer(sys.argv[1:], os.getcwd(), os.environ, sys.stderr):
            return 0
        from hashistack.cli import main as command_line  # click is not needed when nothing changed

        return command_line(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
