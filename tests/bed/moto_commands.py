"""Run Command where machines are booted: moto calls every command a success at once, without anybody who runs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from moto.ssm.models import Command

from tests.bed import run_command
from tests.bed.moto_answers import Method, after, instead


@instead(Command, "_get_instance_ids_from_targets")
def _none_without_targets(original: Method, command: Any) -> list[str]:
    return original(command) if command.targets else []  # moto: all that there ever were


@after(Command, "__init__")
def _hand_over(command: Any) -> None:
    if folder := os.environ.get(run_command.FOLDER):
        line = "\n".join(command.parameters["commands"])
        run_command.hand_over(Path(folder), command.command_id, command.instance_ids, line)


@instead(Command, "response_object")
def _as_far_as_it_is(original: Method, command: Any) -> dict[str, Any]:
    answer: dict[str, Any] = original(command)
    if folder := os.environ.get(run_command.FOLDER):
        answer["Status"] = run_command.status(Path(folder), command.command_id)
    return answer
