"""The reference page of the descriptor, one table for each mapping."""

from __future__ import annotations

from collections.abc import Iterator

from hashistack.descriptor.export.wording import default_value, type_text
from hashistack.descriptor.schema import APP_KEYS, ROOT
from hashistack.descriptor.schema_services import NODES, OUTPUTS
from hashistack.descriptor.schema_targets import TARGET_KEYS
from hashistack.descriptor.types import Key, ListOf, MapOf, Record, Type

_INTRODUCTION = """\
# The descriptor: every key

<!-- Generated from hashistack/descriptor/schema.py by `make docs`; edit the schema, not this page. -->

`hashistack docs KEY` prints what this page says about one key. For completion and checks in an editor, write
the JSON Schema beside the descriptor

    hashistack schema > hashistack.schema.json

and as the first line of `hashistack.yaml`

    # yaml-language-server: $schema=hashistack.schema.json

`*` stands for a name that you choose. The file is YAML 1.2: `on`, `22:22` and `1_000` are text, `012` is
twelve; a key can be there once; there are no merge keys (`<<`).

Without `environments` there is one environment: `local`, with target local.
"""

_OVERRIDES = """\
An environment may also have the keys
{keys}
of the top level. Mappings are merged key by key, lists and single values are replaced. A short form means its
long form: `scale: 1` sets `min` and `max`. Processes and backing services must be at the top level to be
overridden.

A host in `routes` is written for the environment that has its domain. In one with another `domain` the
longest domain that any environment declares is replaced by it, unless that environment overrides the routes.
"""


def reference() -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION, *_sections("", ROOT), _services()]
    return "\n".join(parts)


def sections(record: Record, prefix: str = "") -> Iterator[tuple[str, dict[str, Key]]]:
    """Yield the path and the keys of every mapping, outer ones first; overrides are left out."""
    keys = TARGET_KEYS if record.title == "environment" else record.keys
    yield prefix, keys
    for name, key in keys.items():
        below, inner = inner_record(f"{prefix}.{name}" if prefix else name, key.type)
        if inner is not None:
            yield from sections(inner, below)


def inner_record(path: str, kind: Type) -> tuple[str, Record | None]:
    """Return the record that a value of `kind` consists of, and its path."""
    match kind:
        case Record():
            return path, kind
        case MapOf():
            return inner_record(f"{path}.*", kind.value)
        case ListOf():
            return inner_record(f"{path}[]", kind.item)
    return path, None


def _sections(prefix: str, record: Record) -> Iterator[str]:
    for path, keys in sections(record, prefix):
        yield _table(path, keys)
        if path == "environments.*":
            yield _OVERRIDES.format(keys=", ".join(f"`{name}`" for name in APP_KEYS))


def _table(path: str, keys: dict[str, Key]) -> str:
    title = f"## `{path}`" if path else "## Top level"
    rows = [f"{title}\n", "| key | meaning | value | default | example |", "|---|---|---|---|---|"]
    for name, key in keys.items():
        meaning = key.says + (f" Only for target {' and '.join(key.targets)}." if key.targets else "")
        unit = f" ({key.unit})" if key.unit else ""
        default = "**required**" if key.required else default_value(key)
        cells = (f"`{name}`", meaning, type_text(key.type) + unit, default, f"`{key.example}`")
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows) + "\n"


def _services() -> str:
    rows = ["## Types of backing services\n", "| type | outputs: `${name.output}` | nodes |", "|---|---|---|"]
    for kind, outputs in OUTPUTS.items():
        rows.append(f"| {kind} | {', '.join(f'`{output}`' for output in outputs)} | {_either(NODES[kind])} |")
    return "\n".join(rows) + "\n"


def _either(numbers: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} or {numbers[-1]}"
