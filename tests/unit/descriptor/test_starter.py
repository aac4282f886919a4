from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashistack.descriptor.export.draft import name, scalar
from hashistack.descriptor.export.plain import parsed
from hashistack.descriptor.export.starter import Starter, starter
from hashistack.descriptor.load import load
from hashistack.model import Reference, Stack

COMPOSE = """
services:
  web:
    build: .
    command: [gunicorn, shop.wsgi, --bind, "0.0.0.0:8000"]
    ports: ["127.0.0.1:8080:8000/tcp"]
    environment:
      DATABASE_URL: postgres://shop:hunter2@db:5432/shop
      CACHE: redis://cache
      BROKERS: kafka:9092
      STORE: http://files:9000
      DB_HOST: db
      SECRET_KEY: hunter2
      API: ${API_TOKEN}
      DEBUG: true
      LEVEL: ${LEVEL:-info}
      PRICE: $$5 ${CURRENCY-EUR}
      TEMPLATE: $${NAME}
    healthcheck: {test: curl -f http://localhost:8000/health || exit 1}
    volumes: [".:/app"]
    env_file: .env
  admin: {build: ., command: ./admin, expose: [9000]}
  worker: {build: ., deploy: {replicas: 2}, environment: [DEBUG=false, "PATTERN=a: b # c", FROM_SHELL]}
  db: {image: "postgis/postgis:16.4-alpine"}
  cache: {image: "redis:7"}
  kafka: {image: "confluentinc/cp-kafka:7.5"}
  zookeeper: {image: zookeeper}
  files: {image: "minio/minio@sha256:abc"}
"""


def stack(made: Starter) -> Stack:
    loaded = load(made.text, "f")
    assert loaded.diagnostics == ()
    assert loaded.application is not None
    return loaded.application.stacks[0]


def test_from_nothing() -> None:
    made = starter({}, "My Shop!")
    assert (made.source, made.notes) == ("", ())
    assert (stack(made).app, stack(made).environment.name) == ("my-shop", "laptop")
    assert [process.name for process in stack(made).processes] == ["web"]


@pytest.mark.parametrize("comment", ["# env:", "# secrets:", "# release:", "# backing_services:"])
def test_what_is_commented_out_works_too(comment: str) -> None:
    text = starter({}, "shop").text
    assert comment in text
    lines = []
    active = False
    for line in text.splitlines():
        active = line.startswith(comment) or (active and line.startswith("#   "))
        lines.append(line.removeprefix("# ") if active else line)
    assert load("\n".join(lines), "f").diagnostics == ()
    assert load("\n".join(lines), "f").application != load(text, "f").application


def test_from_a_procfile() -> None:
    text = "# the app\nrelease: ./manage migrate\n\nweb: serve --bind :$PORT\nWorker_2: run 'a: b' \"c\"  \nnonsense\n"
    made = starter({"Procfile": text}, "shop")
    assert made.source == "Procfile"
    assert made.notes == ("line 6 of the Procfile is no `name: command`: nonsense",)
    assert stack(made).release == "./manage migrate"
    commands = {process.name: (process.command, process.port) for process in stack(made).processes}
    assert commands == {"web": ("serve --bind :$PORT", 8000), "worker-2": ("run 'a: b' \"c\"", None)}


def test_from_a_compose_file() -> None:
    made = starter({"compose.yaml": COMPOSE}, "shop")
    assert made.source == "compose.yaml"
    processes = {process.name: process for process in stack(made).processes}
    assert processes["web"].command == "gunicorn shop.wsgi --bind 0.0.0.0:8000"
    assert processes["web"].health is not None
    assert (processes["web"].port, processes["web"].health.path) == (8000, "/health")
    assert [route.path for route in processes["admin"].routes] == ["/admin"]
    assert (processes["worker"].command, processes["worker"].scale.min) == ("./worker", 2)
    services = {service.name: (service.type, service.version) for service in stack(made).backing_services}
    assert services == {
        "db": ("postgres", "16.4"),
        "cache": ("redis", None),
        "kafka": ("kafka", None),
        "files": ("object-storage", None),
    }


def test_variables_of_a_compose_file() -> None:
    made = starter({"compose.yaml": COMPOSE}, "shop")
    assert {variable.name: variable.value for variable in stack(made).env} == {
        "DATABASE_URL": (Reference("db", "url"),),
        "CACHE": (Reference("cache", "url"),),
        "BROKERS": (Reference("kafka", "bootstrap_servers"),),
        "STORE": (Reference("files", "endpoint"),),
        "DB_HOST": (Reference("db", "host"),),
        "DEBUG": ("true",),
        "LEVEL": ("info",),
        "PRICE": ("$5 EUR",),
        "TEMPLATE": ("${NAME}",),
        "PATTERN": ("a: b # c",),
    }
    assert stack(made).secrets == ("API", "FROM_SHELL", "SECRET_KEY")
    assert "hunter2" not in repr(made), "the value of a secret is not copied"


def test_notes_say_what_is_left_out() -> None:
    notes = "\n".join(starter({"compose.yaml": COMPOSE}, "shop").notes)
    for fact in (
        "zookeeper",
        "DEBUG of worker",
        "env_file of web",
        "volumes of web",
        "processes.worker.command",
    ):
        assert fact in notes


def test_a_procfile_says_what_runs_and_a_compose_file_what_is_needed() -> None:
    made = starter({"Procfile": "web: serve\ncache: redis-server\n", "docker-compose.yml": COMPOSE}, "shop")
    assert made.source == "Procfile and docker-compose.yml"
    assert [process.name for process in stack(made).processes] == ["web"]
    assert len(stack(made).backing_services) == 4


@pytest.mark.parametrize(
    "text", ["", "# nothing", "x", "- a", "a: 5", "services: 5", "services: []", "services: {a: 5}"]
)
def test_a_compose_file_without_services_still_gives_a_starter(text: str) -> None:
    made = starter({"compose.yaml": text}, "shop")
    assert stack(made).processes
    assert made.notes


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_written_so_that_it_is_read_again(text: str) -> None:
    assert parsed(f"key: {scalar(text)}   # comment") == {"key": text}
    assert parsed(f"[{scalar(text)}, x]") == [text, "x"]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_folder_name_makes_an_app(text: str) -> None:
    assert stack(starter({}, text))
    assert name(text)


def test_names_of_the_cluster_are_avoided() -> None:
    assert stack(starter({}, "nomad")).app == "nomad-app"
