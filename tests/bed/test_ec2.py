"""EC2 for a bed itself: an instance finds out who it is, is believed what it signs, and no more than its role says."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bed import ec2, factory, moto, processes, terraform
from tests.bed.ec2 import Ec2
from tests.bed.machine import Machine
from tests.bed.missing import BedError
from tests.conftest import needed

REGION = "eu-west-1"
TOKEN = (
    "curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token"
)
ASK = f'curl -s -o /tmp/said -w "%{{http_code}} " -H "X-aws-ec2-metadata-token: $({TOKEN})" http://169.254.169.254/latest'
USER_DATA = b"#!/bin/sh\necho $(id -u) >/root/booted\n"
TRUST = {"Version": "2012-10-17", "Statement": []}
RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ssm:GetParameter"],
            "Resource": "arn:aws:ssm:*:*:parameter/shop/mine/*",
        },
        {"Effect": "Allow", "Action": ["autoscaling:CompleteLifecycleAction"], "Resource": ["*"]},
    ],
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ec2]:
    with needed():
        factory.ensure_possible()
        moto.ensure()
    folder = tmp_path_factory.mktemp("aws")
    with factory.running(0) as bed, ec2.running(bed, folder, REGION) as running:
        _launch(running.aws)
        processes.wait_for(lambda: bool(running.seen), seconds=10)
        running.seen[next(iter(running.seen))].result(timeout=60)
        yield running


@pytest.fixture
def machine(cloud: Ec2) -> Machine:
    return cloud.machine(cloud.running()[0].id)


@pytest.mark.slow
def test_user_data_ran_once_as_root(machine: Machine) -> None:
    processes.wait_for(lambda: machine.ssh("cat /root/booted").stdout == "0\n", seconds=10)


@pytest.mark.slow
def test_metadata_is_for_those_with_a_token_of_their_own(cloud: Ec2, machine: Machine) -> None:
    told = machine.run(f"{ASK}/meta-data/instance-id; cat /tmp/said")
    assert told == f"200 {cloud.running()[0].id}"
    bare = "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id"
    assert machine.run(bare) == "401"
    assert machine.run(f"{bare} -H 'X-aws-ec2-metadata-token: another'") == "401"
    assert machine.run(f"{ASK}/meta-data/spot/instance-action").startswith("404 ")
    assert machine.run(f"{ASK}/meta-data/placement/availability-zone; cat /tmp/said")[:-1] == f"200 {REGION}"


@pytest.mark.slow
def test_a_role_may_do_what_its_policy_says_and_nothing_else(cloud: Ec2, machine: Machine) -> None:
    ssm = cloud.aws.client("ssm", REGION)
    for name in ("mine", "other"):
        ssm.put_parameter(Name=f"/shop/{name}/key", Value=f"value of {name}", Type="SecureString")
    assert json.loads(_signed(machine, "/shop/mine/key"))["Parameter"]["Value"] == "value of mine"
    assert "AccessDenied" in _signed(machine, "/shop/other/key")
    assert "SignatureDoesNotMatch" in _signed(machine, "/shop/mine/key", secret="wrong")
    assert "InvalidClientTokenId" in _signed(machine, "/shop/mine/key", token="stolen")
    assert [call.resource[-16:] for call in cloud.api.of("ssm:GetParameter")] == ["er/shop/mine/key"]


@pytest.mark.slow
def test_an_instance_leaves_when_its_hook_is_completed_and_another_comes(
    cloud: Ec2, machine: Machine
) -> None:
    scaling = cloud.aws.client("autoscaling", REGION)
    old = cloud.running()[0].id
    hook = {"LifecycleHookName": "drain", "AutoScalingGroupName": "shop-client"}
    scaling.put_lifecycle_hook(**hook, LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING")
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
    processes.wait_for(lambda: len(cloud.running()) == 2, seconds=30)
    assert _states(scaling)[old] == "Terminating:Wait"
    assert machine.is_on()
    scaling.complete_lifecycle_action(**hook, InstanceId=old, LifecycleActionResult="CONTINUE")
    processes.wait_for(lambda: not machine.is_on(), seconds=10)
    assert old not in _states(scaling)


def test_the_provider_is_found_by_looking() -> None:
    with needed():
        terraform.ensure()
    found = terraform.plugin_folder()
    assert found is None or list(found.glob("*/hashicorp/aws"))


def _signed(machine: Machine, name: str, **wrong: str) -> str:
    held = json.loads(machine.run(f"{ASK}/meta-data/iam/security-credentials/shop; cat /tmp/said")[4:])
    secret, token = wrong.get("secret", held["SecretAccessKey"]), wrong.get("token", held["Token"])
    body = json.dumps({"Name": name, "WithDecryption": True})
    return machine.run(
        f"curl -s --aws-sigv4 aws:amz:{REGION}:ssm --user {held['AccessKeyId']}:{secret} "
        f"-H 'X-Amz-Security-Token: {token}' -H 'X-Amz-Target: AmazonSSM.GetParameter' "
        f"-H 'Content-Type: application/x-amz-json-1.1' -d '{body}' https://ssm.{REGION}.amazonaws.com/"
    )


def _states(scaling: Any) -> dict[str, str]:
    found = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    return {one["InstanceId"]: one["LifecycleState"] for one in found}


def _launch(aws: moto.Moto) -> None:
    """Make a group of one instance, as Terraform would."""
    iam, machines = aws.client("iam", REGION), aws.client("ec2", REGION)
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="shop", PolicyName="rights", PolicyDocument=json.dumps(RIGHTS))
    iam.create_instance_profile(InstanceProfileName="shop")
    iam.add_role_to_instance_profile(InstanceProfileName="shop", RoleName="shop")
    machines.create_launch_template(
        LaunchTemplateName="shop",
        LaunchTemplateData={
            "ImageId": "ami-0d12a000000000001",
            "InstanceType": "t3.small",
            "UserData": base64.b64encode(gzip.compress(USER_DATA)).decode(),
            "IamInstanceProfile": {"Name": "shop"},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        },
    )
    subnets = machines.describe_subnets()["Subnets"]
    aws.client("autoscaling", REGION).create_auto_scaling_group(
        AutoScalingGroupName="shop-client",
        MinSize=1,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateName": "shop", "Version": "1"},
        VPCZoneIdentifier=",".join(one["SubnetId"] for one in subnets[:2]),
    )


def test_user_data_that_ec2_would_not_take_is_refused() -> None:
    with pytest.raises(BedError, match="EC2 takes"):
        ec2.script(base64.b64encode(os.urandom(17000)).decode())
    with pytest.raises(BedError, match="would not run"):
        ec2.script(base64.b64encode(b"echo no interpreter").decode())
