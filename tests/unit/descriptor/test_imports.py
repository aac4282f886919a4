from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "jsonschema",
    "zoneinfo",
    "datetime.timezone",
    "difflib",
    "ipaddress",
    "urllib",
    "textwrap",
    "jinja2",
    "click",
)
LOAD = """
import sys
from hashistack.descriptor.load import load
assert load(open(sys.argv[1], "rb").read().replace(b"Europe/Madrid", b"UTC"), "f").application
print(*sys.modules)
"""


def test_a_correct_descriptor_needs_no_heavy_modules() -> None:
    file = Path(__file__).parent / "design.yaml"
    command = [sys.executable, "-c", LOAD, str(file)]
    modules = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert not set(HEAVY) & set(modules)
