"""What moto answers otherwise than AWS, put right: the AWS provider of Terraform reads it and would see differences.

Each was seen as a change in a second ``terraform plan`` of a stack that nobody had touched, or as an apply that hung.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, FakeScalingPolicy, LifecycleHook
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.utils import parse_user_data
from moto.iam.responses import IamResponse
from moto.iot.responses import IoTResponse
from moto.rds.models import DBParameterGroup
from moto.rds.responses import RDSResponse
from moto.route53.models import FakeZone
from moto.route53.responses import Route53
from moto.ssm.models import Parameter, ParameterDict

CANONICAL = "/aws/service/canonical/ubuntu/server/24.04/stable/current"
IMAGES = {
    "/aws/service/debian/release/12/latest/amd64": "ami-0d12a000000000001",
    "/aws/service/debian/release/12/latest/arm64": "ami-0d12a000000000002",
    "/aws/service/debian/release/13/latest/amd64": "ami-0d13a000000000001",
    "/aws/service/debian/release/13/latest/arm64": "ami-0d13a000000000002",
    f"{CANONICAL}/amd64/hvm/ebs-gp3/ami-id": "ami-0b24a000000000001",
    f"{CANONICAL}/arm64/hvm/ebs-gp3/ami-id": "ami-0b24a000000000002",
}
"""The parameters in which the distributions publish their machine images, and an id for each."""

REFRESH = "08b91cf7-8fa6-48af-b6a6-d227f40f1b9b"
KEPT_BY_GROUPS = {
    "default_instance_warmup": "DefaultInstanceWarmup",
    "max_instance_lifetime": "MaxInstanceLifetime",
    "instance_maintenance_policy": "InstanceMaintenancePolicy",
}

Method = Callable[..., Any]


def after(cls: type, name: str) -> Callable[[Method], Method]:
    """Run the decorated function whenever `cls.name` has run, on the same object."""

    def decorate(function: Method) -> Method:
        original = getattr(cls, name)

        @functools.wraps(original)
        def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
            result = original(self, *arguments, **keywords)
            function(self)
            return result

        setattr(cls, name, method)
        return function

    return decorate


def instead(cls: type, name: str) -> Callable[[Method], Method]:
    """Run the decorated function in the place of `cls.name`; it gets the original before all other arguments."""

    def decorate(function: Method) -> Method:
        original = getattr(cls, name, None)

        def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
            return function(original, self, *arguments, **keywords)

        setattr(cls, name, method)
        return function

    return decorate


@after(LaunchTemplateVersion, "__init__")
def _without_the_templates_own_tags(version: Any) -> None:
    given = version.data.get("TagSpecifications", [])
    version.data["TagSpecifications"] = [one for one in given if one["ResourceType"] != "launch-template"]
    if isinstance(version.data.get("UserData"), str):
        version.data["UserData"] = parse_user_data(version.data["UserData"])


@after(SecurityGroupRule, "__init__")
def _described_whatever_its_source(rule: Any) -> None:
    rule.ip_range.setdefault("Description", rule.source_group.get("Description"))


@after(FakeScalingPolicy, "__init__")
def _enabled(policy: Any) -> None:
    policy.enabled = True
    policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None


@after(LifecycleHook, "__init__")
def _without_a_target(hook: Any) -> None:
    hook.role_arn = hook.notification_target_arn = None


@instead(FakeAutoScalingGroup, "update")
def _keep_the_mixture(original: Method, group: Any, **keywords: Any) -> None:
    mixture = group.mixed_instances_policy
    original(group, **keywords)
    group.mixed_instances_policy = group.mixed_instances_policy or mixture


@after(AutoScalingResponse, "create_auto_scaling_group")
@after(AutoScalingResponse, "update_auto_scaling_group")
def _keep_what_groups_have(answer: Any) -> None:
    group = answer.autoscaling_backend.autoscaling_groups[answer._get_param("AutoScalingGroupName")]
    for attribute, parameter in KEPT_BY_GROUPS.items():
        if (value := answer._get_param(parameter)) is not None:
            setattr(group, attribute, value)


@instead(AutoScalingResponse, "start_instance_refresh")
def _refresh(_: Method, answer: Any) -> ActionResult:
    return ActionResult({"InstanceRefreshId": REFRESH})


@instead(AutoScalingResponse, "describe_instance_refreshes")
def _refreshes(_: Method, answer: Any) -> ActionResult:
    return ActionResult({"InstanceRefreshes": []})


@instead(Route53, "_get_bool_param")
def _a_zone_with_a_network_is_private(original: Method, answer: Any, name: str, default: Any = None) -> Any:
    if name == "HostedZoneConfig.PrivateZone" and answer._get_param("VPC.VPCId"):
        return True
    return original(answer, name, default)


@after(FakeZone, "add_vpc")
def _networks_by_the_names_of_the_api(zone: Any) -> None:
    for vpc in zone.vpcs:
        vpc.update(VPCId=vpc["vpc_id"], VPCRegion=vpc["vpc_region"])


@after(DBParameterGroup, "update_parameters")
def _parameters_of_the_user(group: Any) -> None:
    for parameter in group.parameters.values():
        parameter["Source"] = "user"


@after(RDSResponse, "create_db_instance")
def _keep_the_insights(answer: Any) -> None:
    instance = answer.backend.databases[answer.params["DBInstanceIdentifier"]]
    instance.performance_insights_enabled = answer.params.get("EnablePerformanceInsights", False)
    instance.performance_insights_kms_key_id = answer.params.get("PerformanceInsightsKMSKeyId")


@instead(IoTResponse, "create_policy")
def _keep_the_tags(original: Method, answer: Any) -> Any:
    result = original(answer)
    policy = answer.iot_backend.policies[answer._get_param("policyName")]
    policy.tags_of_its_maker = answer._get_param("tags") or []
    return result


@instead(IoTResponse, "list_tags_for_resource")
def _the_tags_that_were_kept(_: Method, answer: Any) -> str:
    policy = answer.iot_backend.policies[answer._get_param("resourceArn").rpartition("/")[2]]
    return json.dumps({"tags": policy.tags_of_its_maker})


@instead(IamResponse, "list_service_specific_credentials")
def _no_passwords_of_users_for_services(_: Method, answer: Any) -> ActionResult:
    return ActionResult({"ServiceSpecificCredentials": []})  # asked for before a user is deleted


@after(ParameterDict, "__init__")
def _images_of_the_distributions(parameters: Any) -> None:
    for name, image in IMAGES.items():
        about = {"name": name, "value": image, "parameter_type": "String", "data_type": "aws:ec2:image"}
        nothing = dict.fromkeys(("description", "allowed_pattern", "keyid"))
        kind: Any = Parameter  # abstract by its annotations only
        one = kind(parameters.account_id, last_modified_date=utcnow(), version=1, **about, **nothing)
        dict.__setitem__(parameters, name, [one])
