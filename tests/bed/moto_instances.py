"""Auto Scaling as the nodes know it, which moto has not: zones in turn, lifecycle hooks, addresses of machines.

Hooks hold up instances only where machines are booted for them, since nobody else would complete what they wait for.
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import EC2Backend

from tests.bed.moto_answers import Method, after, instead

ADDRESSES: list[str] = []  # of machines, for instances still to come
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
PENDING, LEAVING = "Pending:Wait", "Terminating:Wait"
HAS_MACHINE = "has_machine"
VERSION = "template_version"


@instead(FakeAutoScalingGroup, "active_instances")
def _all_but_those_that_leave(_: Method, group: Any) -> list[Any]:
    return [state for state in group.instance_states if not state.lifecycle_state.startswith("Terminating")]


@instead(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def _zones_in_turn(original: Method, group: Any, count: int, tags: dict[str, str]) -> None:
    subnets, zones = group.vpc_zone_identifier, group.availability_zones
    pairs = list(zip(subnets.split(","), zones, strict=True))
    for _ in range(count):
        taken = [state.instance.subnet_id for state in group.active_instances()]
        group.vpc_zone_identifier, zone = min(pairs, key=lambda pair: taken.count(pair[0]))
        group.availability_zones = [zone]
        original(group, 1, tags)
        _begin(group, group.instance_states[-1])
    group.vpc_zone_identifier, group.availability_zones = subnets, zones


@after(InstanceState, "__init__")
def _remember_its_template(state: Any) -> None:
    template = getattr(state.auto_scaling_group, "ec2_launch_template", None)
    if template is not None and not hasattr(state.instance, VERSION):
        number = template.get_version(state.auto_scaling_group.launch_template_version).number
        setattr(state.instance, VERSION, number)


def _template(state: Any) -> dict[str, Any] | None:
    """Return the template as it was when the instance was started; moto tells the default of today."""
    template = getattr(state.auto_scaling_group, "ec2_launch_template", None)
    if template is None:
        return None
    number = getattr(state.instance, VERSION)
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(number)}


setattr(InstanceState, "launch_template", property(_template))  # noqa: B010 - mypy forbids to assign it


@instead(EC2Backend, "run_instances")
def _address_of_a_machine(original: Method, backend: Any, *arguments: Any, **keywords: Any) -> Any:
    made = original(backend, *arguments, **keywords)
    for instance in made.instances:
        setattr(instance, HAS_MACHINE, bool(ADDRESSES))
        if ADDRESSES:  # not of the subnet, whose network is another than that of the machines
            interface = instance.nics[0]
            interface.private_ip_address = ADDRESSES.pop(0)
            interface.private_ip_addresses[0]["PrivateIpAddress"] = interface.private_ip_address
    return made


@instead(AutoScalingBackend, "terminate_instance")
def _leave(original: Method, backend: Any, instance_id: str, should_decrement: bool) -> Any:
    group, state = _find(backend, instance_id)
    if not _is_held(group, state, TERMINATING):
        return original(backend, instance_id, should_decrement)
    state.lifecycle_state = LEAVING
    if should_decrement:
        group.desired_capacity -= 1
    group.set_desired_capacity(group.desired_capacity)
    return None


@instead(AutoScalingResponse, "complete_lifecycle_action")
def _complete(_: Method, answer: Any) -> ActionResult:
    backend = answer.autoscaling_backend
    group, state = _find(backend, answer._get_param("InstanceId"))
    goes_on = answer._get_param("LifecycleActionResult") == "CONTINUE"
    hooks = backend.describe_lifecycle_hooks(group.name, [answer._get_param("LifecycleHookName")])
    if not hooks or hooks[0].lifecycle_transition != _awaited(state):
        raise ValidationError(f"No active Lifecycle Action found with instance ID {state.instance_id}")
    if state.lifecycle_state == PENDING and goes_on:
        state.lifecycle_state = "InService"
    else:
        group.instance_states.remove(state)
        backend.ec2_backend.terminate_instances([state.instance_id])
        group.set_desired_capacity(group.desired_capacity)
    return EmptyResult()


@instead(AutoScalingResponse, "record_lifecycle_action_heartbeat")
def _heartbeat(_: Method, answer: Any) -> ActionResult:
    return EmptyResult()


def _begin(group: Any, state: Any) -> None:
    if _is_held(group, state, LAUNCHING):
        state.lifecycle_state = PENDING


def _is_held(group: Any, state: Any, transition: str) -> bool:
    hooks = group.autoscaling_backend.describe_lifecycle_hooks(group.name)
    return getattr(state.instance, HAS_MACHINE) and transition in {one.lifecycle_transition for one in hooks}


def _awaited(state: Any) -> str:
    return {PENDING: LAUNCHING, LEAVING: TERMINATING}.get(state.lifecycle_state, "nothing")


def _find(backend: Any, instance_id: str) -> tuple[Any, Any]:
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance_id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
