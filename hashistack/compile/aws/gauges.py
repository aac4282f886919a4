"""What tells that a managed service runs short of something: CloudWatch's metrics of each, and how much is too much."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services.sizes import gigabytes
from hashistack.model import BackingService, Stack
from hashistack.render.hcl import Hcl, interpolated

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric of a service and its limit; `statistic` and `comparison` are CloudWatch's words."""

    name: str
    says: str
    namespace: str
    metric: str
    statistic: str
    comparison: str
    limit: int
    dimensions: tuple[tuple[str, Hcl], ...]


def gauges(stack: Stack) -> tuple[Gauge, ...]:
    """Return what to watch of the services that AWS runs; what grows by itself is not among it."""
    managed = (service for service in stack.backing_services if service.managed)
    return tuple(gauge for service in managed for gauge in _of(service))


def _of(service: BackingService) -> tuple[Gauge, ...]:
    match service.type:
        case "postgres":
            return _postgres(service)
        case "redis":
            return (_redis(service),)
        case "kafka":
            return (_kafka(service),)
        case "mongodb":
            return (
                _busy(service, "AWS/DocDB", "DBClusterIdentifier", "aws_docdb_cluster", "cluster_identifier"),
            )
        case _:
            return ()


def _postgres(service: BackingService) -> tuple[Gauge, ...]:
    # docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html: in bytes
    disk = Gauge(
        name=f"{service.name}-disk",
        says=f"{service.name}: less than a tenth of its disk is left.",
        namespace="AWS/RDS",
        metric="FreeStorageSpace",
        statistic="Minimum",
        comparison="LessThanThreshold",
        limit=gigabytes(service) * _GIB // 10,
        dimensions=(("DBInstanceIdentifier", Hcl(f"aws_db_instance.{service.name}.identifier")),),
    )
    return (disk, _busy(service, "AWS/RDS", "DBInstanceIdentifier", "aws_db_instance", "identifier"))


def _busy(service: BackingService, namespace: str, dimension: str, kind: str, attribute: str) -> Gauge:
    return Gauge(
        name=f"{service.name}-cpu",
        says=f"{service.name}: it uses nearly all of its CPU.",
        namespace=namespace,
        metric="CPUUtilization",
        statistic="Average",
        comparison="GreaterThanThreshold",
        limit=90,
        dimensions=((dimension, Hcl(f"{kind}.{service.name}.{attribute}")),),
    )


def _redis(service: BackingService) -> Gauge:
    # ElastiCache calls the machines of a group <group>-001 and so on; all have the same data.
    group = Hcl(f"aws_elasticache_replication_group.{service.name}.replication_group_id")
    return Gauge(
        name=f"{service.name}-memory",
        says=f"{service.name}: it uses nearly all of its memory.",
        namespace="AWS/ElastiCache",
        metric="DatabaseMemoryUsagePercentage",
        statistic="Maximum",
        comparison="GreaterThanThreshold",
        limit=90,
        dimensions=(("CacheClusterId", interpolated(group, "-001")),),
    )


def _kafka(service: BackingService) -> Gauge:
    # docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html: in percent; partitions spread evenly
    cluster = Hcl(f"aws_msk_cluster.{service.name}.cluster_name")
    return Gauge(
        name=f"{service.name}-disk",
        says=f"{service.name}: its first broker uses nearly all of its disk.",
        namespace="AWS/Kafka",
        metric="KafkaDataLogsDiskUsed",
        statistic="Maximum",
        comparison="GreaterThanThreshold",
        limit=85,
        dimensions=(("Cluster Name", cluster), ("Broker ID", Hcl('"1"'))),
    )
