"""The machines of an environment in AWS: which there are, how old they are, and how one is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hashistack.backends.aws import Aws, code, explained
from hashistack.backends.patience import until
from hashistack.diagnostics import BackendError
from hashistack.messages import aws as messages
from hashistack.plan.replacement import Instance

TAG = "hashistack-join"
"""What instances are found by: its value is <prefix>-server or <prefix>-client."""

_COMMAND = "AWS-RunShellScript"
_BATCH = 50  # the most instances that one DescribeAutoScalingInstances or SendCommand takes
_TICK = 1.0
_RUNNING = ("Pending", "InProgress", "Cancelling")


class Instances:
    """The machines of one environment; every method raises `BackendError` when AWS refuses."""

    def __init__(self, aws: Aws, prefix: str) -> None:
        self._aws = aws
        self._prefix = prefix

    def of(self, role: str) -> tuple[Instance, ...]:
        """Return the machines of a role that run or are about to, oldest first."""
        with explained("listing the machines"):
            found = list(self._described(role))
        states = self._states([each["InstanceId"] for each in found])
        wanted = self._wanted({str(state["AutoScalingGroupName"]) for state in states.values()})
        made = (_instance(each, states.get(each["InstanceId"], {}), wanted) for each in found)
        return tuple(sorted(made, key=lambda each: (each.launched, each.name)))

    def replace(self, name: str) -> None:
        """Let Auto Scaling end a machine and start another in its place; one that ends already is fine."""
        from botocore.exceptions import ClientError

        with explained(f"replacing {name}"):
            try:
                self._aws.client("autoscaling").terminate_instance_in_auto_scaling_group(
                    InstanceId=name, ShouldDecrementDesiredCapacity=False
                )
            except ClientError as error:
                if code(error) != "ValidationError" or "not found" not in str(error):
                    raise

    def run(self, names: Sequence[str], line: str, patience: float) -> None:
        """Run a line of shell as root on machines, and wait until it has ended on all; it must hold no secret."""
        ssm = self._aws.client("ssm")
        for start in range(0, len(names), _BATCH):
            some = list(names[start : start + _BATCH])
            with explained("running a command on the machines"):
                sent = ssm.send_command(
                    InstanceIds=some, DocumentName=_COMMAND, Parameters={"commands": [line]}
                )
                _await(ssm, sent["Command"]["CommandId"], patience)

    def _described(self, role: str) -> Iterator[dict[str, Any]]:
        filters = [
            {"Name": f"tag:{TAG}", "Values": [f"{self._prefix}-{role}"]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
        pages = self._aws.client("ec2").get_paginator("describe_instances")
        for page in pages.paginate(Filters=filters):
            for reservation in page["Reservations"]:
                yield from reservation["Instances"]

    def _states(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what Auto Scaling knows of the machines, by id."""
        found: dict[str, dict[str, Any]] = {}
        with explained("asking Auto Scaling for the machines"):
            for start in range(0, len(names), _BATCH):
                answer = self._aws.client("autoscaling").describe_auto_scaling_instances(
                    InstanceIds=list(names[start : start + _BATCH])
                )
                found |= {each["InstanceId"]: each for each in answer["AutoScalingInstances"]}
        return found

    def _wanted(self, groups: set[str]) -> dict[str, str]:
        """Return the number of the launch template's version that each group would start a machine with."""
        if not groups:
            return {}
        with explained("asking for the launch templates"):
            answer = self._aws.client("autoscaling").describe_auto_scaling_groups(
                AutoScalingGroupNames=sorted(groups)
            )
            return {
                group["AutoScalingGroupName"]: self._number(_template(group))
                for group in answer["AutoScalingGroups"]
            }

    def _number(self, template: dict[str, str]) -> str:
        version = template.get("Version", "$Default")
        if not version.startswith("$"):
            return version
        answer = self._aws.client("ec2").describe_launch_templates(
            LaunchTemplateIds=[template["LaunchTemplateId"]]
        )
        (found,) = answer["LaunchTemplates"]
        return str(found["LatestVersionNumber" if version == "$Latest" else "DefaultVersionNumber"])


def _instance(described: dict[str, Any], state: dict[str, Any], wanted: dict[str, str]) -> Instance:
    newest = wanted.get(state.get("AutoScalingGroupName", ""), "")
    version = str((state.get("LaunchTemplate") or {}).get("Version", newest))
    return Instance(
        name=described["InstanceId"],
        address=described.get("PrivateIpAddress", ""),
        zone=described["Placement"]["AvailabilityZone"],
        launched=described["LaunchTime"].isoformat(),
        state=state.get("LifecycleState", ""),
        current=version == newest,
    )


def _template(group: dict[str, Any]) -> dict[str, str]:
    mixed = (group.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    found: dict[str, str] = group.get("LaunchTemplate") or mixed.get("LaunchTemplateSpecification") or {}
    return found


def _await(ssm: Any, command: str, patience: float) -> None:
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(ssm.list_commands(CommandId=command)["Commands"][0])
        return found["Status"] not in _RUNNING

    if not until(ended, patience, _TICK):
        raise BackendError(messages.refused("running a command", "the machines are still at it"))
    if found["Status"] != "Success":
        raise BackendError(
            messages.refused("running a command", _complaints(ssm, command, found["InstanceIds"]))
        )


def _complaints(ssm: Any, command: str, names: Sequence[str]) -> str:
    """Return what a command said where it failed."""
    told = {name: ssm.get_command_invocation(CommandId=command, InstanceId=name) for name in names}
    return "; ".join(
        f"{name}: {each['Status']} {each.get('StandardErrorContent', '').strip()}".strip()
        for name, each in told.items()
        if each["Status"] != "Success"
    )
