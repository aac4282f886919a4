"""What the services of a compose file are, by the names of their images."""

from __future__ import annotations

import re

_TYPES = {
    "postgres": "postgres", "postgresql": "postgres", "postgis": "postgres", "timescaledb": "postgres",
    "pgvector": "postgres",
    "redis": "redis", "valkey": "redis", "keydb": "redis", "redis-stack": "redis", "redis-stack-server": "redis",
    "kafka": "kafka", "cp-kafka": "kafka", "redpanda": "kafka", "kafka-native": "kafka",
    "eclipse-mosquitto": "mqtt", "mosquitto": "mqtt", "emqx": "mqtt", "hivemq4": "mqtt", "vernemq": "mqtt",
    "minio": "object-storage", "seaweedfs": "object-storage",
    "mongo": "mongodb", "mongodb": "mongodb", "ferretdb": "mongodb",
}  # fmt: skip
# Infrastructure that no descriptor has, and why; a name with a slash needs the two last parts of the image's.
_REASONS = {
    "Kafka runs without it": "zookeeper cp-zookeeper",
    "the ingress of the cluster does this": (
        "nginx nginx-proxy acme-companion traefik caddy haproxy envoy httpd openresty kong varnish"
        " certbot ngrok cloudflared"
    ),
    "hashistack has no such type of backing service, it runs elsewhere": (
        "mysql mysql-server mariadb percona percona-server mssql/server azure-sql-edge cockroach clickhouse"
        " clickhouse-server cassandra scylla couchdb couchbase neo4j influxdb questdb dynamodb-local arangodb"
        " oracle-xe oracle-free memcached dragonfly etcd elasticsearch opensearch solr meilisearch typesense"
        " weaviate qdrant chromadb/chroma rabbitmq activemq activemq-artemis activemq-classic nats pulsar elasticmq"
        " localstack azurite fake-gcs-server keycloak vault"
    ),
    "it is part of the cluster": "consul nomad vault-agent registrator",
    "the cluster is watched from outside of the app": (
        "prometheus grafana loki promtail grafana/tempo alertmanager node-exporter cadvisor jaeger zipkin"
        " jaegertracing/all-in-one opentelemetry-collector"
        " opentelemetry-collector-contrib otel-lgtm kibana logstash filebeat fluentd"
        " fluent-bit datadog datadog/agent timberio/vector telegraf statsd-exporter redis_exporter postgres-exporter"
    ),
    "it is a tool for development": (
        "mailhog mailpit maildev mailcatcher adminer pgadmin4 pgweb phpmyadmin mongo-express redis-commander"
        " redisinsight rediscommander kafka-ui kafdrop akhq kafka-manager redpandadata/console cp-control-center"
        " elasticvue portainer portainer-ce watchtower dozzle swagger-ui selenium standalone-chrome"
        " standalone-chromium standalone-firefox wiremock mockserver busybox alpine wait-for-it minio/mc"
    ),
    "hashistack runs Kafka alone": (
        "cp-schema-registry cp-kafka-connect cp-ksqldb-server cp-ksqldb-cli cp-kafka-rest debezium/connect"
        " ksqldb-server"
    ),
}
_LEFT_OUT = {name: reason for reason, names in _REASONS.items() for name in names.split()}


def kind(label: str) -> str:
    """Return the type of backing service that an image is, "" if it is none."""
    return _TYPES.get(_short(label), "")


def left_out(label: str) -> str:
    """Return why an image has no place in a descriptor, "" if it may have one."""
    parent = label.split("/")[-2] if "/" in label else ""
    return _LEFT_OUT.get(_short(label)) or _LEFT_OUT.get(f"{parent}/{_short(label)}", "")


def version(image: str) -> str:
    """Return the version in the tag of an image: of postgis/postgis:16.4-alpine it is 16.4."""
    _, _, tag = image.split("@", 1)[0].rsplit("/", 1)[-1].partition(":")
    number = re.match(r"[0-9]+(\.[0-9]+)*", tag)
    return number.group() if number else ""


def _short(image: str) -> str:
    return re.split("[:@]", image.rsplit("/", 1)[-1], maxsplit=1)[0]
