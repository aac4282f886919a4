"""``python -m tests.bed.machines``: the machines of the tests by hand, until they are taken down again."""

from __future__ import annotations

import argparse
import os
import sys

from tests.bed import factory
from tests.bed.factory import BASE, Factory
from tests.bed.missing import BedError, BedUnavailable
from tests.bed.processes import say

ACTIONS = {
    "up": "boot machines, and wait for them",
    "down": "take them away with all that they have",
    "list": "say which beds there are",
    "ssh": "log in to a machine as root, or run a command there",
    "cut": "cut a machine's power",
    "on": "switch a machine on again",
    "empty": "put a machine with an empty disk in the place of one",
}


def main() -> int:
    """Do what the command line says."""
    options = _parser().parse_args()
    try:
        return _run(options)
    except (BedError, BedUnavailable) as error:
        say(str(error))
        return 1


def _run(options: argparse.Namespace) -> int:
    match options.action:
        case "up":
            _show(factory.up(options.bed, options.count))
        case "down":
            factory.down(options.bed)
        case "list":
            for folder in sorted(BASE.glob("*/")):
                if found := factory.find(folder.name):
                    _show(found)
        case _:
            return _on_one(options)
    return 0


def _on_one(options: argparse.Namespace) -> int:
    bed = factory.find(options.bed)
    if bed is None or not options.machine:
        raise BedError(f"no bed {options.bed}, or no machine was named")
    machine = bed.machine(options.machine)
    match options.action:
        case "ssh":
            os.execvp("ssh", [*machine.ssh_command(options.user), *options.command])
        case "cut":
            machine.power_cut()
        case "on":
            bed.boot(machine.name)
        case "empty":
            bed.replace(machine.name)
    return 0


def _show(bed: Factory) -> None:
    lines = [f"bed      {bed.folder.name}", f"mirror   {bed.mirror}", f"key      {bed.key}"]
    for one in bed.machines:
        lines.append(f"{one.name:8} {one.address} {'on' if one.is_on() else 'off'} {one.disk}")
    sys.stdout.write("\n".join(lines) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Bare Debian machines on this one, for the tests.")
    parser.add_argument("--bed", default="main", help="the name of this set of machines")
    actions = parser.add_subparsers(dest="action", required=True)
    for name, text in ACTIONS.items():
        action = actions.add_parser(name, help=text)
        match name:
            case "up":
                action.add_argument("--count", type=int, default=3)
            case "ssh" | "cut" | "on" | "empty":
                action.add_argument("machine")
        if name == "ssh":
            action.add_argument("--user", default="root")
            action.add_argument("command", nargs="*")
    return parser


if __name__ == "__main__":
    sys.exit(main())
