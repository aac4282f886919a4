"""When a schedule fires next. Pure; the schedule is normalised and has been checked with the descriptor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hashistack.descriptor.cron import expand

_DAYS = 8 * 366  # from one 29 February to the next, over a century that has none


def next_run(schedule: str, timezone: str, after: datetime) -> datetime | None:
    """Return the first moment after `after` that the schedule names, in its time zone; None if there is none."""
    minutes, hours, days, months, weekdays = expand(schedule)
    either = (
        "*" not in schedule.split()[2::2]
    )  # cron's rule: if both kinds of day are limited, one of them is enough
    zone = ZoneInfo(timezone)
    start = after.astimezone(zone)
    for offset in range(_DAYS):
        day = start.date() + timedelta(days=offset)
        hits = (day.day in days, day.isoweekday() % 7 in weekdays)
        if day.month not in months or not (any(hits) if either else all(hits)):
            continue
        for minute_of_day in sorted(hour * 60 + minute for hour in hours for minute in minutes):
            moment = datetime(day.year, day.month, day.day, *divmod(minute_of_day, 60), tzinfo=zone)
            if moment > start and _exists(moment):
                return moment
    return None


def _exists(moment: datetime) -> bool:
    """Tell whether a clock shows this time: in spring an hour is left out, and what comes back from UTC is another."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(fold=0) == moment
