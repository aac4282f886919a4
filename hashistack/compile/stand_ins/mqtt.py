"""What the MQTT brokers have in common: a task that runs `start.sh`, and a service that the ingress may lead to."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.artifact import Artifact
from hashistack.compile.stand_ins.member import Member, job_path, member
from hashistack.model import BackingService, Stack


@dataclass(frozen=True, slots=True)
class Broker:
    """An engine of `mqtt`; cpu in MHz, memory in MiB.

    `ports` are labels in the order of the service's ports, `files` are scripts below `jobs/`.
    """

    name: str
    image: str
    uid: int
    cpu: int
    memory: int
    ports: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerView:
    """What `_mqtt/job.nomad.hcl.j2` shows; `tags` are the routes of the ingress, `storage` is in MiB."""

    member: Member
    tags: tuple[str, ...]
    storage: int


def artifacts(broker: Broker, stack: Stack, service: BackingService, source: str) -> tuple[Artifact, ...]:
    """Return the job of a broker."""
    one = member(
        stack,
        service,
        task=broker.name,
        image=broker.image,
        uid=broker.uid,
        cpu=broker.cpu,
        memory=broker.memory,
        ports=broker.ports,
        files=broker.files,
    )
    view = BrokerView(one, _tags(one.job, service.public), service.storage)
    return (Artifact(job_path(stack, one.job), f"{broker.name}/job.nomad.hcl.j2", view, source),)


def _tags(job: str, public: tuple[int, ...]) -> tuple[str, ...]:
    """Return the routes: whatever comes in at `tcp-<port>` is passed on, encrypted as it is."""
    if not public:
        return ()
    routers = {port: f"traefik.tcp.routers.{job}-{port}" for port in public}
    rules = (
        (f"{router}.entrypoints=tcp-{port}", f"{router}.rule=HostSNI(`*`)")
        for port, router in routers.items()
    )
    return ("traefik.enable=true", *(tag for rule in rules for tag in rule))
