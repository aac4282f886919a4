"""What people have in their compose files and Procfiles, and what becomes of it."""

from __future__ import annotations

import pytest

from hashistack.descriptor.export import images
from hashistack.descriptor.export.mend import mended
from hashistack.descriptor.export.starter import Starter, starter
from hashistack.descriptor.load import load
from hashistack.diagnostics import DescriptorError
from hashistack.model import Stack


def made_of(services: str, procfile: str = "") -> Starter:
    files = {"compose.yaml": f"services:\n{services}"} | ({"Procfile": procfile} if procfile else {})
    return starter(files, "shop")


def stack(made: Starter) -> Stack:
    loaded = load(made.text, "f")
    assert loaded.diagnostics == ()
    assert loaded.application is not None
    return loaded.application.stacks[0]


@pytest.mark.parametrize(
    ("services", "image"),
    [
        ("  web: {build: .}\n  proxy: {image: 'nginx:1.25'}\n", "registry.example.com/shop"),
        ("  web: {build: .}\n  mailhog: {image: mailhog/mailhog}\n", "registry.example.com/shop"),
        ("  web: {build: .}\n  bi: {image: metabase/metabase}\n", "registry.example.com/shop"),
        ("  web: {build: ., image: 'shop:1'}\n  worker: {image: 'shop:1'}\n  bi: {image: bi}\n", "shop:1"),
        ("  web: {image: 'ghcr.io/me/shop:2'}\n", "ghcr.io/me/shop:2"),
        ("  web: {image: '${REGISTRY:-ghcr.io}/shop:2'}\n", "ghcr.io/shop:2"),
        ("  web: {image: '${REGISTRY}/shop:2'}\n", "registry.example.com/shop"),
        ("  web: {image: 'MyCorp/App:latest'}\n", "registry.example.com/shop"),
    ],
)
def test_the_image_is_the_one_of_the_app(services: str, image: str) -> None:
    found = stack(made_of(services)).image
    assert f"{found.name}:{found.tag}".removesuffix(":None") == image


def test_a_service_with_an_image_of_its_own_is_left_out() -> None:
    made = made_of("  web: {build: .}\n  worker: {build: .}\n  bi: {image: metabase/metabase}\n")
    assert [process.name for process in stack(made).processes] == ["web", "worker"]
    assert "bi is left out: it has an image of its own, an app has one" in made.notes


def test_an_image_that_is_none_is_said() -> None:
    assert "MyCorp/App" in made_of("  web: {image: 'MyCorp/App:latest'}\n").notes[0]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("services:\n\tweb: {}", 2, "a tab cannot indent"),
        ("services:\n  web: {\n", 3, "not valid YAML"),
        ("services:\n  web: *app\n", 2, "app"),
        ("services: {}\n---\nservices: {}\n", 2, "a second document"),
        ("services:\n  web: \x07\n", 2, "control character"),
    ],
)
def test_a_compose_file_that_is_no_yaml_gives_nothing(text: str, line: int, reason: str) -> None:
    with pytest.raises(DescriptorError) as caught:
        starter({"Procfile": "web: x", "compose.yml": text}, "shop")
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.span.file, found.span.line) == ("compose.yml", line)
    assert reason in found.summary


def test_what_compose_allows_is_no_mistake() -> None:
    made = starter({"compose.yaml": "x-a: &a {command: ./a}\nservices:\n  web: {<<: *a, build: .}\n"}, "shop")
    assert (stack(made).processes[0].command, made.notes) == ("./a", ())
    twice = starter({"compose.yaml": "services:\n  web: {command: a}\n  web: {command: b}\n"}, "shop")
    assert twice.notes[0].startswith("compose.yaml, line 3: ")


def test_a_name_is_taken_once() -> None:
    made = made_of(
        "  web_1: {command: a}\n  web-1: {command: b}\n  d_b: {image: redis}\n  d-b: {image: mongo}\n"
    )
    assert [(process.name, process.command) for process in stack(made).processes] == [("web-1", "a")]
    assert [(service.name, service.type) for service in stack(made).backing_services] == [("d-b", "redis")]
    assert "the service web-1 is left out: there is a process web-1 already" in made.notes
    assert "the service d-b is left out: there is a backing service d-b already" in made.notes


def test_a_procfile_names_a_process_once() -> None:
    text = "web: a\nweb: b\nrelease: c\nrelease: d\nWeb: e\nother: \0\n"
    made = starter({"Procfile": text}, "shop")
    assert [(process.name, process.command) for process in stack(made).processes] == [("web", "a")]
    assert stack(made).release == "c"
    assert [note.split(":")[0] for note in made.notes] == [
        f"line {number} of the Procfile is left out" for number in (2, 4, 5, 6)
    ]


def test_a_process_gives_way_to_a_backing_service() -> None:
    made = made_of("  db: {image: postgres}\n  db-primary: {command: x}\n  web: {command: y}\n")
    assert [process.name for process in stack(made).processes] == ["web"]
    assert "the process db-primary is left out: the backing service db has that name" in made.notes


@pytest.mark.parametrize(
    ("services", "line", "note"),
    [
        (
            "  web: {command: x, deploy: {replicas: 5000}}\n",
            "    # scale: 5000",
            "processes.web.scale is commented out",
        ),
        (
            "  web: {command: x, environment: {A: 'redis:6379'}}\n  db: {image: postgres}\n"
            "  db-replica: {image: postgres}\n",
            "  # db-replica: {type: postgres}",
            "backing_services.db-replica is commented out",
        ),
    ],
)
def test_what_is_wrong_becomes_a_comment(services: str, line: str, note: str) -> None:
    made = made_of(services)
    assert line in made.text.splitlines()
    assert note in "\n".join(made.notes)
    assert stack(made)


def test_all_below_a_wrong_key_becomes_a_comment() -> None:
    text = "app: a\nimage: b\nprocesses:\n  w: {command: x}\n  Bad:\n    command: y\n    port: 1\n"
    made, notes = mended(text)
    assert made.splitlines()[3:] == ["  w: {command: x}", "  # Bad:", "  #   command: y", "  #   port: 1"]
    assert len(notes) == 1


def test_what_cannot_be_mended_is_nothing() -> None:
    assert mended("# a comment\napp: shop\nimage: shop\n") == ("", [])


def test_words_of_yaml_are_names_of_secrets() -> None:
    made = made_of("  web: {command: x, environment: {TRUE: '${X}', null: '${Y}', A: '${Z}'}}\n")
    assert stack(made).secrets == ("A", "TRUE", "null")


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ("expose: 3000", 3000),
        ("ports: '8080:80'", 80),
        ("ports: {target: 90}", 90),
        ("ports: ['8080:${PORT:-81}']", 81),
        ("ports: ['99999999999999999999']", 8000),
        ("ports: ['\u00b2']", 8000),
    ],
)
def test_ports(ports: str, port: int) -> None:
    assert stack(made_of(f"  web: {{command: x, {ports}}}\n")).processes[0].port == port


@pytest.mark.parametrize(
    ("replicas", "least"),
    [("2", 2), ("'3'", 3), ("'${N:-4}'", 4), ("true", 1), ("'${N}'", 1), ("-1", 1), ("1.5", 1)],
)
def test_replicas(replicas: str, least: int) -> None:
    made = made_of(f"  web: {{command: x, deploy: {{replicas: {replicas}}}}}\n")
    assert stack(made).processes[0].scale.min == least


@pytest.mark.parametrize(
    "image",
    [
        "mysql",
        "mariadb:11",
        "rabbitmq:3-management",
        "nginx:1.25",
        "library/nginx",
        "memcached",
        "mailhog/mailhog",
        "docker.elastic.co/elasticsearch/elasticsearch:8.1.0",
        "mcr.microsoft.com/mssql/server:2022-latest",
    ],
)
def test_other_infrastructure_is_left_out(image: str) -> None:
    made = made_of(f"  web: {{command: x}}\n  other: {{image: '{image}', ports: [3306]}}\n")
    assert [process.name for process in stack(made).processes] == ["web"]
    assert stack(made).backing_services == ()
    assert made.notes[0].startswith("other is left out: ")


def test_what_is_built_here_may_have_any_name() -> None:
    services = "  nginx: {build: ., command: x}\n  web: {build: ., image: me/console, command: y}\n"
    assert [process.name for process in stack(made_of(services)).processes] == ["nginx", "web"]
    folders = "  nginx: {build: ./nginx}\n  postgres: {build: {context: docker/pg}}\n  web: {build: .}\n"
    made = made_of(folders)
    assert [process.name for process in stack(made).processes] == ["web"]
    assert [service.type for service in stack(made).backing_services] == ["postgres"]
    console = made_of("  console: {image: me/console}\n")
    assert [process.name for process in stack(console).processes] == ["console"]
    several = made_of("  api: {build: ./api}\n  web: {build: ./web}\n")
    assert "the processes are built in several folders, an app has one image: api, web" in several.notes


def test_a_type_is_known_behind_a_registry_that_is_not() -> None:
    made = made_of("  web: {command: x}\n  db: {image: '${REGISTRY}/postgres:16'}\n")
    assert [(service.type, service.version) for service in stack(made).backing_services] == [
        ("postgres", "16")
    ]


def test_a_version_that_no_stand_in_runs_is_left_out_and_told_of() -> None:
    made = made_of("  web: {command: x}\n  db: {image: 'postgres:9.6'}\n")
    assert [(service.type, service.version) for service in stack(made).backing_services] == [
        ("postgres", None)
    ]
    assert "db gets a newer postgres than 9.6, which is not run: dump and restore its data" in made.notes


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("postgres:16", "16"),
        ("localhost:5000/postgis/postgis:16.4-alpine", "16.4"),
        ("localhost:5000/postgres", ""),
        ("postgres@sha256:16", ""),
        ("postgres:latest", ""),
    ],
)
def test_versions(image: str, version: str) -> None:
    assert images.version(image) == version


def test_a_file_of_which_nothing_is_right_gives_the_bare_starter() -> None:
    app = "a" * 40
    made = starter({"Procfile": f"{'w' * 40}: x\n"}, app)
    assert made.text == starter({}, app).text
    assert made.notes[-1] == "nothing could be taken over"


def test_documents_get_a_database() -> None:
    web = "  web: {build: .}\n"
    alone = made_of(web + "  docs: {image: mongo}\n")
    assert {service.name: service.database for service in stack(alone).backing_services} == {
        "db": None,
        "docs": "db",
    }
    assert "db keeps the documents of docs" in alone.notes
    several = made_of(web + "  docs: {image: mongo}\n  one: {image: postgres}\n  two: {image: postgres}\n")
    assert [service.database for service in stack(several).backing_services] == ["one", None, None]
