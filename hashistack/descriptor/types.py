"""The vocabulary of the schema: what a value may be.

Each type says its own name in messages (`expected`) and is read by the checker, the JSON Schema and the
reference page alike; none of them knows a key that is not in the schema. Named tuples, because making
eleven dataclasses takes longer than checking a descriptor, and every command pays for it.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

_TIB = 1024 * 1024  # in MiB, the unit of sizes
_DURATIONS = {"s?": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class Text(NamedTuple):
    """Text; `pattern` is a whole-text regular expression that JSON Schema understands, too.

    `form` names a parser in `forms.py` for what no pattern can say; `scalars` lets numbers and booleans
    in, kept as they were written; `limit` is the greatest number of characters.
    """

    expected: str = "text"
    pattern: str = ""
    form: str = ""
    scalars: bool = False
    empty: bool = False
    limit: int = 0
    example: str = ""


class Integer(NamedTuple):
    """A whole number between `low` and `high`, both allowed."""

    low: int
    high: int
    expected: str = "a number"


class Boolean(NamedTuple):
    """true or false."""

    expected: str = "true or false"


class Share(NamedTuple):
    """A percentage, as a number from 0 to 100; true is all of it and false is none."""

    expected: str = "true, false or a percentage"


class Size(NamedTuple):
    """An amount of memory or disk in MiB, from `low`, a power of ten below a GiB, to `high`, a whole TiB."""

    low: int
    high: int = 1024 * _TIB
    expected: str = "a size such as 512MiB or 20GiB"

    @property
    def pattern(self) -> str:
        """The form of a size in text, exact at both ends."""
        mebi, gibi = _numbers(self.low, self.high), _numbers(1, self.high // 1024)
        return rf"^(({mebi})(MiB)?|({gibi})GiB|({_numbers(1, self.high // _TIB)})TiB)$"


class Duration(NamedTuple):
    """A time span in seconds, from one to `high`, a whole number of days."""

    high: int = 24 * 3600
    expected: str = "a duration such as 10s, 5m or 1h"

    @property
    def pattern(self) -> str:
        """The form of a duration in text, exact at both ends."""
        units = "|".join(f"({_numbers(1, self.high // size)}){unit}" for unit, size in _DURATIONS.items())
        return f"^({units})$"


class Choice(NamedTuple):
    """One of a few words."""

    options: tuple[str, ...]
    expected: str = "one word of a few"


class ListOf(NamedTuple):
    """A list of different items; `least` is the smallest number, `single` lets one item stand for a list of it."""

    item: Type
    least: int = 0
    single: bool = False
    expected: str = "a list"


class MapOf(NamedTuple):
    """A mapping whose keys are names that the user chooses.

    `listed` lets a list of names stand for a mapping in which nothing else is said of them.
    """

    name: Text
    value: Type
    least: int = 0
    listed: bool = False
    expected: str = "a mapping"


class Record(NamedTuple):
    """A mapping with fixed keys; a value that is no mapping stands for the keys in `short`."""

    title: str
    keys: dict[str, Key]
    short: tuple[str, ...] = ()
    expected: str = "a mapping"


Type = Text | Integer | Boolean | Share | Size | Duration | Choice | ListOf | MapOf | Record


class Key(NamedTuple):
    """One key: what it is for (`says`, one sentence), its type, default and unit.

    `default` is None where there is none or where `default_says` explains it. `example` is YAML.
    `targets` are the targets that know the key (all if empty); `also` are names other tools use for it.
    """

    type: Type
    says: str
    default: object = None
    default_says: str = ""
    unit: str = ""
    example: str = ""
    required: bool = False
    targets: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@cache
def _numbers(low: int, high: int) -> str:
    """Return a regular expression for the numbers from `low`, a power of ten, to `high`."""
    digits = str(high)
    last = len(digits) - 1
    ranges = [f"[1-9][0-9]{{{len(str(low)) - 1},{last - 1}}}"] if last else []
    for place, digit in enumerate(map(int, digits)):
        least = 0 if place else 1
        if digit > least:
            ranges.append(f"{digits[:place]}[{least}-{digit - 1}][0-9]{{{last - place}}}")
    return "|".join([*ranges, digits])


def partial(kind: Type) -> Type:
    """Return `kind` as an environment may override it: the same keys, none of them required."""
    match kind:
        case Record():
            keys = {
                name: key._replace(type=partial(key.type), required=False) for name, key in kind.keys.items()
            }
            return kind._replace(title=f"{kind.title} override", keys=keys)
        case MapOf():
            return kind._replace(value=partial(kind.value), least=0)
    return kind
