"""The variables of a compose file: passwords stay there, addresses become references."""

from __future__ import annotations

import pytest

from hashistack.descriptor.export.starter import Starter, starter
from hashistack.descriptor.load import load
from hashistack.model import Reference, Stack


def made_of(services: str, procfile: str = "") -> Starter:
    files = {"compose.yaml": f"services:\n{services}"} | ({"Procfile": procfile} if procfile else {})
    return starter(files, "shop")


def stack(made: Starter) -> Stack:
    loaded = load(made.text, "f")
    assert loaded.diagnostics == ()
    assert loaded.application is not None
    return loaded.application.stacks[0]


def env(environment: str, others: str = "") -> tuple[dict[str, str], tuple[str, ...], str]:
    """Return the variables as written, the secrets and the notes of a service with this environment."""
    made = made_of(f"  web: {{build: ., command: ./web, environment: {{{environment}}}}}\n{others}")
    found = stack(made)
    return {entry.name: written(entry.value) for entry in found.env}, found.secrets, "\n".join(made.notes)


def written(value: tuple[str | Reference, ...]) -> str:
    return "".join(part if isinstance(part, str) else f"${{{part.service}.{part.output}}}" for part in value)


POSTGRES = "  my_db: {image: postgres, container_name: shop.db}\n"


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("postgres://postgres:secret@my_db:5432/app", "${my-db.url}"),
        ("postgres://postgres:se/cr@et@my_db:5432/app", "${my-db.url}"),
        ("postgres://postgres:secret@shop.db/app", "${my-db.url}"),
        ("postgres://postgres:${PASSWORD}@my_db:5432/app", "${my-db.url}"),
        ("jdbc:postgresql://my_db:5432/app", "jdbc:postgresql://${my-db.host}:${my-db.port}/app"),
    ],
)
def test_a_service_is_found_by_its_key(value: str, reference: str) -> None:
    assert env(f"DATABASE_URL: '{value}'", POSTGRES)[:2] == ({"DATABASE_URL": reference}, ())


@pytest.mark.parametrize(
    "value",
    [
        "smtp://user:hunter2@mail.example.com",
        "mysql://root:hunter2@mysql/app",
        "postgres://u:hunter2@elsewhere/app",
        "redis://:hunter2@elsewhere",
        "https://example.com/?password=hunter2",
        "-----BEGIN RSA PRIVATE KEY-----hunter2",
        "Server=sql;User Id=sa;Password=hunter2;",
    ],
)
def test_a_value_with_a_password_is_a_secret(value: str) -> None:
    made = made_of(f"  web: {{build: ., environment: {{ADDRESS: '{value}'}}}}\n{POSTGRES}")
    assert (stack(made).env, stack(made).secrets) == ((), ("ADDRESS",))
    assert "hunter2" not in repr(made)
    assert "in web: ADDRESS holds a password: it is one of the secrets now, without its value" in made.notes


@pytest.mark.parametrize("name", ["db_password", "DB_PASS", "STRIPE_APIKEY", "PGPASSWORD"])
def test_a_variable_with_the_name_of_a_secret_is_one(name: str) -> None:
    assert env(f"{name}: hunter2")[:2] == ({}, (name,))


def test_the_address_of_something_secret_is_no_secret() -> None:
    assert env("TOKEN_URL: 'https://id.example.com'")[:2] == ({"TOKEN_URL": "https://id.example.com"}, ())
    assert env("API_TOKEN: '1ab://x'")[:2] == ({}, ("API_TOKEN",))


def test_a_note_has_no_password() -> None:
    notes = env("URL: 'postgres://my_db/app?password=hunter2'", POSTGRES)[2]
    assert "which leaves out ?password=CHANGE_ME" in notes


def test_a_port_is_no_secret() -> None:
    assert env("PORT: '${PORT}'")[:2] == ({}, ())


def test_a_variable_that_must_be_given_is_a_secret() -> None:
    assert env("LEVEL: '${LEVEL:?is needed}'")[:2] == ({}, ("LEVEL",))


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("run --broker redis://:hunter2@cache", "run --broker redis://CHANGE_ME@cache"),
        ("run --password hunter2", "run --password CHANGE_ME"),
        ("run --url redis://:$PASSWORD@cache", "run --url redis://:$PASSWORD@cache"),
    ],
)
def test_a_password_in_a_command_is_not_copied(command: str, shown: str) -> None:
    made = starter({"Procfile": f"release: {command}\nweb: {command}\n"}, "shop")
    assert (stack(made).release, stack(made).processes[0].command) == (shown, shown)
    assert len(made.notes) == (2 if "CHANGE_ME" in shown else 0)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("DB_HOST: my_db, DB_PORT: 5432", {"DB_HOST": "${my-db.host}", "DB_PORT": "${my-db.port}"}),
        ("PGPORT: 5432, PGHOST: my_db", {"PGPORT": "${my-db.port}", "PGHOST": "${my-db.host}"}),
        (
            "DB_HOST: my_db, DB_USER: u, DB_PASSWORD: p, DB_NAME: x",
            {
                "DB_HOST": "${my-db.host}",
                "DB_USER": "${my-db.user}",
                "DB_PASSWORD": "${my-db.password}",
                "DB_NAME": "shop",
            },
        ),
        (
            "DB_HOST: my_db, DB_PASSWORD: null",
            {"DB_HOST": "${my-db.host}", "DB_PASSWORD": "${my-db.password}"},
        ),
        ("OTHER_HOST: else.where, OTHER_PORT: 5432", {"OTHER_HOST": "else.where", "OTHER_PORT": "5432"}),
    ],
)
def test_the_pieces_of_an_address_stay_together(environment: str, expected: dict[str, str]) -> None:
    assert env(environment, POSTGRES)[0] == expected


REST = """\
  redis: {image: redis}
  kafka1: {image: apache/kafka}
  kafka2: {image: apache/kafka}
  files: {image: minio/minio}
  search: {image: "elasticsearch:8"}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("redis:6379", "${redis.host}:${redis.port}"),
        ("redis:7", "redis:7"),
        ("redis", "redis"),
        ("redis://redis:6379/0", "${redis.url}"),
        ("redis://redis:6379/1", "${redis.url}/1"),
        ("kafka1:9092,kafka2:9092", "${kafka1.bootstrap_servers},${kafka2.bootstrap_servers}"),
        ("http://files:9000/uploads", "${files.endpoint}/uploads"),
        ("http://my-files:9000", "http://my-files:9000"),
    ],
)
def test_addresses_become_references(value: str, expected: str) -> None:
    assert env(f"VALUE: '{value}'", REST)[0] == {"VALUE": expected}


@pytest.mark.parametrize(
    ("environment", "lost"),
    [
        (
            "URL: 'postgres://u:p@my_db/app?sslmode=require'",
            "URL is now ${my-db.url}, which leaves out ?sslmode=require",
        ),
        ("URL: 'postgresql+asyncpg://u:p@my_db/app'", "URL is now ${my-db.url}, which leaves out +asyncpg"),
        ("DB_HOST: my_db, DB_NAME: other", "DB_NAME is now shop"),
        ("SEARCH: 'http://search:9200'", "SEARCH of web points at search"),
        ("STORE: 'files:9000'", "STORE of web points at files"),
        ("KAFKA_HOST: kafka1", "KAFKA_HOST of web points at kafka1"),
        ("foo.bar: 1", "foo.bar is left out"),
        ("PORT: 5000", "PORT of web is left out"),
        ("PORT: '${PORT}'", "PORT of web is left out"),
    ],
)
def test_what_is_lost_is_said(environment: str, lost: str) -> None:
    assert lost in env(environment, POSTGRES + REST)[2]
