"""Read every descriptor of a folder and render its jobs, in one process."""

from __future__ import annotations

import sys
from pathlib import Path

from hashistack import pipeline


def main() -> None:
    """Render each file; a mistake in one of them raises DescriptorError."""
    for path in sorted(Path(sys.argv[1]).iterdir()):
        built = pipeline.build(pipeline.load(path.read_bytes(), path.name))
        assert built.files, path


if __name__ == "__main__":
    main()
