"""Whatever is in a compose file and a Procfile, what is made from them is valid."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashistack.descriptor.export.starter import starter
from hashistack.descriptor.load import load

NASTY = {
    "empty": "  web: {}\n",
    "nothing in it": "  web: {command: [], entrypoint: '', ports: [], environment: [], image: '', build: ''}\n",
    "wrong types": "  web: {command: 5, ports: 80, expose: {}, environment: 7, deploy: [], healthcheck: x}\n",
    "lists of anything": "  web: {command: [1, null, {a: b}], ports: [null, {}, [1]], environment: [null, {a: b}]}\n",
    "odd keys": "  1: {build: .}\n  '': {build: .}\n  ü: {build: .}\n  true: {build: .}\n  app: {build: .}\n",
    "only infrastructure": "  db: {image: mysql}\n  q: {image: rabbitmq}\n",
    "release": "  release: {command: x}\n  web: {command: y}\n  redis: {image: redis}\n",
    "primary": "  db: {image: postgres}\n  db-replica: {image: postgres}\n  db-primary: {command: x}\n",
    "references": "  web: {command: 'x', environment: {A: '$${db.url}', B: '${C', D: 'a ${E} b', F: '$$$$${x'}}\n",
    "replica in use": (
        "  web: {command: x, environment: {A: 'postgres://r'}}\n  d: {image: postgres}\n"
        "  d-replica: {image: postgres}\n  o: {command: y, environment: {U: 'postgres://d-replica/x'}}\n"
    ),
    "too many": "  web: {command: x, deploy: {replicas: 5000}}\n  b: {command: x, deploy: {replicas: -1}}\n",
    "ports": "  web: {command: x, ports: ['1-2:3-4/udp'], environment: {PORT: 1}}\n",
    "escapes": '  web: {command: "\\0", environment: {A: "\\0", B: "\\e", C: "\\u2028"}}\n',
    "long": f"  {'w' * 80}: {{command: x, environment: {{{'V' * 129}: a, {'S' * 129}: null}}}}\n",
    "django": (
        "  web: {build: ., command: ./manage.py, volumes: ['.:/a'], depends_on: [db], env_file: [.env]}\n"
        "  db: {image: 'postgres:15', environment: {POSTGRES_PASSWORD: x}}\n"
    ),
    "laravel": (
        "  laravel.test: {build: {context: ./vendor/sail}, image: sail-8.3/app, ports: ['${APP_PORT:-80}:80'],"
        " environment: {LARAVEL_SAIL: 1, DB_HOST: mysql, REDIS_HOST: redis, CACHE_DRIVER: redis}}\n"
        "  mysql: {image: 'mysql/mysql-server:8.0'}\n  redis: {image: 'redis:alpine'}\n"
    ),
}


@pytest.mark.parametrize(
    "procfile", ["", "web: a\nweb: \0\ndb-primary: x\n\x0b: x\nr\u00fc: y\n", "redis: x\n"]
)
@pytest.mark.parametrize("services", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("app", ["shop", "a" * 40])
def test_every_input_gives_a_descriptor_without_a_mistake(services: str, procfile: str, app: str) -> None:
    files = {"compose.yaml": f"services:\n{services}"} | ({"Procfile": procfile} if procfile else {})
    made = starter(files, app)
    loaded = load(made.text, "f")
    assert (loaded.diagnostics, loaded.application is None) == ((), False)


_TEXT = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=12
)
_ADDRESS = st.sampled_from(
    ["postgres://u:p@db/x", "redis:6379", "db", "${A}", "${A:-b}", "$${db.url}", "a://b:c@d"]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | _ADDRESS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_VARIABLE = (
    st.sampled_from(["DB_HOST", "DB_PORT", "DB_NAME", "PORT", "TRUE", "null", "A_TOKEN", "URL"]) | _TEXT
)
_USUAL = {
    "image": st.sampled_from(["postgres:16", "redis", "nginx", "a/b", "B/c", "${I}"]),
    "build": st.sampled_from([".", "./web"]),
    "command": _TEXT | st.lists(_TEXT, max_size=3),
    "ports": st.integers() | st.lists(st.integers() | _TEXT, max_size=2),
    "expose": st.integers() | st.lists(st.integers() | _TEXT, max_size=2),
    "environment": st.dictionaries(_VARIABLE, _ANYTHING, max_size=4),
    "deploy": st.builds(dict, replicas=_ANYTHING | st.integers(0, 5000)),
    "healthcheck": st.builds(dict, test=_ANYTHING),
}
_SERVICE = st.fixed_dictionaries({}, optional={key: usual | _ANYTHING for key, usual in _USUAL.items()})
_NAME = st.sampled_from(
    ["web", "web_1", "web-1", "db", "db-replica", "db-primary", "nginx", "redis", "release"]
)
_SERVICES = st.dictionaries(_NAME | _TEXT, _SERVICE, max_size=5)
_PROCFILES = st.lists(st.builds("{}: {}".format, _NAME | _TEXT, _TEXT), max_size=4).map("\n".join)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_SERVICES, st.just("") | _PROCFILES)
def test_any_input_gives_a_descriptor_without_a_mistake(services: dict[str, object], procfile: str) -> None:
    made = starter({"compose.yaml": json.dumps({"services": services}), "Procfile": procfile}, "shop")
    loaded = load(made.text, "f")
    assert (loaded.diagnostics, loaded.application is None) == ((), False)
