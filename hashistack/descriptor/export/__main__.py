"""Print what is made from the schema: `python -m hashistack.descriptor.export reference`, or `schema`."""

from __future__ import annotations

import json
import sys

from hashistack.descriptor.export.json_schema import json_schema
from hashistack.descriptor.export.reference import reference

if __name__ == "__main__":
    wants_schema = sys.argv[1:] == ["schema"]
    sys.stdout.write(f"{json.dumps(json_schema(), indent=2)}\n" if wants_schema else reference())
