"""Find the descriptor. Imports nothing but `os`, because the fast path runs before everything else."""

from __future__ import annotations

import os
from collections.abc import Mapping

NAMES = ("hashistack.yaml", "hashistack.yml")
OUTPUT = "stack"
STDIN = "-"
STDIN_NAME = "<stdin>"


def find(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return the descriptor's path: HASHISTACK_FILE, or the nearest one from `folder` up to the git root.

    Outside a git work tree only `folder` itself is searched: what lies above may be somebody else's.
    """
    named = environ.get("HASHISTACK_FILE")
    if named:
        return named if named == STDIN else os.path.join(folder, named)
    for candidate in searched(folder):
        for name in NAMES:
            path = os.path.join(candidate, name)
            if os.path.isfile(path):
                return path
    return None


def ignored(path: str) -> str | None:
    """Return the name of a second descriptor beside the one that was found, if there is one."""
    parent, name = os.path.split(path)
    second = NAMES[1]
    return second if name == NAMES[0] and os.path.isfile(os.path.join(parent, second)) else None


def searched(folder: str) -> list[str]:
    """Return the folders where a descriptor is looked for, nearest first."""
    folders = [folder]
    while not os.path.exists(os.path.join(folders[-1], ".git")):
        parent = os.path.dirname(folders[-1])
        if parent == folders[-1]:
            return [folder]
        folders.append(parent)
    return folders
