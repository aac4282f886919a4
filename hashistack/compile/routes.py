"""Routes to Traefik's Consul catalog tags."""

from __future__ import annotations

from hashistack.model import Process, Route


def traefik_tags(app: str, process: Process) -> tuple[str, ...]:
    """Return the tags that put a process behind the ingress; none for a process without routes."""
    if not process.routes:
        return ()
    entry_point = "internal" if process.internal else "public"
    tags = ["traefik.enable=true"]
    for number, route in enumerate(process.routes):
        router = f"traefik.http.routers.{app}-{process.name}-{number}"
        tags += [
            f"{router}.rule={rule(route)}",
            f"{router}.priority={priority(route)}",
            f"{router}.entrypoints={entry_point}",
        ]
    return tuple(tags)


def rule(route: Route) -> str:
    """Return Traefik's rule: a path covers itself and what is below it, not every path that begins alike."""
    host = f"Host(`{route.host}`)"
    if route.path == "/":
        return host
    return f"{host} && (Path(`{route.path}`) || PathPrefix(`{route.path}/`))"


def priority(route: Route) -> int:
    """Return a priority by the length of the path: by default Traefik goes by the length of the whole rule."""
    return len(route.path)
