"""Tier 2: Terraform itself plans and applies each stack of the matrix, with a provider that only pretends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hashistack.compile.aws import services
from tests.aws import matrix
from tests.bed import terraform
from tests.conftest import needed

MOCKS = (Path(__file__).parent / "mocks.hcl").read_text()


@pytest.mark.parametrize("case", matrix.CASES)
def test_terraform_makes_it(case: str, tmp_path: Path) -> None:
    with needed():
        terraform.ensure()
    folder = matrix.rendered(case, tmp_path)
    (folder / "backend.tf").unlink(missing_ok=True)
    machine = terraform.Terraform(folder)
    machine.run("fmt", "-check", "-diff")
    machine.init()
    (folder / "mocks.tftest.hcl").write_text(_test(case, folder))
    machine.run("validate")
    assert "Warning" not in machine.run("test")


def _test(case: str, folder: Path) -> str:
    """Return a test for Terraform: a provider that pretends, values for the variables, and what the case expects."""
    expected = (matrix.HERE / f"{case}.tftest.hcl").read_text()
    provider = f'mock_provider "aws" {{\n{MOCKS}\n{_certificate(folder)}\n}}\n'
    return f"{provider}\n{_variables(case)}\n{expected}"


def _certificate(folder: Path) -> str:
    """Return a certificate that asks for a record for each of its names, as ACM does."""
    names = folder / "dns.tf"
    found = re.search(
        r'domain_name += ("[^"]+")\n +subject_alternative_names = \[(.*)\]',
        names.read_text() if names.exists() else "",
    )
    options = [
        {
            "domain_name": name,
            "resource_record_name": f"_proof.{name}",
            "resource_record_type": "CNAME",
            "resource_record_value": "_proof.acm-validations.aws",
        }
        for name in (json.loads(f"[{found[1]}, {found[2]}]") if found else [])
    ]
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mock"
    defaults = json.dumps({"arn": arn, "domain_validation_options": options})
    return f'mock_resource "aws_acm_certificate" {{\n  defaults = {defaults}\n}}'


def _variables(case: str) -> str:
    names = services.passwords(matrix.stack(case))
    if not names:
        return ""
    passwords = json.dumps({name: "a-password-of-a-test" for name in names})
    versions = json.dumps({name: 1 for name in names})
    return f"variables {{\n  passwords         = {passwords}\n  password_versions = {versions}\n}}\n"
