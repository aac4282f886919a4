"""What stands in the descriptor is what a process sees: values, secrets, commands and outputs, in real containers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from hashistack import pipeline
from tests.bed.agents import Agents
from tests.local import api

HARD = {
    "QUOTES": "say \"hi\" and 'ho' \\ back\\\\",
    "LINES": "one\ntwo\ttabbed\r\nthree\n",
    "HCL": "${interpolated} %{if true} $${twice} %%{",
    "NOMAD": "${NOMAD_ALLOC_ID} ${node.unique.id} ${PATH:-x}",
    "MUSTACHE": '{{ key "x" }} {{{ }}}',
    "EMOJI": "😀 é ß 漢字",
    "DECOMPOSED": "e\u0301 \u212b",
    "CONTROL": "\x01\x07\x1b[31m\x7f\u0085\u2028",
    "HEREDOC": "EOT\nEOT_\n  EOT",
    "SHELL": "$(id) `id` ; | & # !",
    "HTML": "<a href='x'>&amp;</a>",
    "BLANKS": "  both ends  ",
    "EMPTY": "",
    "LONG": "x" * 8000,
}
DUMP = "base64 -w0 /proc/self/environ; echo; printf %s {text} | base64 -w0; echo; exec sleep 600"
WORDS = "a{{ x }}%{y}😀 é e\u0301 \\n $"


def test_hard_values_reach_the_process_as_they_were_written(cluster: Agents) -> None:
    secret = "".join(HARD.values())[:3000]
    descriptor = application(
        env={name: value.replace("${", "$${") for name, value in HARD.items()},
        secrets=["TOKEN"],
        processes={
            "plain": {"command": DUMP.format(text="'a\"b\\c $x'")},
            "hard": {"command": DUMP.format(text=f"'{WORDS}'\"${{TOKEN}}\"")},
        },
    )
    set_variable(cluster, "nomad/jobs/values", TOKEN=secret)
    with deployed(cluster, descriptor) as job:
        plain, hard = (dump(cluster, job, group) for group in ("plain", "hard"))
    expected = HARD | {"TOKEN": secret}
    assert {name: plain[0].get(name) for name in expected} == expected
    assert {name: hard[0].get(name) for name in expected} == expected
    assert plain[1] == 'a"b\\c $x'
    assert hard[1] == WORDS + secret


def test_outputs_of_every_kind_of_backing_service(cluster: Agents) -> None:
    outputs = {
        "db": ("postgres", "url host port user password"),
        "cache": ("redis", "url host port user password"),
        "documents": ("mongodb", "url host port user password"),
        "events": ("kafka", "bootstrap_servers"),
        "devices": ("mqtt", "url host port"),
        "uploads": ("object-storage", "endpoint region access_key secret_key bucket"),
    }
    env = {
        f"{name}_{output}".upper(): f"${{{name}.{output}}}"
        for name, (_, all_) in outputs.items()
        for output in all_.split()
    }
    descriptor = application(
        env=env | {"MIXED": "at ${cache.host} and ${db.port}!"},
        backing_services={name: {"type": kind} for name, (kind, _) in outputs.items()},
        processes={"plain": {"command": DUMP.format(text="x")}},
    )
    for name in ("db", "documents"):
        set_variable(cluster, f"nomad/jobs/values-{name}", user="us:er", password="p@ss/w%rd")
    set_variable(cluster, "nomad/jobs/values-cache", password="p@ss/w%rd")
    set_variable(cluster, "nomad/jobs/values-uploads", access_key="AK", secret_key="S/K+")
    for number, name in enumerate(outputs):
        register(cluster, f"values-{name}", f"{name}-1", "10.0.0.1", 1000 + number)
    register(cluster, "values-events", "events-2", "10.0.0.2", 9092)
    try:
        with deployed(cluster, descriptor) as job:
            values, _ = dump(cluster, job, "plain")
    finally:
        for name in (*(f"{name}-1" for name in outputs), "events-2"):
            api.put(cluster.consul_addr, f"/v1/agent/service/deregister/{name}", None)
    assert {name: values.get(name) for name in (*env, "MIXED")} == {
        "DB_URL": "postgres://us%3Aer:p%40ss%2Fw%25rd@10.0.0.1:1000/values",
        "DB_HOST": "10.0.0.1",
        "DB_PORT": "1000",
        "DB_USER": "us:er",
        "DB_PASSWORD": "p@ss/w%rd",
        "CACHE_URL": "redis://:p%40ss%2Fw%25rd@10.0.0.1:1001",
        "CACHE_HOST": "10.0.0.1",
        "CACHE_PORT": "1001",
        "CACHE_USER": "default",
        "CACHE_PASSWORD": "p@ss/w%rd",
        "DOCUMENTS_URL": "mongodb://us%3Aer:p%40ss%2Fw%25rd@10.0.0.1:1002/values",
        "DOCUMENTS_HOST": "10.0.0.1",
        "DOCUMENTS_PORT": "1002",
        "DOCUMENTS_USER": "us:er",
        "DOCUMENTS_PASSWORD": "p@ss/w%rd",
        "EVENTS_BOOTSTRAP_SERVERS": "10.0.0.1:1003,10.0.0.2:9092",
        "DEVICES_URL": "mqtt://10.0.0.1:1004",
        "DEVICES_HOST": "10.0.0.1",
        "DEVICES_PORT": "1004",
        "UPLOADS_ENDPOINT": "http://10.0.0.1:1005",
        "UPLOADS_REGION": "us-east-1",
        "UPLOADS_ACCESS_KEY": "AK",
        "UPLOADS_SECRET_KEY": "S/K+",
        "UPLOADS_BUCKET": "uploads",
        "MIXED": "at 10.0.0.1 and 1000!",
    }


def test_a_process_waits_for_a_secret_and_says_which_one(cluster: Agents) -> None:
    descriptor = application(secrets=["LATE"], processes={"plain": {"command": DUMP.format(text="x")}})
    set_variable(cluster, "nomad/jobs/values", OTHER="x")
    with deployed(cluster, descriptor) as job:
        api.until(lambda: "nomad/jobs/values/LATE" in events(cluster, job))
        set_variable(cluster, "nomad/jobs/values", LATE="now")
        values, _ = dump(cluster, job, "plain")
    assert values["LATE"] == "now"


def application(**keys: object) -> bytes:
    """Return a descriptor of a busybox application that runs on this machine."""
    base = {
        "app": "values",
        "image": "hashistack-test/busybox:1",
        "environments": {"here": {"target": "local"}},
    }
    return yaml.safe_dump(base | keys, allow_unicode=True).encode()


@contextmanager
def deployed(cluster: Agents, descriptor: bytes) -> Iterator[str]:
    files = pipeline.build(pipeline.load(descriptor, "hashistack.yaml")).files
    hcl = next(file.content.decode() for file in files if file.path == "here/jobs/values.nomad.hcl")
    job = api.submit(cluster.nomad_addr, hcl)
    try:
        yield job
    finally:
        api.purge(cluster.nomad_addr, job)
        for path in [one["Path"] for one in api.get(cluster.nomad_addr, "/v1/vars?prefix=nomad/jobs/values")]:
            api.delete(cluster.nomad_addr, f"/v1/var/{path}")


def dump(cluster: Agents, job: str, group: str) -> tuple[dict[str, str], str]:
    """Return the environment of a process and the text that its command was given."""

    def two_lines() -> list[str]:
        found = api.running(cluster.nomad_addr, job, group)
        lines = api.log(cluster.nomad_addr, found[0]["ID"], group).splitlines() if found else []
        return lines if len(lines) == 2 else []

    environment, text = (base64.b64decode(line).decode() for line in api.until(two_lines))
    pairs = (entry.split("=", 1) for entry in environment.split("\0") if entry)
    return {name: value for name, value in pairs}, text


def events(cluster: Agents, job: str) -> str:
    return str([one["TaskStates"] for one in api.allocations(cluster.nomad_addr, job)])


def set_variable(cluster: Agents, path: str, **items: str) -> None:
    api.put(cluster.nomad_addr, f"/v1/var/{path}", {"Path": path, "Items": items})


def register(cluster: Agents, name: str, identity: str, address: str, port: int) -> None:
    service = {"ID": identity, "Name": name, "Address": address, "Port": port}
    api.put(cluster.consul_addr, "/v1/agent/service/register", service)
