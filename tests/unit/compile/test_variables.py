"""Which tasks ask Consul for something: with ACLs on, only those get a token."""

import yaml

from hashistack import pipeline
from hashistack.compile.variables import task_variables
from hashistack.model import Stack


def _stack(**keys: object) -> Stack:
    descriptor = {
        "app": "shop",
        "image": "example/shop",
        "processes": {"web": {"command": "./web"}},
        "environments": {"laptop": {"target": "local"}},
        **keys,
    }
    return pipeline.load(yaml.safe_dump(descriptor), "hashistack.yaml").stacks[0]


def test_a_reference_to_a_backing_service_is_looked_up_in_consul() -> None:
    stack = _stack(env={"CACHE_URL": "${cache.url}"}, backing_services={"cache": {"type": "redis"}})
    assert task_variables(stack, None).reads_consul


def test_secrets_alone_are_read_from_nomad() -> None:
    variables = task_variables(_stack(secrets=["SESSION_KEY"]), None)
    assert variables.body
    assert not variables.reads_consul


def test_a_value_that_only_needs_escaping_asks_nobody() -> None:
    variables = task_variables(_stack(env={"BRACES": "$${node.name}"}), None)
    assert variables.body
    assert not variables.reads_consul
