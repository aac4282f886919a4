"""Read the texts that have a grammar of their own: images, routes, paths, variables, schedules, time zones.

A parser takes the text and its dotted path and returns a value, or raises RejectedError with the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hashistack.descriptor.names import VARIABLE
from hashistack.descriptor.suggest import shorten
from hashistack.diagnostics import Diagnostic
from hashistack.messages import descriptor_meaning as messages
from hashistack.messages import descriptor_secrets
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
# What a path may hold, RFC 3986 section 3.3; braces, which Nomad fills in, and backticks are not among it.
_SEGMENT = r"([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*"
_PATH = rf"(/{_SEGMENT})+"
# Not two slashes first: the client that makes the request takes what follows for a host.
_REQUEST = rf"/(?!/)({_SEGMENT}[/?])*{_SEGMENT}"
# Even where no database can tell, a zone holds nothing that Nomad would fill in.
_ZONE = r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*"
# An escape, a whole `${...}`, or one without its end as far as the next blank.
_MARK = re.compile(r"\$\$\{|\$\{[^}]*\}|\$\{\S*")
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
    raise RejectedError(messages.bad_image(path, shorten(text), _why_no_image(text)))


def fixed_image(text: str, path: str) -> str:
    """Read an image that names its version, so that every node runs the same."""
    found = image(text, path)
    if found.tag is None and found.digest is None:
        raise RejectedError(messages.bad_image(path, shorten(text), "it has neither a tag nor a digest"))
    return text


def _why_no_image(text: str) -> str:
    if "://" in text:
        return "an image has no scheme"
    if text != text.strip() or " " in text:
        return "an image has no blanks"
    name, _, digest = text.partition("@")
    if digest:
        return "a digest is sha256: and 64 hexadecimal digits"
    if name.lower() != name:
        return "its name must be in lower case"
    if name.endswith((":", "/")):
        return f"something is missing after the {name[-1]}"
    return "it has characters that an image cannot have"


def route(text: str, path: str) -> Route:
    """Read host, host/path or /path; the host is empty in the last case, a trailing slash is dropped."""
    host, slash, rest = text.partition("/")
    if host and not (_is_host(host) and "://" not in text):
        raise RejectedError(messages.bad_route(path, shorten(text), *_why_no_host(text, host)))
    return Route(host, _clean_path(text, slash + rest, path))


def _why_no_host(text: str, host: str) -> tuple[str, str]:
    """Return why `host` cannot be one, and the route to write instead, if one can be guessed."""
    if "*" in host:
        better = _tidy_route(text.replace("*", "www", 1))
        return "a wildcard is not supported", f"a route for each host, for example {better}" if better else ""
    faults = (
        ("://" in text, "a route has no scheme"),
        (":" in host, "a route has no port"),
        (host != host.lower(), "a host must be in lower case"),
        ("_" in host, "a host has no underscore"),
        (not host.isascii(), "a host outside of ASCII must be in its xn-- form"),
        (host.endswith("."), "a route has no dot at the end of its host"),
    )
    return next((why for wrong, why in faults if wrong), "this is no host name"), _tidy_route(text)


def _tidy_route(text: str) -> str:
    """Return the route that `text` most likely means, or "" if nothing valid is near."""
    host, slash, rest = text.split("://", 1)[-1].partition("/")
    host = _idna(host.split(":", 1)[0].lower().replace("_", "-").rstrip("."))
    path = re.split("[?#]", slash + rest, maxsplit=1)[0]
    return host + path if (not host or _is_host(host)) and (not path or _is_path(path)) else ""


def _is_host(text: str) -> bool:
    return len(text) <= _MAX_HOST and re.fullmatch(_HOST, text) is not None


def _is_path(text: str) -> bool:
    return re.fullmatch(_PATH, text) is not None and not {".", ".."} & set(text.split("/"))


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
    if "?" in rest or "#" in rest:
        raise RejectedError(
            messages.bad_route(path, shorten(text), "a route has no query", _tidy_route(text))
        )
    if not _is_path(clean):
        why = "its path has characters that need percent-encoding"
        if re.fullmatch(_PATH, clean):
            why = "a path has no . or .. in it"
        raise RejectedError(messages.bad_route(path, shorten(text), why, ""))
    return clean


def request_path(text: str, path: str) -> str:
    """Read the path of a health check, with or without a query."""
    if re.fullmatch(_REQUEST, text):
        return text
    if not text.startswith("/"):
        why, better = (
            "a path must begin with /",
            text.split("://", 1)[-1].partition("/")[2] if "://" in text else text,
        )
    elif text.startswith("//"):
        why, better = "a path must begin with one /", text.lstrip("/")
    else:
        why, better = "it has characters that need percent-encoding", ""
    better = f"/{better}" if better and re.fullmatch(_REQUEST, f"/{better}") else ""
    raise RejectedError(messages.bad_path(path, shorten(text), why, better))


def secret(text: str, path: str) -> str:
    """Read the name of a secret where somebody may have written the secret itself."""
    if re.fullmatch(VARIABLE.pattern, text):
        return text
    raise RejectedError(descriptor_secrets.password_not_secret(path, ()))


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
            raise RejectedError(messages.bad_reference(path, shorten(match.group())))
    literal += text[end:]
    return (*parts, literal) if literal else tuple(parts)


def schedule(text: str, path: str) -> str:
    """Read a cron expression; the result has five fields that Nomad reads as they are meant."""
    from hashistack.descriptor import cron  # most descriptors have no schedule

    try:
        return cron.normalise(text)
    except cron.CronError as error:
        raise RejectedError(messages.bad_schedule(path, shorten(text), str(error), error.hint)) from None


def timezone(text: str, path: str) -> str:
    """Read the name of a time zone."""
    if text == "UTC":
        return text
    from hashistack.descriptor import timezones  # zoneinfo is slow to import

    if re.fullmatch(_ZONE, text) and timezones.exists(text):
        return text
    raise RejectedError(messages.unknown_timezone(path, shorten(text), timezones.suggest(text)))


PARSERS: dict[str, Callable[[str, str], object]] = {
    "image": image,
    "fixed image": fixed_image,
    "route": route,
    "path": request_path,
    "secret": secret,
    "variable": variable,
    "schedule": schedule,
    "timezone": timezone,
}
