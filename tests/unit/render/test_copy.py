from __future__ import annotations

from hashistack.compile.artifact import Copy
from hashistack.render import render
from hashistack.render.environment import source_of, template_folders


def test_a_copied_file_arrives_byte_by_byte_and_without_a_header() -> None:
    file = render(Copy("factory/terraform/bootstrap.sh", "bootstrap.sh"))
    assert (file.path, file.template) == ("factory/terraform/bootstrap.sh", "bootstrap.sh")
    assert file.content == source_of("bootstrap.sh").read_bytes()
    assert file.content.startswith(b"#!/bin/sh\n")


def test_it_lies_with_the_templates() -> None:
    assert source_of("bootstrap.sh").parent in template_folders()
