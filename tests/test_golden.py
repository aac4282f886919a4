"""Golden folders: one descriptor, one feature, and every file that comes out of it.

`--update-golden` writes what comes out now; read the diff before you commit it.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hashistack import pipeline

CASES = sorted(path.parent for path in Path(__file__).parent.glob("golden/*/hashistack.yaml"))


def rendered(text: bytes) -> dict[str, str]:
    """Render a descriptor in memory: path to content, and the notices as one more file."""
    application = pipeline.load(text, "hashistack.yaml")
    built = pipeline.build(application)
    # What is copied as it is would be the same in every case; tests/unit/render sees that it arrives whole.
    files = {file.path: file.content.decode() for file in built.files if file.template.endswith(".j2")}
    notices = sorted({f"{notice.code} {notice.path}: {notice.summary}\n" for notice in built.notices})
    return files | ({"notices.txt": "".join(notices)} if notices else {})


def on_disk(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def jobs(folder: Path) -> dict[str, str]:
    return {path: text for path, text in on_disk(folder).items() if path.startswith("jobs/")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_comes_out(case: Path, request: pytest.FixtureRequest) -> None:
    files = rendered((case / "hashistack.yaml").read_bytes())
    expected = case / "expected"
    if request.config.getoption("--update-golden"):
        write(expected, files)
    assert files == on_disk(expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_order_of_keys_does_not_matter(case: Path) -> None:
    text = (case / "hashistack.yaml").read_bytes()
    shuffled = yaml.safe_dump(turned_round(yaml.safe_load(text)), sort_keys=False, allow_unicode=True)
    assert shuffled.encode() != text
    assert rendered(shuffled.encode()) == rendered(text)


@pytest.mark.parametrize("pair", ["production-factory", "production-laptop"])
def test_two_targets_differ_only_in_what_the_descriptor_says(
    pair: str, request: pytest.FixtureRequest
) -> None:
    case = Path(__file__).parent / "golden" / "three-targets"
    one, other = pair.split("-")
    diff = difference(jobs(case / "expected" / one), jobs(case / "expected" / other))
    expected = case / f"{pair}.diff"
    if request.config.getoption("--update-golden"):
        expected.write_text(diff)
    assert diff == expected.read_text()


def difference(one: dict[str, str], other: dict[str, str]) -> str:
    """Return what `diff -r -U0` would show, file by file."""
    lines: list[str] = []
    for path in sorted({*one, *other}):
        before, after = (files.get(path, "").splitlines(keepends=True) for files in (one, other))
        lines += difflib.unified_diff(before, after, path, path, n=0)
    return "".join(lines)


def turned_round(value: Any) -> Any:
    """Return the same document with every mapping's keys in reverse order; lists keep theirs."""
    if isinstance(value, dict):
        return {key: turned_round(value[key]) for key in reversed(value)}
    return [turned_round(item) for item in value] if isinstance(value, list) else value


def write(folder: Path, files: dict[str, str]) -> None:
    for path in on_disk(folder) if folder.is_dir() else ():
        (folder / path).unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
