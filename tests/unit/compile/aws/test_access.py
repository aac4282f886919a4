from __future__ import annotations

import re

import pytest

from hashistack.compile.aws import access
from tests.unit.compile.aws.stacks import files, stack

ECR = "210987654321.dkr.ecr.eu-central-1.amazonaws.com"


def policy(text: str, name: str) -> str:
    """Return a policy document as it stands in a file."""
    rest = text.split(f'data "aws_iam_policy_document" "{name}" {{')[1]
    return re.split("^(?:data|resource) ", rest, flags=re.MULTILINE)[0]


def test_there_is_a_file_for_what_is_asked_for_and_no_other() -> None:
    assert set(files(access.artifacts, stack())) == {"iam.tf", "repositories.tf"}
    assert set(files(access.artifacts, stack("repositories: []"))) == {"iam.tf"}
    more = "deploy: example/shop\nbastion: [198.51.100.0/24]"
    assert set(files(access.artifacts, stack(more))) == {
        "iam.tf",
        "repositories.tf",
        "deploy.tf",
        "bastion.tf",
    }


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_machine_reads_the_secrets_of_its_own_role_only(role: str) -> None:
    text = files(access.artifacts, stack())["iam.tf"]
    secrets = f'actions = ["ssm:GetParameter"]\nresources = ["${{local.arn.ssm}}:parameter/${{local.prefix}}/{role}/*"]'
    assert secrets in policy(text, role)
    # Amazon's own policy for Session Manager would allow every parameter of the account.
    assert "policy/AmazonSSM" not in text
    assert "ssm:GetParameter" not in policy(text, "machine")


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_machine_completes_the_hooks_of_its_own_group_only(role: str) -> None:
    group = f'"${{local.arn.autoscaling}}:autoScalingGroup:*:autoScalingGroupName/${{local.prefix}}-{role}"'
    assert f'actions = ["autoscaling:CompleteLifecycleAction"]\nresources = [{group}]' in policy(
        files(access.artifacts, stack())["iam.tf"], role
    )


def test_only_servers_save_snapshots_and_only_clients_pull_images() -> None:
    text = files(access.artifacts, stack())["iam.tf"]
    assert "s3:PutObject" in policy(text, "server")
    assert "s3:PutObject" not in policy(text, "client")
    assert "ecr:BatchGetImage" in policy(text, "client")
    assert "ecr:" not in policy(text, "server")


@pytest.mark.parametrize(
    ("more", "image", "resources"),
    [
        ("", "registry.example.com/shop", "[for repository in aws_ecr_repository.app : repository.arn]"),
        ("repositories: []", f"{ECR}/shop", '["arn:${data.aws_partition.current.partition}:ecr:eu-central-1'),
        ("", f"{ECR}/shop", "concat([for repository in aws_ecr_repository.app : repository.arn], ["),
    ],
)
def test_clients_pull_from_the_repositories_they_need(more: str, image: str, resources: str) -> None:
    assert f"resources = {resources}" in policy(
        files(access.artifacts, stack(more, image))["iam.tf"], "client"
    )


def test_without_repositories_clients_have_no_right_to_any() -> None:
    assert "ecr:" not in files(access.artifacts, stack("repositories: []"))["iam.tf"]


@pytest.mark.parametrize(("scale", "allowed"), [("{memory: 70}", True), ("{cpu: 70}", False)])
def test_clients_write_their_metric_where_it_is_used(scale: str, allowed: bool) -> None:
    text = files(access.artifacts, stack(f"clients: {{min: 2, max: 3, scale: {scale}}}"))["iam.tf"]
    assert ("cloudwatch:PutMetricData" in policy(text, "client")) is allowed


def test_one_branch_of_one_repository_deploys() -> None:
    text = files(access.artifacts, stack("deploy: {github: example/shop, branch: live}"))["deploy.tf"]
    assert 'values = ["repo:example/shop:ref:refs/heads/live"]' in policy(text, "deploy_trust")
    assert "identifiers = [aws_iam_openid_connect_provider.github.arn]" in text


def test_an_account_has_one_provider_for_github() -> None:
    text = files(access.artifacts, stack("deploy: {github: example/shop, provider: false}"))["deploy.tf"]
    assert 'resource "aws_iam_openid_connect_provider"' not in text
    assert ':oidc-provider/token.actions.githubusercontent.com"]' in text


def test_whoever_deploys_forwards_ports_to_servers_and_opens_no_shell() -> None:
    rights = policy(files(access.artifacts, stack("deploy: example/shop"))["deploy.tf"], "deploy")
    assert rights.count("ssm:StartSession") == len(("a server", "a document"))
    assert 'variable = "ssm:resourceTag/hashistack-join"\nvalues = ["${local.prefix}-server"]' in rights
    assert 'variable = "ssm:SessionDocumentAccessCheck"\nvalues = ["true"]' in rights
    assert "::document/AWS-StartPortForwardingSession" in rights
    assert "/operator" not in rights


def test_a_bastion_is_open_to_the_networks_of_the_descriptor() -> None:
    text = files(access.artifacts, stack("bastion: [198.51.100.0/24, 203.0.113.7/32]"))["bastion.tf"]
    assert 'for_each = toset(["198.51.100.0/24", "203.0.113.7/32"])' in text
    assert "0.0.0.0/0" not in text
