"""A rendered stack that Terraform applies to an account of moto."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hashistack import pipeline
from tests.aws import inventory
from tests.bed import moto
from tests.bed.moto import Moto
from tests.bed.terraform import Terraform

REGION = "eu-west-1"
PREFIX = "shop-production"
SHOP = Path(__file__).with_name("shop.yaml")
VARIABLES = "terraform.tfvars.json"


@dataclass(slots=True)
class Stand:
    """A folder of Terraform, the account that it works on, and what the account had before."""

    aws: Moto
    folder: Path
    before: set[str]
    said: str = ""
    changed: dict[str, list[str]] = field(default_factory=dict)  # what a plan said, by address

    @property
    def terraform(self) -> Terraform:
        """Return the Terraform of the rendered folder."""
        return Terraform(self.folder / "production" / "terraform", self.aws.environ)

    @property
    def variables(self) -> Path:
        """Return the file of variables, which Terraform reads by itself."""
        return self.terraform.folder / VARIABLES

    def render(self, **keys: Any) -> None:
        """Write the stack; `keys` change those of the environment."""
        descriptor = yaml.safe_load(SHOP.read_text())
        descriptor["environments"]["production"].update(keys)
        text = yaml.safe_dump(descriptor, sort_keys=False)
        for file in pipeline.build(pipeline.load(text, SHOP.name)).files:
            (self.folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / file.path).write_bytes(file.content)
        (self.terraform.folder / "moto_override.tf").write_text(moto.OVERRIDE)

    def hand_over(self, password: str, version: int = 1) -> None:
        """Write the variables, as ``hashistack up`` does."""
        values = {"passwords": {"db": password}, "password_versions": {"db": version}}
        text = json.dumps({**values, "final_snapshots": False})
        self.variables.write_text(text)

    def client(self, service: str) -> Any:
        """Return a client of boto3."""
        return self.aws.client(service, REGION)


def begin(aws: Moto, folder: Path) -> Stand:
    """Return the stack, rendered and not yet applied."""
    stand = Stand(aws, folder, inventory.taken(aws, REGION))
    stand.render()
    stand.terraform.init()
    return stand
