"""The life of a stack on moto: applied once, looked at from outside, changed, and taken away again."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.aws import inventory
from tests.aws.conftest import DATABASE, NEXT_PASSWORD, PASSWORD
from tests.aws.stand import PREFIX, REGION, Stand
from tests.machines.times import step

WORLD = {"0.0.0.0/0", "::/0"}


def test_a_second_plan_finds_nothing_to_do(stand: Stand) -> None:
    with step("second plan"):
        assert stand.terraform.changes() == {}


def test_the_password_is_in_no_state_and_no_plan(stand: Stand) -> None:
    files = [
        one
        for one in stand.terraform.folder.iterdir()
        if one.is_file() and one.name != "terraform.tfvars.json"
    ]
    assert {"terraform.tfstate", "test.tfplan"} <= {one.name for one in files}
    known = [one.name for one in files if any(PASSWORD.encode() in content for content in _contents(one))]
    assert known == []
    assert PASSWORD not in stand.said


def test_http_is_redirected_and_https_has_the_certificate(stand: Stand) -> None:
    elb = stand.client("elbv2")
    listeners = _listeners(elb, f"{PREFIX}-external")
    assert set(listeners) == {80, 443}
    (redirect,) = listeners[80]["DefaultActions"]
    assert redirect["Type"] == "redirect"
    assert redirect["RedirectConfig"]["Protocol"] == "HTTPS"
    assert redirect["RedirectConfig"]["StatusCode"] == "HTTP_301"
    (certificate,) = stand.client("acm").list_certificates()["CertificateSummaryList"]
    assert listeners[443]["Certificates"][0]["CertificateArn"] == certificate["CertificateArn"]
    assert "TLS13" in listeners[443]["SslPolicy"] or "TLS-1-2" in listeners[443]["SslPolicy"]


def test_the_balancers_lead_to_the_clients(stand: Stand) -> None:
    elb = stand.client("elbv2")
    groups = {one["TargetGroupArn"]: one for one in elb.describe_target_groups()["TargetGroups"]}
    assert len(groups) == 3
    (clients,) = _group(stand, "client")
    assert set(clients["TargetGroupARNs"]) == set(groups)
    assert {one["HealthCheckPath"] for one in groups.values() if one["HealthCheckProtocol"] == "HTTP"} == {
        "/ping"
    }
    internal = [one.get("Scheme") == "internal" for one in elb.describe_load_balancers()["LoadBalancers"]]
    assert sorted(internal) == [False, False, True]


def test_the_world_reaches_80_and_443_and_what_was_declared(stand: Stand) -> None:
    ec2 = stand.client("ec2")
    open_ports = set()
    for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [_vpc(ec2)]}])[
        "SecurityGroups"
    ]:
        for rule in group["IpPermissions"]:
            ranges = {one["CidrIp"] for one in rule["IpRanges"]} | {
                one["CidrIpv6"] for one in rule["Ipv6Ranges"]
            }
            if ranges & WORLD:
                open_ports.add((rule.get("FromPort"), rule.get("ToPort"), rule["IpProtocol"]))
    assert open_ports == {(80, 80, "tcp"), (443, 443, "tcp"), (8883, 8883, "tcp")}


def test_instances_keep_their_credentials_to_themselves_and_their_disks_encrypted(stand: Stand) -> None:
    for template in _templates(stand):
        options = template["MetadataOptions"]
        assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
        disks = [one["Ebs"] for one in template["BlockDeviceMappings"]]
        assert disks and all(disk["Encrypted"] and disk["DeleteOnTermination"] for disk in disks)
        assert not any(one.get("AssociatePublicIpAddress") for one in template.get("NetworkInterfaces", []))
        assert "KeyName" not in template


def test_groups_have_their_sizes_hooks_and_share_of_spot(stand: Stand) -> None:
    (servers,), (clients,) = _group(stand, "server"), _group(stand, "client")
    assert (servers["MinSize"], servers["MaxSize"], servers["DesiredCapacity"]) == (3, 3, 3)
    assert (clients["MinSize"], clients["MaxSize"]) == (2, 10)
    spread = clients["MixedInstancesPolicy"]["InstancesDistribution"]
    assert (spread["OnDemandBaseCapacity"], spread["OnDemandPercentageAboveBaseCapacity"]) == (1, 50)
    assert clients["CapacityRebalance"]
    assert {one["AvailabilityZone"] for one in servers["Instances"]} == {f"{REGION}a", f"{REGION}b"}
    hooks = stand.client("autoscaling").describe_lifecycle_hooks
    for group in (servers, clients):
        found = hooks(AutoScalingGroupName=group["AutoScalingGroupName"])["LifecycleHooks"]
        assert {one["LifecycleHookName"]: one["DefaultResult"] for one in found} == {
            "joined": "ABANDON",
            "drain": "CONTINUE",
        }


def test_addresses_of_the_nat_gateways_are_told(stand: Stand) -> None:
    ec2 = stand.client("ec2")
    fixed = {one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]}
    used = {
        address["PublicIp"]
        for gateway in ec2.describe_nat_gateways()["NatGateways"]
        for address in gateway["NatGatewayAddresses"]
    }
    assert set(stand.terraform.outputs()["egress_addresses"]) == fixed == used
    assert len(fixed) == 2


def test_all_that_can_have_tags_has_those_of_cost(stand: Stand) -> None:
    ec2 = stand.client("ec2")
    tagged = [
        *ec2.describe_vpcs(VpcIds=[_vpc(ec2)])["Vpcs"],
        *ec2.describe_nat_gateways()["NatGateways"],
        *ec2.describe_launch_templates()["LaunchTemplates"],
        *stand.client("rds").describe_db_instances()["DBInstances"],
        *(
            one
            for reservation in ec2.describe_instances()["Reservations"]
            for one in reservation["Instances"]
        ),
    ]
    for one in tagged:
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags") or one.get("TagList") or []}
        assert tags.get("team") == "shop", one
        assert tags.get("Environment") == "production", one


def test_the_database_is_inside_encrypted_and_known_by_address_only(stand: Stand) -> None:
    (database,) = stand.client("rds").describe_db_instances()["DBInstances"]
    assert database["StorageEncrypted"] and not database["PubliclyAccessible"]
    known = stand.terraform.outputs()["backing_services"]
    assert known["db"]["addresses"] == [f"{database['Endpoint']['Address']}:{database['Endpoint']['Port']}"]
    assert known["db"]["login"] == {"user": "app", "kind": "password", "of": f"{PREFIX}-db"}
    assert known["uploads"]["login"]["kind"] == "access-key"
    assert stand.client("iam").list_access_keys(UserName=f"{PREFIX}-uploads")["AccessKeyMetadata"] == []


def test_no_bucket_is_public_and_all_are_encrypted(stand: Stand) -> None:
    s3 = stand.client("s3")
    names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert len(names) >= 2
    for name in names:
        assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {
            True
        }
        if "-logs-" in name:
            continue  # S3's own encryption, which is always on: balancers cannot write with a key of ours
        assert "aws:kms" in str(s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"])


def test_the_deploy_role_is_for_one_branch_of_one_repository(stand: Stand) -> None:
    arn = stand.terraform.outputs()["deploy_role_arn"]
    role = stand.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert "repo:example/shop:ref:refs/heads/main" in str(trust["Condition"])
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"


def test_traffic_is_moved_without_replacing_anything(stand: Stand) -> None:
    assert _weights(stand) == {PREFIX: 10, "heroku": 90}
    half = {"weight": 50, "others": {"heroku": {"target": "old.example.net", "weight": 50}}}
    stand.render(dns={"zone": "example.com", "create": True, **half})
    with step("traffic shift on moto"):
        assert stand.terraform.changes() == {
            'aws_route53_record.app["shop.example.com"]': ["update"],
            'aws_route53_record.other_heroku["shop.example.com"]': ["update"],
        }
        stand.terraform.apply_planned(stand.variables)
    assert _weights(stand) == {PREFIX: 50, "heroku": 50}


def test_a_new_password_reaches_the_database_and_nothing_else(rotated: Stand) -> None:
    assert rotated.changed == {DATABASE: ["update"]}
    state = (rotated.terraform.folder / "terraform.tfstate").read_text()
    assert re.search(r'"password_wo_version": 2\b', state)
    assert PASSWORD not in state + rotated.said
    assert NEXT_PASSWORD not in state + rotated.said


def test_nothing_is_left_after_destroy(stand: Stand) -> None:
    assert len(inventory.taken(stand.aws, REGION) - stand.before) > 50
    with step("destroy on moto"):
        stand.terraform.destroy()
    assert inventory.taken(stand.aws, REGION) == stand.before
    assert stand.terraform.resources() == []


def _contents(file: Path) -> Iterator[bytes]:
    """Return the bytes of a file; of a plan, which is an archive, those of its members."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    yield file.read_bytes()


def _listeners(elb: Any, name: str) -> dict[int, Any]:
    (balancer,) = elb.describe_load_balancers(Names=[name])["LoadBalancers"]
    found = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    return {one["Port"]: one for one in found}


def _group(stand: Stand, role: str) -> list[Any]:
    found: list[Any] = stand.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[f"{PREFIX}-{role}"]
    )["AutoScalingGroups"]
    return found


def _templates(stand: Stand) -> list[Any]:
    ec2 = stand.client("ec2")
    names = [f"{PREFIX}-server", f"{PREFIX}-client"]
    return [
        ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Latest"])[
            "LaunchTemplateVersions"
        ][0]["LaunchTemplateData"]
        for name in names
    ]


def _vpc(ec2: Any) -> str:
    (found,) = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.20.0.0/16"]}])["Vpcs"]
    return str(found["VpcId"])


def _weights(stand: Stand) -> dict[str, int]:
    route53 = stand.client("route53")
    zone = next(one for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == "example.com.")
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    return {one["SetIdentifier"]: one["Weight"] for one in records if "Weight" in one}
