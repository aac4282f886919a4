"""AWS IoT Core, for `mqtt`."""

from __future__ import annotations

from dataclasses import dataclass

from hashistack.compile.aws.services.named import Named, in_aws, named
from hashistack.model import BackingService, Stack
from hashistack.render.hcl import Hcl, interpolated

# AWS IoT fills these in when a device asks; in HCL they are text.
_THING = "${iot:Connection.Thing.ThingName}"


@dataclass(frozen=True, slots=True)
class MqttView:
    """What `service-mqtt.tf.j2` shows: who may do what, as names of AWS IoT below `arn:...:iot:REGION:ACCOUNT:`."""

    named: Named
    app: str
    devices: Hcl
    backend: Hcl
    client: Hcl
    topics: Hcl
    filters: Hcl
    backend_client: Hcl


def view(stack: Stack, service: BackingService) -> MqttView:
    """Return the view of a managed broker."""
    names = named(stack, service, longest=128)
    arn = Hcl("local.iot_" + service.name)
    return MqttView(
        named=names,
        app=stack.app,
        devices=in_aws(service.name, "-device", longest=128),
        backend=in_aws(service.name, "-app", longest=128),
        client=interpolated(arn, f":client/{_THING}"),
        topics=interpolated(arn, f":topic/devices/{_THING}/*"),
        filters=interpolated(arn, f":topicfilter/devices/{_THING}/*"),
        backend_client=interpolated(arn, f":client/{stack.app}-*"),
    )
