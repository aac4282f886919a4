"""Stacks on AWS for tests: the least descriptor, and what is said beyond it."""

from __future__ import annotations

from collections.abc import Callable

from hashistack import pipeline
from hashistack.compile.artifact import Artifact
from hashistack.model import Stack
from hashistack.render import render

_LEAST = """
app: shop
image: {image}
processes:
  web: {{command: ./web, port: 8000, routes: [{route}]}}
environments:
  production:
    target: aws
    region: eu-west-1
    domain: example.com
"""


def stack(more: str = "", image: str = "registry.example.com/shop", route: str = "shop.example.com") -> Stack:
    """Return a stack; `more` are lines of its environment, without indentation."""
    text = _LEAST.format(image=image, route=route)
    lines = "".join(f"    {line}\n" for line in more.splitlines())
    (found,) = pipeline.load(text + lines, "hashistack.yaml").stacks
    return found


def files(artifacts: Callable[[Stack, str, str], tuple[Artifact, ...]], found: Stack) -> dict[str, str]:
    """Return what a concern renders, by file name, without indentation; an `=` has one space on each side."""
    rendered = [render(file) for file in artifacts(found, "hashistack.yaml", "terraform")]
    return {
        file.path.removeprefix("terraform/"): "\n".join(
            " ".join(line.split()) for line in file.content.decode().splitlines()
        )
        for file in rendered
    }
