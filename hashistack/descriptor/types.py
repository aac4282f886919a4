"""The vocabulary of the schema: what a value may be.

Each type says its own name in messages (`expected`) and is read by the checker, the JSON Schema and the
reference page alike; none of them knows a key that is not in the schema. Named tuples, because making
eleven dataclasses takes longer than checking a descriptor, and every command pays for it.
"""

from __future__ import annotations

from typing import NamedTuple


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


class Size(NamedTuple):
    """An amount of memory or disk, in MiB; at least `low`, which is a power of ten."""

    low: int
    expected: str = "a size such as 512MiB or 20GiB"

    @property
    def pattern(self) -> str:
        """The form of a size in text; exact because `low` is a power of ten and below a GiB."""
        return rf"^([1-9][0-9]{{{len(str(self.low)) - 1},8}}(MiB)?|[1-9][0-9]{{0,8}}(GiB|TiB))$"


class Duration(NamedTuple):
    """A time span, in seconds; at least one."""

    expected: str = "a duration such as 10s, 5m or 1h"
    pattern: str = r"^[1-9][0-9]{0,8}(s|m|h)?$"


class Choice(NamedTuple):
    """One of a few words."""

    options: tuple[str, ...]
    expected: str = "one word of a few"


class ListOf(NamedTuple):
    """A list of different items; `least` is the smallest number of them."""

    item: Type
    least: int = 0
    expected: str = "a list"


class MapOf(NamedTuple):
    """A mapping whose keys are names that the user chooses."""

    name: Text
    value: Type
    least: int = 0
    expected: str = "a mapping"


class Record(NamedTuple):
    """A mapping with fixed keys; a value that is no mapping stands for the keys in `short`."""

    title: str
    keys: dict[str, Key]
    short: tuple[str, ...] = ()
    expected: str = "a mapping"


Type = Text | Integer | Boolean | Size | Duration | Choice | ListOf | MapOf | Record


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
