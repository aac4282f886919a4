"""Routes to Traefik's Consul catalog tags."""

from __future__ import annotations

from hashistack.model import Process, Route

# Another instance is tried when one fails, until Consul has noticed and no request goes there any more; for some
# seconds, so that instances which start again at the same time are waited for. Traefik does so while nothing of a
# request was sent; and after a 502, which is a connection that broke, for methods that may be repeated (RFC 9110,
# 9.2.2) and bodies that are small enough to be kept. POST is never sent twice.
_RETRY = {
    "attempts": "10",
    "initialinterval": "300ms",
    "timeout": "5s",
    "status": "502",
    "maxrequestbodybytes": "65536",
}


def traefik_tags(app: str, process: Process) -> tuple[str, ...]:
    """Return the tags that put a process behind the ingress; none for a process without routes."""
    if not process.routes:
        return ()
    name = f"{app}-{process.name}"
    retry = f"traefik.http.middlewares.{name}.retry"
    tags = ["traefik.enable=true", *(f"{retry}.{option}={value}" for option, value in _RETRY.items())]
    for number, route in enumerate(process.routes):
        router = f"traefik.http.routers.{name}-{number}"
        tags += [
            f"{router}.rule={rule(route)}",
            f"{router}.priority={priority(route)}",
            f"{router}.middlewares={name}",
        ]
        # Without the tag a router answers on the ingress's default entry points: those for the public.
        tags += [f"{router}.entrypoints=internal"] if process.internal else []
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
