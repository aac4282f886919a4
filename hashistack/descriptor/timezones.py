"""Names of time zones, from the system's database or, where there is none, from the `tzdata` package."""

from __future__ import annotations

import zoneinfo

from hashistack.descriptor.suggest import closest

# What people write, and the zone they mean.
_USUAL = {
    "cet": "Europe/Berlin",
    "pst": "America/Los_Angeles",
    "est": "America/New_York",
    "gmt": "UTC",
    "z": "UTC",
    "utc": "UTC",
}


def exists(name: str) -> bool:
    """Tell whether `name` is a time zone; on a machine without any database every name is taken on trust."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # Listing them all takes long, so only now.
        return not zoneinfo.available_timezones()
    return True


def suggest(name: str) -> str:
    """Return the zone that `name` most likely means, or ""."""
    if usual := _USUAL.get(name.lower()):
        return usual
    known = sorted(zoneinfo.available_timezones())
    city = name.rsplit("/", 1)[-1].lower().replace(" ", "_")
    return next((zone for zone in known if zone.lower().endswith(f"/{city}")), "") or closest(name, known)
