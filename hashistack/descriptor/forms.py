"""Read the texts that have a grammar of their own: images, routes, paths, variables, schedules, time zones.

A parser takes the text and its dotted path and returns a value, or raises RejectedError with the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hashistack.descriptor.names import VARIABLE
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor_meaning as messages
from hashistack.model import Image, Reference, Route

# The grammar of github.com/distribution/reference; a dot, a port or "localhost" makes it a registry's host.
_IMAGE = (
    r"(?P<name>(?:(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?|[A-Za-z0-9-]+:[0-9]+|localhost)/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*"
_MAX_HOST = 253
# What a path may hold, RFC 3986 section 3.3.
_PATH = r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+"
_MARK = re.compile(r"\$\$\{|\$\{[^}\s]*\}?")
_REFERENCE = r"\$\{([a-z][a-z0-9-]*)\.([a-z_]+)\}"


class RejectedError(Exception):
    """The text has no meaning; carries the message."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Take the message to show."""
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


def image(text: str, path: str) -> Image:
    """Read name[:tag][@sha256:digest]."""
    if match := re.fullmatch(_IMAGE, text):
        return Image(match["name"], match["tag"], match["digest"])
    raise RejectedError(messages.bad_image(path, text, _why_no_image(text)))


def _why_no_image(text: str) -> str:
    if "://" in text:
        return "it has no scheme"
    if text != text.strip() or " " in text:
        return "it has no blanks"
    name, _, digest = text.partition("@")
    if digest:
        return "a digest is sha256: and 64 hexadecimal digits"
    if name.lower() != name:
        return "its name is in lower case"
    if name.endswith((":", "/")):
        return f"something is missing after the {name[-1]}"
    return "it has characters that an image cannot have"


def route(text: str, path: str) -> Route:
    """Read host, host/path or /path; the host is empty in the last case, a trailing slash is dropped."""
    host, slash, rest = text.partition("/")
    if host and not (re.fullmatch(_HOST, host) and len(host) <= _MAX_HOST and "://" not in text):
        raise RejectedError(messages.bad_route(path, text, *_why_no_host(text, host, slash + rest)))
    return Route(host, _clean_path(text, slash + rest, path))


def _why_no_host(text: str, host: str, rest: str) -> tuple[str, str]:
    """Return why `host` cannot be one, and the route to write instead, if one can be guessed."""
    bare = host.split(":", 1)[0]
    faults = (
        ("://" in text, "it has no scheme", text.split("://", 1)[-1]),
        (
            "*" in host,
            "a wildcard is not supported",
            f"a route for each host, for example {host.replace('*', 'www')}",
        ),
        (":" in host, "it has no port", bare + rest),
        (host != host.lower(), "a host is in lower case", host.lower() + rest),
        ("_" in host, "a host has no underscore", host.replace("_", "-") + rest),
        (not host.isascii(), "a host outside of ASCII is written in its xn-- form", _idna(host) + rest),
        (host.endswith("."), "it has no dot at the end", host.rstrip(".") + rest),
    )
    return next(((why, better) for wrong, why, better in faults if wrong), ("this is no host name", ""))


def _idna(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _clean_path(text: str, rest: str, path: str) -> str:
    if not rest:
        return "/"
    clean = re.sub("/+", "/", rest).rstrip("/") or "/"
    better = text[: len(text) - len(rest)] + re.split("[?#]", clean, maxsplit=1)[0]
    if not re.fullmatch(_PATH, clean):
        why = (
            "it has no query"
            if "?" in rest or "#" in rest
            else "its path has characters that need percent-encoding"
        )
        raise RejectedError(messages.bad_route(path, text, why, better if "no query" in why else ""))
    if any(part in (".", "..") for part in clean.split("/")):
        raise RejectedError(messages.bad_route(path, text, "a path has no . or .. in it", ""))
    return clean


def request_path(text: str, path: str) -> str:
    """Read the path of a health check, with or without a query."""
    if not text.startswith("/"):
        better = "/" + text.split("://", 1)[-1].partition("/")[2] if "://" in text else f"/{text}"
        raise RejectedError(messages.bad_path(path, text, "it begins with /", better))
    if not text.isascii() or not text.isprintable() or " " in text:
        raise RejectedError(
            messages.bad_path(
                path, text, "it has characters that need percent-encoding", "/health, for example"
            )
        )
    return text


def secret(text: str, path: str) -> str:
    """Read the name of a secret where somebody may have written the secret itself."""
    if re.fullmatch(VARIABLE.pattern, text):
        return text
    raise RejectedError(messages.password_not_secret(path, ()))


def variable(text: str, path: str) -> tuple[str | Reference, ...]:
    """Split the value of a variable into literal text and references."""
    if "${" not in text:
        return (text,)
    parts: list[str | Reference] = []
    literal, end = "", 0
    for match in _MARK.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match.group() == "$${":
            literal += "${"
        elif reference := re.fullmatch(_REFERENCE, match.group()):
            parts += (
                [literal, Reference(reference[1], reference[2])]
                if literal
                else [Reference(reference[1], reference[2])]
            )
            literal = ""
        else:
            raise RejectedError(messages.bad_reference(path, match.group()))
    literal += text[end:]
    return (*parts, literal) if literal else tuple(parts)


def schedule(text: str, path: str) -> str:
    """Read a cron expression; the result has five fields that Nomad reads as they are meant."""
    from hashistack.descriptor import cron  # most descriptors have no schedule

    try:
        return cron.normalise(text)
    except cron.CronError as error:
        raise RejectedError(messages.bad_schedule(path, text, str(error), error.hint)) from None


def timezone(text: str, path: str) -> str:
    """Read the name of a time zone."""
    if text == "UTC":
        return text
    from hashistack.descriptor import timezones  # zoneinfo is slow to import

    if timezones.exists(text):
        return text
    raise RejectedError(messages.unknown_timezone(path, text, timezones.suggest(text)))


PARSERS: dict[str, Callable[[str, str], object]] = {
    "image": image,
    "route": route,
    "path": request_path,
    "secret": secret,
    "variable": variable,
    "schedule": schedule,
    "timezone": timezone,
}
