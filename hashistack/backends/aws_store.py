"""Secrets in AWS: parameters of Systems Manager below one path, encrypted, never shown by what fails here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hashistack.backends.aws import Aws, code, explained
from hashistack.plan.sensitive import Sensitive

_BATCH = 10  # the most names that one DeleteParameters takes


@dataclass(frozen=True, slots=True)
class Store:
    """The parameters below /<prefix>/; a name is what follows it, with slashes."""

    aws: Aws
    prefix: str

    def read(self, name: str) -> Sensitive | None:
        """Return a value, None if there is none."""
        from botocore.exceptions import ClientError

        with explained(f"reading parameter {self.path(name)}"):
            try:
                found = self.aws.client("ssm").get_parameter(Name=self.path(name), WithDecryption=True)
            except ClientError as error:
                if code(error) == "ParameterNotFound":
                    return None
                raise
        return Sensitive(found["Parameter"]["Value"])

    def read_below(self, folder: str) -> dict[str, Sensitive]:
        """Return all values below a folder by their names in it."""
        top = f"{self.path(folder)}/"
        return {
            each["Name"].removeprefix(top): Sensitive(each["Value"])
            for each in self._below(folder, decrypted=True)
        }

    def put(self, name: str, value: Sensitive) -> bool:
        """Store a value unless it is the same already; tell whether it was stored."""
        known = self.read(name)
        if known is not None and known.reveal() == value.reveal():
            return False
        with explained(f"writing parameter {self.path(name)}"):
            self.aws.client("ssm").put_parameter(
                Name=self.path(name),
                Value=value.reveal(),
                Type="SecureString",
                Overwrite=True,
                Tier="Intelligent-Tiering",
            )
        return True

    def remove(self, name: str) -> None:
        """Delete a value; one that is not there is fine."""
        with explained(f"deleting parameter {self.path(name)}"):
            self.aws.client("ssm").delete_parameters(Names=[self.path(name)])

    def remove_below(self, folder: str = "") -> tuple[str, ...]:
        """Delete everything below a folder; return the full names."""
        names = sorted(each["Name"] for each in self._below(folder, decrypted=False))
        with explained(f"deleting parameters below /{self.prefix}"):
            for start in range(0, len(names), _BATCH):
                self.aws.client("ssm").delete_parameters(Names=names[start : start + _BATCH])
        return tuple(names)

    def path(self, name: str) -> str:
        """Return the full name of a parameter."""
        return f"/{self.prefix}/{name}".rstrip("/")

    def _below(self, folder: str, *, decrypted: bool) -> Iterator[dict[str, str]]:
        with explained(f"reading parameters below {self.path(folder)}"):
            pages = self.aws.client("ssm").get_paginator("get_parameters_by_path")
            for page in pages.paginate(Path=self.path(folder), Recursive=True, WithDecryption=decrypted):
                yield from page["Parameters"]
