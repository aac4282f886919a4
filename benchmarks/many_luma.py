"""Do with luma's library what `luma deploy FILE --dry-run` does, for every file of a folder, in one process."""

from __future__ import annotations

import sys
from pathlib import Path

from luma.config import load_config
from luma.nomad_render import render_nomad_job
from luma.service import load_service


def main() -> None:
    """Render each file; a mistake in one of them raises LumaError."""
    config = load_config(None)
    for path in sorted(Path(sys.argv[1]).iterdir()):
        assert render_nomad_job(config, load_service(path), resolve_secrets=False), path


if __name__ == "__main__":
    main()
