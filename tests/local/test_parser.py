"""What we write, read by Nomad's own parser and formatter."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashistack.render.align import align
from hashistack.render.hcl import heredoc, literal

GOLDEN = sorted(Path(__file__).parents[1].glob("golden/*/expected/**/*.nomad.hcl"))
# HCL puts every string into NFC; hashistack writes other strings in another way (compile/consul_template.py).
NORMAL = st.text(
    st.characters(exclude_categories=("Cs", "Cn", "Co", "Mn"), exclude_characters="\0"), max_size=40
)
TEXTS = st.one_of(NORMAL, st.text(st.sampled_from('${}%"\\\n\r\t~ EOTé😀\x07'), max_size=12))


@pytest.mark.parametrize(
    "path", GOLDEN, ids=lambda path: f"{path.parents[3].name}/{path.parents[1].name}/{path.stem}"
)
def test_a_rendered_job_parses_and_is_formatted(path: Path, nomad_binary: Path) -> None:
    variables = ["-var", "version=v1"] if 'variable "version"' in path.read_text() else []
    job = json.loads(run(nomad_binary, "job", "run", "-output", *variables, str(path)))
    assert job["Job"]["ID"] == path.name.removesuffix(".nomad.hcl")
    run(nomad_binary, "fmt", "-check", str(path))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(TEXTS, min_size=1, max_size=60))
def test_nomad_reads_every_literal_as_the_value_it_was(
    values: list[str], nomad_binary: Path, tmp_path: Path
) -> None:
    entries = "\n".join(f"      K{number} = {literal(value)}" for number, value in enumerate(values))
    task = parsed(nomad_binary, tmp_path, f"    env {{\n{entries}\n    }}")
    assert [task["Env"][f"K{number}"] for number in range(len(values))] == [normal(value) for value in values]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from('${}%"\\\n ~EOTé😀'), max_size=60))
def test_nomad_reads_every_heredoc_as_the_text_it_was(text: str, nomad_binary: Path, tmp_path: Path) -> None:
    body = f'    template {{\n      destination = "local/x"\n      data = {heredoc(text)}\n    }}'
    task = parsed(nomad_binary, tmp_path, body)
    assert task["Templates"][0]["EmbeddedTmpl"] == (text if text.endswith("\n") else text + "\n")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.from_regex(r"[a-z]{1,12}", fullmatch=True), min_size=1, max_size=8, unique=True),
    data=st.data(),
)
def test_alignment_is_that_of_nomad_fmt(
    names: list[str], data: st.DataObject, nomad_binary: Path, tmp_path: Path
) -> None:
    values = st.sampled_from(['"x"', "1", '[\n  "x",\n]', "<<EOT\na = 1\nEOT", "{}", '"a = b"'])
    between = st.sampled_from(["", "\n", "# why\n"])
    text = "".join(f"{data.draw(between)}{name} = {data.draw(values)}\n" for name in names)
    path = tmp_path / "x.hcl"
    path.write_text(align(text))
    assert formatted(nomad_binary, path) == align(text)


def normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def formatted(nomad: Path, path: Path) -> str:
    run(nomad, "fmt", "-list=false", str(path))
    return path.read_text()


def parsed(nomad: Path, folder: Path, body: str) -> dict[str, Any]:
    path = folder / "job.nomad.hcl"
    text = f'job "j" {{\n  group "g" {{\n    task "t" {{\n      driver = "docker"\n{body}\n    }}\n  }}\n}}\n'
    path.write_text(text, newline="")
    job = json.loads(run(nomad, "job", "run", "-output", str(path)))
    task: dict[str, Any] = job["Job"]["TaskGroups"][0]["Tasks"][0]
    return task


def run(nomad: Path, *arguments: str) -> str:
    done = subprocess.run([nomad, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
