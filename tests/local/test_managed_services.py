"""What a process sees of services that AWS runs, registered as `up` does it; its job is that of the stand-ins."""

from __future__ import annotations

from typing import Any

from hashistack.backends.consul_catalog import Catalog
from hashistack.backends.endpoint import consul_endpoint
from hashistack.plan.services import NO_LOGIN, PUBLIC_CA, entries, managed_services
from tests.bed.agents import Agents
from tests.local.test_values_in_containers import DUMP, application, deployed, dump, set_variable

SERVICES = {
    "db": ("postgres", ["db.example.com:5432"], {"database": "my_values", "options": "?sslmode=require"}),
    "cache": ("redis", ["cache.example.com:6379"], {"scheme": "rediss"}),
    "documents": ("mongodb", ["d.example.com:27017"], {"options": "?authSource=admin&tls=true"}),
    "events": ("kafka", ["b-1.example.com:9094", "b-2.example.com:9094"], {"protocol": "SSL"}),
    "devices": ("mqtt", ["a-ats.example.com:8883"], {"scheme": "mqtts"}),
    "uploads": (
        "object-storage",
        ["s3.eu-west-1.amazonaws.com:443"],
        {"scheme": "https", "bucket": "values-uploads", "region": "eu-west-1"},
    ),
}  # fmt: skip
ENV = {
    "DB": "${db.url}",
    "CACHE": "${cache.url}",
    "DOCUMENTS": "${documents.url}",
    "BROKERS": "${events.bootstrap_servers} ${events.security_protocol}",
    "NO_LOGIN": "[${events.user}${events.password}${events.sasl_mechanism}]",
    "AUTHORITIES": "${events.ca} ${cache.ca}",
    "DEVICES": "${devices.url}",
    "UPLOADS": "${uploads.endpoint} ${uploads.region} ${uploads.bucket}",
}


def outputs() -> dict[str, Any]:
    login = {"user": "", "kind": "none", "of": ""}
    return {
        name: {"addresses": addresses, "meta": meta, "login": login}
        for name, (_, addresses, meta) in SERVICES.items()
    }


def test_the_outputs_are_those_of_the_managed_services(cluster: Agents) -> None:
    descriptor = application(
        env=ENV,
        backing_services={name: {"type": kind} for name, (kind, _, _) in SERVICES.items()},
        processes={"plain": {"command": DUMP.format(text="x")}},
    )
    for name in ("db", "documents"):
        set_variable(cluster, f"nomad/jobs/values-{name}", user="app", password="secret")
    set_variable(cluster, "nomad/jobs/values-cache", password="secret")
    set_variable(
        cluster,
        "nomad/jobs/values-events",
        **{name: value.reveal() for name, value in NO_LOGIN.items.items()},
    )
    catalog = Catalog(consul_endpoint({"CONSUL_HTTP_ADDR": cluster.consul_addr}), "values")
    catalog.converge(entries("values", managed_services(outputs())))
    try:
        with deployed(cluster, descriptor) as job:
            values, _ = dump(cluster, job, "plain")
    finally:
        catalog.converge(())
    brokers = values["BROKERS"].removesuffix(" SSL").split(",")
    assert sorted(brokers) == ["b-1.example.com:9094", "b-2.example.com:9094"]
    assert {name: values[name] for name in ENV if name != "BROKERS"} == {
        "DB": "postgres://app:secret@db.example.com:5432/my_values?sslmode=require",
        "CACHE": "rediss://:secret@cache.example.com:6379",
        "DOCUMENTS": "mongodb://app:secret@d.example.com:27017/values?authSource=admin&tls=true",
        "NO_LOGIN": "[]",
        "AUTHORITIES": f"{PUBLIC_CA} {PUBLIC_CA}",
        "DEVICES": "mqtts://a-ats.example.com:8883",
        "UPLOADS": "https://s3.eu-west-1.amazonaws.com:443 eu-west-1 values-uploads",
    }
