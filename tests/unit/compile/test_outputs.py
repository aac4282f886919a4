"""The outputs of backing services: one text for a stand-in and for what a cloud runs."""

from __future__ import annotations

import pytest

from hashistack.compile.outputs import EXPRESSIONS, expression
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


def test_kafka_says_how_it_is_spoken_to() -> None:
    text = expression("shop", service("kafka"), "security_protocol")
    assert text == '(or (index (service "shop-db") 0).ServiceMeta.protocol "PLAINTEXT")'
