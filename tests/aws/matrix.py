"""Descriptors that together use every key of target aws, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

from hashistack import pipeline
from hashistack.compile import compile_stack
from hashistack.model import Stack
from hashistack.render import render

HERE = Path(__file__).parent / "matrix"
CASES = sorted(path.stem for path in HERE.glob("*.yaml"))


def stack(case: str) -> Stack:
    """Return the one stack of a case."""
    file = HERE / f"{case}.yaml"
    (found,) = pipeline.load(file.read_text(), file.name).stacks
    return found


def rendered(case: str, folder: Path) -> Path:
    """Render a case into a folder and return where its Terraform lies."""
    found = stack(case)
    for artifact in compile_stack(found, f"{case}.yaml").artifacts:
        file = render(artifact)
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    return folder / found.environment.name / "terraform"
