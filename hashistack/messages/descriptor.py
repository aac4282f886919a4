"""Every wording about the shape of a descriptor: what the file is, what each key may hold (HS1xx).

`descriptor_meaning.py` has HS2xx. Each function makes one code; `load.py` adds the place and the source line.
"""

from __future__ import annotations

from collections.abc import Iterable

from hashistack.diagnostics import Diagnostic


def unknown_key(path: str, key: str, meant: str, known: Iterable[str], elsewhere: str) -> Diagnostic:
    """`key` is not in the schema; `meant` is the likely key, `elsewhere` where a key of this name belongs."""
    if meant:
        hint = f"did you mean `{meant}`?"
    elif elsewhere:
        hint = f"`{key}` belongs at {elsewhere}"
    else:
        hint = f"known here: {', '.join(known)}"
    return Diagnostic("HS101", f'unknown key "{key}"', path, hint)


def missing_key(path: str, key: str, says: str, example: str) -> Diagnostic:
    """A required key is not there."""
    return Diagnostic(
        "HS102",
        f"`{key}` is missing",
        path,
        f"write `{key}: {example}`; {says[0].lower()}{says[1:].rstrip('.')}",
    )


def wrong_type(path: str, expected: str, got: str, hint: str) -> Diagnostic:
    """A mapping, list or text was expected and something else is there."""
    return Diagnostic("HS103", f"should be {expected}, got {got}", path, hint)


def wrong_number(path: str, span: tuple[int, int], got: str, unquoted: str, example: str) -> Diagnostic:
    """Not a whole number, or out of range; `unquoted` is the number if only its quotes are wrong."""
    hint = f"write {unquoted}, without quotes" if unquoted else f"write a number, for example {example}"
    return Diagnostic("HS104", f"should be a number from {span[0]} to {span[1]}, got {got}", path, hint)


def wrong_choice(path: str, options: tuple[str, ...], got: str, meant: str) -> Diagnostic:
    """Not one of the words that are possible here."""
    hint = f"did you mean `{meant}`?" if meant else "choose one of them"
    return Diagnostic("HS105", f"should be {_either(options)}, got {got}", path, hint)


def nothing_overrides(path: str, expected: str) -> Diagnostic:
    """An environment sets a key of the app to null."""
    instead = {
        "processes": "`scale: 0` switches a process off",
        "backing_services": "all environments have the same backing services",
    }.get(path.split(".")[2], "what only some environments need is written in those, not at the top")
    hint = f"an environment can change a key but not remove it; {instead}"
    return wrong_type(path, expected, "nothing", hint)


def wrong_size(path: str, got: str, span: tuple[int, int]) -> Diagnostic:
    """Not a size, too small or too large; `span` in MiB."""
    summary = f"should be a size from {span[0]}MiB to {span[1] // 1024**2}TiB, got {got}"
    return Diagnostic(
        "HS106", summary, path, "write MiB as a number, or a number with its unit: 512, 512MiB, 20GiB, 1TiB"
    )


def wrong_duration(path: str, got: str, high: int) -> Diagnostic:
    """Not a duration, or too long; `high` in seconds."""
    return Diagnostic(
        "HS107",
        f"should be a duration from 1s to {high // 3600}h, got {got}",
        path,
        "write seconds as a number, or 10s, 5m, 1h",
    )


def wrong_text(path: str, expected: str, got: str, better: str, example: str) -> Diagnostic:
    """Text that does not have the form it needs; `better` is what was probably meant."""
    hint = f"write {better}" if better else f"for example {example}" if example else ""
    return Diagnostic("HS108", f"should be {expected}, got {got}", path, hint)


def too_long(path: str, length: int, limit: int) -> Diagnostic:
    """Text or a name that has too many characters."""
    return Diagnostic("HS109", f"should have at most {limit} characters, got {length}", path, "shorten it")


def repeated_item(path: str, got: str) -> Diagnostic:
    """The same item twice in a list."""
    return Diagnostic("HS110", f"{got} is in the list twice", path, "remove one of them")


def too_few(path: str, what: str) -> Diagnostic:
    """An empty list or mapping where at least one entry is needed; `what` is "a list" or "a mapping"."""
    return Diagnostic(
        "HS111", f"should be {what} with at least one entry, got an empty one", path, "add an entry"
    )


def file_too_large(limit: int) -> Diagnostic:
    """The file is too large to be a descriptor; `limit` in bytes."""
    summary = f"the file has more than {limit:,} bytes"
    return Diagnostic("HS120", summary, hint="a descriptor is a page or two; is this the right file?")


def not_utf8(byte: int) -> Diagnostic:
    """A byte that is not UTF-8."""
    return Diagnostic(
        "HS121", f"not UTF-8: unexpected byte 0x{byte:02x}", hint="save the file with the encoding UTF-8"
    )


def control_character(character: str) -> Diagnostic:
    """A character that YAML does not allow."""
    code = ord(character)
    hint = f'remove it, or write it as an escape in double quotes: "\\u{code:04x}"'
    return Diagnostic("HS122", f"control character U+{code:04X} is not allowed in YAML", hint=hint)


def tab() -> Diagnostic:
    """A tab where YAML counts columns."""
    return Diagnostic("HS123", "a tab cannot indent in YAML", hint="indent with spaces, two for each level")


def surrogates(character: str) -> Diagnostic:
    """Two escapes for one character, which JSON has and YAML has not."""
    hint = f"write {character} itself, or as one escape: \\U{ord(character):08x}"
    return Diagnostic("HS124", "not valid YAML: a character is written as two escapes", hint=hint)


def syntax(problem: str, source: str, rest: str, opened: int) -> Diagnostic:
    """Text that is not YAML, with the mistakes that people make explained.

    `problem` is the parser's word, `source` the line, `rest` its end from the mistake on, `opened` the number
    of the line in which the broken list, mapping or text begins.
    """
    first = rest[:1]
    if first and first in "*&@`%":
        value = rest.rstrip("}], ")
        return Diagnostic(
            "HS124", f"not valid YAML: text cannot begin with {first}", hint=f'write it in quotes: "{value}"'
        )
    return Diagnostic("HS124", f"not valid YAML: {problem}", hint=_syntax_hint(problem, source, opened))


def several_documents() -> Diagnostic:
    """A second YAML document."""
    return Diagnostic(
        "HS125",
        "a second document begins here",
        hint="one file describes one app: remove the `---`, or use two files",
    )


def empty_file() -> Diagnostic:
    """Nothing but blanks and comments."""
    return Diagnostic("HS126", "the file is empty", hint="`hashistack init` writes a first descriptor")


def duplicate_key(path: str, key: str, first: int) -> Diagnostic:
    """The same key twice in one mapping; `first` is the line of the first."""
    return Diagnostic(
        "HS127",
        f'"{key}" is already in line {first}',
        path,
        "a key can be there once: merge the two or remove one",
    )


def merge_key(path: str) -> Diagnostic:
    """The merge key of YAML 1.1."""
    hint = "write the keys out, or use an alias for a whole value: `env: *common`"
    return Diagnostic("HS128", "merge keys (`<<`) are not part of YAML 1.2", path, hint)


def tag(path: str, name: str) -> Diagnostic:
    """An explicit type, such as `!!int` or `!include`."""
    short = name.replace("tag:yaml.org,2002:", "!!")
    return Diagnostic(
        "HS129", f"the tag {short} is not supported", path, "remove it: the schema knows the type"
    )


def unknown_alias(path: str, name: str, known: list[str]) -> Diagnostic:
    """An alias without its anchor."""
    hint = (
        f"known: {', '.join(f'*{anchor}' for anchor in known)}"
        if known
        else f'text that begins with * needs quotes: "*{name}"'
    )
    return Diagnostic("HS130", f"no anchor &{name} comes before the alias *{name}", path, hint)


def alias_cycle(path: str, name: str) -> Diagnostic:
    """An alias inside of what it stands for."""
    return Diagnostic("HS131", f"the alias *{name} contains itself", path, "write the value out")


def too_many_nodes(limit: int) -> Diagnostic:
    """More values than a descriptor can have, aliases counted as if written out."""
    return Diagnostic(
        "HS132",
        f"more than {limit:,} values, aliases counted",
        hint="remove the aliases that repeat each other",
    )


def too_deep(limit: int) -> Diagnostic:
    """Nested too deep."""
    return Diagnostic("HS133", f"nested deeper than {limit} levels", hint="is a bracket missing its end?")


def key_not_text(path: str) -> Diagnostic:
    """A list, a mapping or an alias as a key."""
    return Diagnostic("HS134", "a key should be text", path, "text that begins with {, [ or * needs quotes")


def _either(options: tuple[str, ...]) -> str:
    return options[0] if len(options) == 1 else f"{', '.join(options[:-1])} or {options[-1]}"


def _syntax_hint(problem: str, source: str, opened: int) -> str:
    if "mapping values are not allowed" in problem:
        return "text with `: ` in it needs quotes; or the line is indented too far"
    if "${" in source and "{" in source.split("${", 1)[0]:
        return 'inside of { } a reference needs quotes: {URL: "${db.url}"}'
    if "expected ',' or" in problem:
        missing = f"a comma or the closing bracket of line {opened} is missing"
        return f"{missing}, or text with {{ }} [ ] , in it needs quotes"
    if "escape" in problem:
        return r"in double quotes a backslash begins an escape: write \\ for a backslash"
    if "end of stream" in problem:
        return "the closing quote is missing"
    return "check the indentation and the quotes of this line and the one above"
