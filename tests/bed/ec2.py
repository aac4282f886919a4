"""EC2 for a bed: whatever instance moto launches is a machine that boots and runs its user data, as cloud-init does.

The machine has the address that the instance has in moto, so that all who ask for addresses find it.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bed import aws_api, metadata, moto, run_command, ssm_agent
from tests.bed.aws_api import Api
from tests.bed.factory import Factory
from tests.bed.lan import FIRST_MACHINE
from tests.bed.machine import Machine
from tests.bed.metadata import Instance, Metadata
from tests.bed.missing import BedError
from tests.bed.moto import Moto
from tests.bed.run_command import Command

MOST = 15  # instances, gone ones included, in the life of a bed
MOST_USER_DATA = 16384  # bytes, before base64 (EC2 user guide)
INSTANCES = "instances.json"
EVERY = 0.5
SCRIPT = "/var/lib/cloud/instance/scripts/part-001"
AUTHORITY = "/usr/local/share/ca-certificates/aws.crt"
# Output goes to the journal of a unit, since nobody is logged in when EC2 does it.
RUN = (
    "update-ca-certificates >/dev/null 2>&1 && "
    f"systemd-run --quiet --unit=cloud-final --no-block --property=Type=oneshot {SCRIPT}"
)


@dataclass(slots=True)
class Ec2:
    """The instances that have machines, and AWS as they see it."""

    bed: Factory
    aws: Moto
    api: Api
    metadata: Metadata
    region: str
    seen: dict[str, Future[None]] = field(default_factory=dict)
    taken: set[Path] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def machine(self, instance: str) -> Machine:
        """Return the machine of an instance."""
        found = next(one for one in self.metadata.instances.values() if one.id == instance)
        return self._machine_at(found.address)

    def running(self, role: str = "") -> list[Instance]:
        """Return the instances whose machines are on, in the order in which they came; of one role, or all."""
        found = (one for one in self.metadata.instances.values() if self._machine_at(one.address).is_on())
        return [one for one in found if role in one.role]

    def failures(self) -> list[str]:
        """Return why machines did not come up."""
        done = (one for one in self.seen.values() if one.done())
        return [str(error) for one in done if (error := one.exception())]

    def watch(self) -> None:
        """Boot what moto launches and switch off what it has terminated, until it is over."""
        client = self.aws.client("ec2", self.region)
        scaling = self.aws.client("autoscaling", self.region)
        with ThreadPoolExecutor(MOST) as pool:
            while not self.over.wait(EVERY):
                for one in _described(client):
                    self._look_at(one, pool)
                for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]:
                    if one["LifecycleState"].startswith("Terminating"):
                        self._leave(one["InstanceId"])
                for command in run_command.handed_over(self.aws.commands):
                    if command.file not in self.taken:
                        self.taken.add(command.file)
                        pool.submit(self._carry_out, command)

    def _carry_out(self, command: Command) -> None:
        """Do what the agent of Systems Manager does: run the line as root on all machines at once."""

        def ended_well(instance: str) -> bool:
            try:
                return self.machine(instance).ssh(command.line).returncode == 0
            except (
                StopIteration,
                subprocess.TimeoutExpired,
            ):  # there is no such machine, or it is still at it
                return False

        with ThreadPoolExecutor(MOST) as pool:
            command.end(well=all(pool.map(ended_well, command.instances)))

    def _leave(self, identity: str) -> None:
        """Let an instance know what it is to become, as the metadata service does."""
        for one in self.metadata.instances.values():
            if one.id == identity:
                one.lifecycle = "Terminated"

    def _look_at(self, one: Mapping[str, Any], pool: ThreadPoolExecutor) -> None:
        identity, state = one["InstanceId"], one["State"]["Name"]
        if identity not in self.seen and state in ("pending", "running") and self._is_ours(one):
            self.seen[identity] = pool.submit(self._launch, one)
        elif identity in self.seen and state == "terminated" and self.seen[identity].done():
            found = next((each for each in self.running() if each.id == identity), None)
            if found:
                self._machine_at(found.address).power_cut()

    def _is_ours(self, one: Mapping[str, Any]) -> bool:
        return str(one.get("PrivateIpAddress", "")) in addresses(self.bed)

    def _launch(self, one: Mapping[str, Any]) -> None:
        """Do what EC2 and the machine image do before the instance's own script has its turn."""
        template = _template(self.aws, self.region, one)
        address = one["PrivateIpAddress"]
        self.metadata.instances[address] = _instance(self.aws, self.region, one, template)
        machine = self._machine_at(address)
        machine.folder.mkdir(parents=True, exist_ok=True)
        machine.make_disk()
        _put(machine.disk, AUTHORITY, self.api.authority.encode(), 0o644)
        _put(machine.disk, SCRIPT, script(template["UserData"]), 0o700)
        self._note()
        machine.switch_on()
        machine.wait()
        machine.run(RUN)

    def _machine_at(self, address: str) -> Machine:
        return self.bed.machine(f"h{int(address.rpartition('.')[2]) - FIRST_MACHINE}")

    def _note(self) -> None:
        """Write down which machine is which instance, for the program that makes tunnels."""
        known = {one.id: self._machine_at(one.address).name for one in self.metadata.instances.values()}
        new = self.bed.folder / f"{INSTANCES}.{threading.get_ident()}"
        new.write_text(json.dumps(known))
        new.rename(self.bed.folder / INSTANCES)


@contextmanager
def running(bed: Factory, folder: Path, region: str) -> Iterator[Ec2]:
    """Give an empty account of AWS whose instances are machines of the bed, which has none yet."""
    with ExitStack() as stack:
        aws = stack.enter_context(moto.running(folder, addresses(bed)))
        known = stack.enter_context(metadata.serving(bed.lan))
        files = {path.format(region=region): ssm_agent.package() for path in ssm_agent.PATHS}
        api = stack.enter_context(aws_api.serving(bed.gateway, Api(aws, region, known, files), bed.folder))
        ec2 = Ec2(bed, aws, api, known, region)
        watcher = threading.Thread(target=ec2.watch, daemon=True)
        watcher.start()
        try:
            yield ec2
        finally:
            ec2.over.set()
            watcher.join(timeout=120)


def addresses(bed: Factory) -> list[str]:
    """Return the addresses that instances of the bed get, in their order."""
    return [bed.lan.address(index) for index in range(1, MOST + 1)]


def script(user_data: str) -> bytes:
    """Return the script that is in a launch template's user data, as cloud-init finds it."""
    packed = base64.b64decode(user_data, validate=True)
    if len(packed) > MOST_USER_DATA:
        raise BedError(f"user data of {len(packed)} bytes; EC2 takes {MOST_USER_DATA}")
    found = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    if not found.startswith(b"#!"):
        raise BedError(f"cloud-init would not run this: {found[:40]!r}")
    return found


def _described(client: Any) -> list[Mapping[str, Any]]:
    answer = client.describe_instances()
    return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]


def _template(aws: Moto, region: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of the launch template that the instance's group has now."""
    group = _tags(one)["aws:autoscaling:groupName"]
    answer = aws.client("autoscaling", region).describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    found = answer["AutoScalingGroups"][0]
    mixed = found.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    named = mixed or found["LaunchTemplate"]
    versions = aws.client("ec2", region).describe_launch_template_versions(
        LaunchTemplateId=named["LaunchTemplateId"], Versions=[named["Version"]]
    )
    content: Mapping[str, Any] = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return content


def _instance(aws: Moto, region: str, one: Mapping[str, Any], template: Mapping[str, Any]) -> Instance:
    options = template["MetadataOptions"]
    if options["HttpTokens"] != "required":
        raise BedError("the launch template lets instances be asked without a token")
    profile = template["IamInstanceProfile"]
    name = profile.get("Name") or profile["Arn"].rpartition("/")[2]
    roles = aws.client("iam", region).get_instance_profile(InstanceProfileName=name)["InstanceProfile"][
        "Roles"
    ]
    return Instance(
        id=one["InstanceId"],
        address=one["PrivateIpAddress"],
        zone=one["Placement"]["AvailabilityZone"],
        region=region,
        account=moto.ACCOUNT,
        type=one["InstanceType"],
        image=one["ImageId"],
        role=roles[0]["RoleName"],
        tags=_tags(one) if options.get("InstanceMetadataTags") == "enabled" else None,
        hops=int(options.get("HttpPutResponseHopLimit", 1)),
    )


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    tags: Sequence[Mapping[str, str]] = one.get("Tags", [])
    return {tag["Key"]: tag["Value"] for tag in tags}


def _put(disk: Path, path: str, content: bytes, mode: int) -> None:
    file = disk / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
