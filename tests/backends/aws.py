"""A small environment in moto: its stack, a group of servers that came out of a launch template."""

from __future__ import annotations

from typing import Any

from hashistack import pipeline
from hashistack.model import Stack
from tests.bed.moto import Moto

REGION = "eu-west-1"
PREFIX = "shop-production"


def stack(*lines: str) -> Stack:
    """Return the stack of an environment in AWS with more lines in it."""
    more = "".join(f"    {line}\n" for line in lines)
    text = f"""\
app: shop
image: example.com/shop:1
processes:
  web: {{command: ./web, port: 8000, health: /health, routes: [shop.example.com]}}
environments:
  production:
    target: aws
    region: {REGION}
    domain: shop.example.com
{more}"""
    return pipeline.load(text.encode(), "hashistack.yaml").stacks[0]


def servers(moto: Moto, count: int = 3, role: str = "server") -> list[str]:
    """Start a group of machines as Terraform does, and return their ids."""
    ec2, scaling = moto.client("ec2"), moto.client("autoscaling")
    name = f"{PREFIX}-{role}"
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    tags = [{"Key": "hashistack-join", "Value": name}]
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=_data(ec2, tags))
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=count,
        MaxSize=count,
        VPCZoneIdentifier=",".join(subnets[:2]),
        LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
        Tags=[{**tag, "ResourceId": name, "PropagateAtLaunch": True} for tag in tags],
    )
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return [each["InstanceId"] for each in group["Instances"]]


def newer(moto: Moto, role: str = "server") -> None:
    """Change the launch template, as Terraform does for other versions."""
    name = f"{PREFIX}-{role}"
    tags = [{"Key": "hashistack-join", "Value": name}]
    ec2, scaling = moto.client("ec2"), moto.client("autoscaling")
    ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=_data(ec2, tags))
    scaling.update_auto_scaling_group(
        AutoScalingGroupName=name, LaunchTemplate={"LaunchTemplateName": name, "Version": "2"}
    )


def _data(ec2: Any, tags: list[dict[str, str]]) -> dict[str, Any]:
    image = ec2.describe_images()["Images"][0]["ImageId"]
    return {
        "ImageId": image,
        "InstanceType": "t3.small",
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
    }
