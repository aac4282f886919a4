"""Cron expressions: five fields, names of months and days, the usual macros, and no cron's extensions."""

from __future__ import annotations

import re
from dataclasses import dataclass

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SATURDAY = 6
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# What Nomad's parser (hashicorp/cronexpr) takes for other days: Sunday as 7, 01 and the like, Sunday as an end.
_MISREAD = re.compile(r"7|0[0-9]|-(0|SUN)")
_SIX_FIELDS = 6
_DIGITS = 2


class CronError(Exception):
    """Not a cron expression; says which field and why, `hint` what to write."""

    def __init__(self, why: str, hint: str) -> None:
        """Take the reason and what to write instead."""
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The last value of `*`, and the greatest step, as Nomad's parser has them; 7 is the other Sunday."""
        return _SATURDAY if self.names is _DAYS else self.high

    def allowed(self) -> str:
        names = f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
        values = f"the {self.name} can be {self.low} to {self.high}{names}"
        return f"{values}; *, lists 1,2, ranges 1-5 and steps */5 work"


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS),
)


def normalise(text: str) -> str:
    """Return `text` as five fields with one blank between them, macros written out; raises CronError."""
    if text.startswith("@"):
        if text not in MACROS:
            raise CronError("unknown macro", f"known: {', '.join(MACROS)}")
        return MACROS[text]
    fields = text.split()
    if len(fields) != len(_FIELDS):
        why = f"it has {len(fields)} field{'' if len(fields) == 1 else 's'} instead of 5"
        why += " (seconds and years are not supported)" if len(fields) >= _SIX_FIELDS else ""
        raise CronError(why, "five fields: minute hour day month weekday, for example 0 3 * * MON-FRI")
    days = [_values(field, spec) for field, spec in zip(fields, _FIELDS, strict=True)][4]
    fields[3], fields[4] = fields[3].upper(), fields[4].upper()
    if _MISREAD.search(fields[4]):
        fields[4] = ",".join(map(str, sorted({day % 7 for day in days})))
    return " ".join(fields)


def impossible(schedule: str) -> str:
    """Return why a normalised schedule never runs ("there is no day 30 in FEB"), or "" if it does."""
    _, _, day, month, weekday = schedule.split()
    # Cron runs on the day of the month or the day of the week if both are given.
    if weekday != "*" or day == "*":
        return ""
    first = min(_values(day, _FIELDS[2]))
    months = sorted(_values(month, _FIELDS[3]))
    if first <= max(_LONGEST[number - 1] for number in months):
        return ""
    return f"there is no day {first} in {' or '.join(_MONTHS[number - 1] for number in months)}"


def _values(text: str, field: _Field) -> set[int]:
    return set().union(*(_part(part, text, field) for part in text.split(",")))


def _part(part: str, text: str, field: _Field) -> set[int]:
    span, slash, step = part.partition("/")
    if slash and not (_is_number(step) and 1 <= int(step) <= field.last):
        why = f'the step "{step}" of the {field.name} is no number from 1 to {field.last}'
        raise CronError(why, field.allowed())
    if span == "*":
        low, high = field.low, field.last
    else:
        first, dash, last = span.partition("-")
        low = _number(first, text, field)
        high = _number(last, text, field) if dash else (max(low, field.last) if slash else low)
    if low > high:
        raise CronError(f'the range "{span}" of the {field.name} runs backwards', field.allowed())
    return set(range(low, high + 1, int(step) if slash else 1))


def _number(word: str, text: str, field: _Field) -> int:
    if word.upper() in field.names:
        return field.names.index(word.upper()) + field.low
    if _is_number(word) and field.low <= int(word) <= field.high:
        return int(word)
    raise CronError(f'"{word or text}" is no {field.name}', field.allowed())


def expand(schedule: str) -> tuple[frozenset[int], ...]:
    """Return the values that each field of a normalised schedule allows; Sunday is 0."""
    return tuple(
        frozenset(_values(text, field)) for field, text in zip(_FIELDS, schedule.split(), strict=True)
    )


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= _DIGITS
