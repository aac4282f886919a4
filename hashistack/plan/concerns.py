"""What a resource of Terraform is about, and what people call it. Pure."""

from __future__ import annotations

from typing import Literal

Concern = Literal[
    "network",
    "load balancers and names",
    "servers",
    "clients",
    "data",
    "access",
    "images",
    "watching",
    "other",
]
"""In the order in which they are shown: from the ground upwards."""

# The longest prefix of a type decides; AWS has some 1,500 types, and a stack uses about a hundred.
_CONCERNS: dict[str, Concern] = {
    "aws_vpc": "network",
    "aws_subnet": "network",
    "aws_internet_gateway": "network",
    "aws_nat_gateway": "network",
    "aws_eip": "network",
    "aws_route": "network",
    "aws_default_": "network",
    "aws_network_": "network",
    "aws_security_group": "network",
    "aws_flow_log": "watching",
    "aws_lb": "load balancers and names",
    "aws_route53_": "load balancers and names",
    "aws_acm_": "load balancers and names",
    "aws_autoscaling_": "clients",
    "aws_launch_template": "clients",
    "aws_instance": "access",
    "aws_db_": "data",
    "aws_rds_": "data",
    "aws_docdb_": "data",
    "aws_elasticache_": "data",
    "aws_msk_": "data",
    "aws_s3_": "data",
    "aws_iot_": "data",
    "aws_kms_": "access",
    "aws_iam_": "access",
    "aws_ssm_": "access",
    "aws_secretsmanager_": "access",
    "aws_ecr_": "images",
    "aws_cloudwatch_": "watching",
    "aws_sns_": "watching",
    "aws_appautoscaling_": "watching",
    "terraform_data": "clients",
}
_BASTION = "bastion"
_SERVICE = "service_"
_LOGS = "logs"

_NOUNS = {
    "aws_vpc": "VPC",
    "aws_eip": "Elastic IP",
    "aws_nat_gateway": "NAT gateway",
    "aws_db_instance": "database",
    "aws_docdb_cluster": "database cluster",
    "aws_docdb_cluster_instance": "database node",
    "aws_elasticache_replication_group": "cache",
    "aws_msk_cluster": "Kafka cluster",
    "aws_s3_bucket": "bucket",
    "aws_kms_key": "encryption key",
    "aws_ecr_repository": "image repository",
    "aws_lb": "load balancer",
    "aws_lb_listener": "listener",
    "aws_lb_target_group": "target group",
    "aws_route53_record": "DNS record",
    "aws_route53_zone": "hosted zone",
    "aws_acm_certificate": "certificate",
    "aws_acm_certificate_validation": "certificate validation",
    "aws_launch_template": "launch template",
    "aws_autoscaling_group": "Auto Scaling group",
    "aws_autoscaling_lifecycle_hook": "lifecycle hook",
    "aws_autoscaling_policy": "scaling policy",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_cloudwatch_log_group": "log group",
    "aws_sns_topic": "alarm topic",
    "aws_sns_topic_subscription": "alarm subscription",
    "aws_vpc_security_group_ingress_rule": "rule for incoming traffic",
    "aws_vpc_security_group_egress_rule": "rule for outgoing traffic",
    "aws_vpc_endpoint": "VPC endpoint",
    "aws_iam_openid_connect_provider": "OpenID Connect provider",
    "terraform_data": "remembered value",
}
_CAPITALS = {
    "iam": "IAM",
    "s3": "S3",
    "kms": "KMS",
    "db": "DB",
    "ecr": "ECR",
    "ssm": "SSM",
    "msk": "MSK",
    "vpc": "VPC",
}


def concern(type_: str, name: str, key: str = "") -> Concern:
    """Return what a resource is about; machines of the servers and the bastion are told by their name or key."""
    prefix = max((each for each in _CONCERNS if type_.startswith(each)), key=len, default="")
    found = _CONCERNS.get(prefix, "other")
    if name.startswith(_SERVICE):
        return "data"
    if name == _BASTION:
        return "access"
    if found == "clients" and (name.startswith("server") or key.startswith("server")):
        return "servers"
    if type_.startswith("aws_s3_") and name == _LOGS:
        return "watching"
    return found


def noun(type_: str) -> str:
    """Return what people call a type; one without a name of its own is called as Terraform does, without `aws_`."""
    if type_ in _NOUNS:
        return _NOUNS[type_]
    if type_.startswith("aws_s3_bucket_"):
        return "bucket setting"
    return " ".join(_CAPITALS.get(word, word) for word in type_.removeprefix("aws_").split("_"))
