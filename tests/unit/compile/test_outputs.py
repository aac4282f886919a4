"""The outputs of backing services: one text for a stand-in and for what a cloud runs."""

from __future__ import annotations

import pytest

from hashistack import pipeline
from hashistack.compile.outputs import EXPRESSIONS, expression, needs_login
from hashistack.compile.variables import task_variables
from hashistack.descriptor.schema_services import OUTPUTS
from hashistack.model import BackingService, ServiceType


def service(kind: ServiceType) -> BackingService:
    return BackingService("db", kind, "engine", None, 1, 1024, (), (), (), None)


def test_every_output_of_the_descriptor_has_an_expression() -> None:
    assert {kind: set(outputs) for kind, outputs in EXPRESSIONS.items()} == {
        kind: set(outputs) for kind, outputs in OUTPUTS.items()
    }


@pytest.mark.parametrize("kind", ["postgres", "mongodb"])
def test_a_database_is_called_as_its_server_says_else_after_the_app(kind: ServiceType) -> None:
    text = expression("my-shop", service(kind), "url")
    assert '(or $db.ServiceMeta.database "my-shop")' in text
    assert '(or $db.ServiceMeta.options "")' in text


def test_only_a_broker_that_asks_for_a_login_has_a_mechanism() -> None:
    text = expression("shop", service("kafka"), "sasl_mechanism")
    assert text == '(and $dbLogin.user.Value "SCRAM-SHA-512")'
    assert needs_login(service("kafka"), "sasl_mechanism")


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_the_authority_is_the_services_own_unless_it_names_another(kind: ServiceType) -> None:
    text = expression("shop", service(kind), "ca")
    first = '(index (service "shop-db") 0)' if kind == "kafka" else "$db"
    assert text == f'(or {first}.ServiceMeta.ca (printf "%s/%s" (env "NOMAD_SECRETS_DIR") "db-ca.pem"))'
    assert not needs_login(service(kind), "ca")


@pytest.mark.parametrize(
    ("kind", "output", "files"),
    [
        ("redis", "ca", ["db-ca.pem"]),
        ("redis", "url", []),
        ("postgres", "url", ["db-ca.pem"]),
        ("mongodb", "url", ["db-ca.pem"]),
        ("mongodb", "host", []),
    ],
)
def test_the_authority_is_in_the_container_where_something_names_its_file(
    kind: ServiceType, output: str, files: list[str]
) -> None:
    other = "  other: postgres\n" if kind == "mongodb" else ""
    text = (
        f"app: shop\nimage: shop\nenv: {{A: '${{db.{output}}}', B: '${{db.{output}}}'}}\n"
        f"processes: {{web: {{command: serve}}}}\nbacking_services:\n  db: {kind}\n{other}"
    )
    (stack,) = pipeline.load(text, "hashistack.yaml").stacks
    found = task_variables(stack, None).authorities
    assert [name for name, _ in found] == files
    assert all('nomadVar "nomad/jobs/shop-db"' in body and ".ca.Value" in body for _, body in found)


def test_kafka_says_how_it_is_spoken_to() -> None:
    text = expression("shop", service("kafka"), "security_protocol")
    assert text == '(or (index (service "shop-db") 0).ServiceMeta.protocol "PLAINTEXT")'
