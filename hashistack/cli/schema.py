"""`hashistack schema`."""

from __future__ import annotations

from hashistack.cli.command import command as make
from hashistack.cli.terminal import Session
from hashistack.descriptor.export.json_schema import json_schema


@make(example="hashistack schema > hashistack.schema.json")
def schema(session: Session) -> None:
    """Print the JSON Schema (draft-07) of the descriptor.

    An editor that speaks YAML checks and completes with it: write `# yaml-language-server:
    $schema=hashistack.schema.json` as the first line of hashistack.yaml.
    """
    session.console.document(json_schema())


command = schema
