"""The commands that explain: init, docs, schema, graph, completion, version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hashistack import __version__
from hashistack.cli import SUMMARIES
from tests.cli.run import run

GRAPH = """\
app: shop
image: example.com/shop:1
env: {CACHE: "${cache.url}"}
release: ./migrate
processes:
  web: {command: ./web, port: 80, routes: [a.example.com, a.example.com/api]}
  my-admin: {command: ./admin, port: 80, routes: [b.internal], internal: true}
  nightly: {command: ./report, schedule: "0 3 * * *"}
backing_services: {cache: {type: redis}}
"""


def test_init_writes_a_descriptor_that_renders(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi\nworker: celery -A shop worker\n")
    result = run("init", "--name", "shop", cwd=tmp_path)
    assert (result.code, result.out) == (0, "wrote hashistack.yaml, from Procfile\n")
    assert run("render", cwd=tmp_path).code == 0
    assert (tmp_path / "stack/laptop/jobs/shop.nomad.hcl").is_file()


@pytest.mark.parametrize("existing", ["hashistack.yaml", "hashistack.yml"])
def test_init_never_overwrites(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("mine")
    result = run("init", cwd=tmp_path)
    assert (result.code, "HS506" in result.err) == (64, True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(existing, "mine")]


def test_init_explains_a_file_that_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_bytes(b"web: \xff")
    assert "HS507" in run("init", cwd=tmp_path).err


def test_init_does_not_take_a_byte_order_mark_for_a_name(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_bytes(b"\xef\xbb\xbfweb: ./serve\nworker: ./work\n")
    result = run("init", cwd=tmp_path)
    assert (result.code, "note:" in result.err) == (0, False)
    assert "  web:\n    command: ./serve\n" in (tmp_path / "hashistack.yaml").read_text()


def test_init_writes_nothing_if_the_compose_file_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n\tweb: {}\n")
    result = run("init", cwd=tmp_path)
    assert result.code == 65
    assert "compose.yaml:2" in result.err
    assert "a tab cannot indent" in result.err
    assert not (tmp_path / "hashistack.yaml").exists()


def test_docs(tmp_path: Path) -> None:
    result = run("docs", "processes.web.scale.min", cwd=tmp_path)
    assert result.code == 0
    assert "instances" in result.out
    assert "processes" in run("docs", cwd=tmp_path).out
    assert json.loads(run("docs", "image", "--json", cwd=tmp_path).out)["key"] == "image"
    assert "did you mean processes?" in run("docs", "proceses", cwd=tmp_path).err


def test_schema(tmp_path: Path) -> None:
    assert json.loads(run("schema", cwd=tmp_path).out)["$schema"].endswith("draft-07/schema#")


def test_graph(tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_text(GRAPH)
    assert run("graph", cwd=tmp_path).out == (
        "flowchart LR\n"
        '  internet(["internet"])\n'
        '  inside(["internal network"])\n'
        '  release["release"]\n'
        '  process_my_admin["my-admin"]\n'
        '  process_web["web"]\n'
        '  process_nightly["nightly<br/>0 3 * * *"]\n'
        '  service_cache[("cache<br/>redis: valkey")]\n'
        '  inside -- "b.internal" --> process_my_admin\n'
        '  internet -- "a.example.com" --> process_web\n'
        '  internet -- "a.example.com/api" --> process_web\n'
        "  release --> service_cache\n"
        "  process_my_admin --> service_cache\n"
        "  process_web --> service_cache\n"
        "  process_nightly --> service_cache\n"
    )
    drawn = run("graph", "--format", "dot", cwd=tmp_path).out
    assert '  "process_nightly" [label="nightly\\n0 3 * * *", shape=box];\n' in drawn
    assert drawn.endswith('  "process_nightly" -> "service_cache";\n}\n')
    assert len(json.loads(run("graph", "--json", cwd=tmp_path).out)["edges"]) == 7


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(tmp_path: Path, shell: str) -> None:
    assert "_HASHISTACK_COMPLETE" in run("completion", shell, cwd=tmp_path).out


def test_the_graph_shows_what_is_open_to_the_internet(tmp_path: Path) -> None:
    (tmp_path / "hashistack.yaml").write_text(
        "app: shop\nimage: registry.example.com/shop\nprocesses: {worker: {command: work}}\n"
        "backing_services: {devices: {type: mqtt, public: [8883]}}\nenvironments: {laptop: {target: local}}\n"
    )
    drawn = run("graph", cwd=tmp_path).out
    assert '  internet(["internet"])\n' in drawn
    assert '  internet -- "TCP 8883" --> service_devices\n' in drawn


def test_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("version", cwd=tmp_path).out == f"hashistack {__version__}\n"
    assert run("--version", cwd=tmp_path).code == 0
    assert capsys.readouterr().out == f"hashistack {__version__}\n"


def test_the_first_page_names_every_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help", cwd=tmp_path).code == 0
    page = capsys.readouterr().out
    assert all(f"\n  {name} " in page for name in SUMMARIES)
