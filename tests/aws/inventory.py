"""All that an account has, by kind: to see that an apply made it and a destroy took it away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.bed.moto import Moto

# Service, the call that lists, where the list is, what names one of it.
_KINDS = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"),
    ("autoscaling", "describe_policies", "ScalingPolicies", "PolicyARN"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("route53", "list_hosted_zones", "HostedZones", "Id"),
    ("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_users", "Users", "UserName"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("events", "list_rules", "Rules", "Name"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
    ("iot", "list_policies", "policies", "policyName"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
)
# What AWS itself keeps for a while of what is gone.
_GONE = {"deleted", "PendingDeletion", "terminated"}


def taken(aws: Moto, region: str) -> set[str]:
    """Return what the account has, as ``KIND NAME``."""
    return set(_listed(aws, region))


def _listed(aws: Moto, region: str) -> Iterator[str]:
    for service, call, where, name in _KINDS:
        for one in getattr(aws.client(service, region), call)()[where]:
            if str(one.get("State")) not in _GONE:
                yield f"{where} {one[name]}"
    yield from _instances(aws, region)
    yield from _keys(aws, region)


def _instances(aws: Moto, region: str) -> Iterator[str]:
    for reservation in aws.client("ec2", region).describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            if one["State"]["Name"] not in _GONE:
                yield f"Instances {one['InstanceId']}"


def _keys(aws: Moto, region: str) -> Iterator[str]:
    kms = aws.client("kms", region)
    for one in kms.list_keys()["Keys"]:
        key: Mapping[str, Any] = kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]
        # AWS makes a key of its own when something is encrypted without one of ours, and keeps it.
        if key["KeyState"] not in _GONE and not key["Description"].startswith("Default "):
            yield f"Keys {one['KeyId']}"
