"""Find the descriptor. Imports nothing but `os`, because the fast path runs before everything else."""

from __future__ import annotations

import os
from collections.abc import Mapping

NAMES = ("hashistack.yaml", "hashistack.yml")
OUTPUT = "stack"
STDIN = "-"


def find(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return the descriptor's path: HASHISTACK_FILE, or the nearest one from `folder` up to the git root.

    Outside a git work tree only `folder` itself is searched: what lies above may be somebody else's.
    """
    named = environ.get("HASHISTACK_FILE")
    if named:
        return named if named == STDIN else os.path.join(folder, named)
    for candidate in _upwards(folder):
        for name in NAMES:
            path = os.path.join(candidate, name)
            if os.path.isfile(path):
                return path
    return None


def _upwards(folder: str) -> list[str]:
    folders = [folder]
    while not os.path.exists(os.path.join(folders[-1], ".git")):
        parent = os.path.dirname(folders[-1])
        if parent == folders[-1]:
            return [folder]
        folders.append(parent)
    return folders
