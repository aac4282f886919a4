"""A stack as a diagram: requests come in on the left, backing services stand on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hashistack.diagnostics import Exit
from hashistack.model import Process, Reference, Route, ScheduledProcess, Stack
from hashistack.views import json
from hashistack.views.console import Console

Kind = Literal["outside", "process", "service"]
_MERMAID: dict[Kind, tuple[str, str]] = {
    "outside": ('(["', '"])'),
    "process": ('["', '"]'),
    "service": ('[("', '")]'),
}
_DOT: dict[Kind, str] = {"outside": "ellipse", "process": "box", "service": "cylinder"}


@dataclass(frozen=True, slots=True)
class Node:
    """Something that is drawn; `identity` is unique, `label` may have several lines."""

    identity: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between the nodes of two identities; the label may be empty."""

    start: str
    end: str
    label: str = ""


def show(console: Console, stack: Stack, language: str) -> None:
    """Print the diagram in `language`, mermaid or dot; with --json its nodes and edges."""
    nodes, edges = list(_nodes(stack)), list(_edges(stack))
    if console.json:
        drawn = [{"id": node.identity, "label": node.label, "kind": node.kind} for node in nodes]
        arrows = [{"from": edge.start, "to": edge.end, "label": edge.label} for edge in edges]
        console.document(json.document(Exit.DONE, nodes=drawn, edges=arrows))
    else:
        console.data(dot(nodes, edges) if language == "dot" else mermaid(nodes, edges))


def mermaid(nodes: list[Node], edges: list[Edge]) -> str:
    """Return a Mermaid flowchart."""
    lines = ["flowchart LR"]
    for node in nodes:
        opening, closing = _MERMAID[node.kind]
        lines.append(f"  {node.identity}{opening}{_escaped(node.label)}{closing}")
    for edge in edges:
        arrow = f'-- "{_escaped(edge.label)}" -->' if edge.label else "-->"
        lines.append(f"  {edge.start} {arrow} {edge.end}")
    return "\n".join(lines)


def dot(nodes: list[Node], edges: list[Edge]) -> str:
    """Return a Graphviz digraph."""
    lines = ["digraph {", "  rankdir=LR;"]
    lines += [
        f"  {_quoted(node.identity)} [label={_quoted(node.label)}, shape={_DOT[node.kind]}];"
        for node in nodes
    ]
    for edge in edges:
        label = f" [label={_quoted(edge.label)}]" if edge.label else ""
        lines.append(f"  {_quoted(edge.start)} -> {_quoted(edge.end)}{label};")
    return "\n".join([*lines, "}"])


def _nodes(stack: Stack) -> Iterator[Node]:
    routed = any(process.routes and not process.internal for process in stack.processes)
    if routed or any(service.public for service in stack.backing_services):
        yield Node("internet", "internet", "outside")
    if any(process.routes and process.internal for process in stack.processes):
        yield Node("inside", "internal network", "outside")
    if stack.release:
        yield Node("release", "release", "process")
    for process in stack.processes:
        yield Node(_process(process.name), process.name, "process")
    for scheduled in stack.scheduled:
        yield Node(_process(scheduled.name), f"{scheduled.name}\n{scheduled.schedule}", "process")
    for service in stack.backing_services:
        how = "managed" if service.managed else service.engine
        yield Node(_service(service.name), f"{service.name}\n{service.type}: {how}", "service")


def _edges(stack: Stack) -> Iterator[Edge]:
    for process in stack.processes:
        origin = "inside" if process.internal else "internet"
        yield from (Edge(origin, _process(process.name), _route(route)) for route in process.routes)
    for service in stack.backing_services:
        yield from (Edge("internet", _service(service.name), f"TCP {port}") for port in service.public)
    parts = [part for variable in stack.env for part in variable.value]
    used = sorted({part.service for part in parts if isinstance(part, Reference)})
    runs: list[Process | ScheduledProcess] = [*stack.processes, *stack.scheduled]
    users = [*(["release"] if stack.release else []), *(_process(process.name) for process in runs)]
    yield from (Edge(user, _service(name)) for user in users for name in used)


def _process(name: str) -> str:
    return f"process_{name.replace('-', '_')}"


def _service(name: str) -> str:
    return f"service_{name.replace('-', '_')}"


def _route(route: Route) -> str:
    return route.host if route.path == "/" else route.host + route.path


def _escaped(text: str) -> str:
    """Return text as it may stand between Mermaid's quotes."""
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace("\n", "<br/>")


def _quoted(text: str) -> str:
    """Return text as a quoted identifier of the DOT language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
