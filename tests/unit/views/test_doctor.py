"""What the doctor prints: a table of all, remedies for what is wrong, the same remedy once."""

from __future__ import annotations

import io
import json

from hashistack.diagnostics import Exit
from hashistack.plan.checkup import Finding
from hashistack.views import doctor
from hashistack.views.console import Console

CLOCK = [
    Finding("warning", "clock", name, "nothing sets its clock", f"on {name}: set it") for name in ("n1", "n2")
]
DOWN = Finding("error", "machines", "n3", "it is down", "is n3 on?")
WELL = Finding("ok", "quorum", "Nomad", "3 servers, one leads")


def shown(*findings: Finding, as_json: bool = False) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    doctor.show(Console(out, err, json=as_json), findings, Exit.FAILED)
    return out.getvalue(), err.getvalue()


def test_the_table_has_all_and_remedies_are_put_together_with_errors_last() -> None:
    out, err = shown(DOWN, *CLOCK, WELL)
    table, *remedies = out.strip().split("\n\n")
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["error", "warning", "warning", "ok"]
    assert remedies == [
        "warning: n1, n2: nothing sets its clock\n   fix: on each: set it",
        "error: n3: it is down\n   fix: is n3 on?",
    ]
    assert err == "1 error, 2 warnings\n"


def test_a_healthy_cluster_is_said_to_be_well() -> None:
    assert shown(WELL)[1] == "all is well\n"


def test_a_host_cannot_drive_the_terminal() -> None:
    out, _ = shown(Finding("error", "services", "n1", "nomad is failed: \x1b[2J", "look"))
    assert "\x1b" not in out


def test_programs_get_every_finding() -> None:
    found = json.loads(shown(DOWN, WELL, as_json=True)[0])
    assert [each["level"] for each in found["findings"]] == ["error", "ok"]
    assert found["exit_code"] == 1
