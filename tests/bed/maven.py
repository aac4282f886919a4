"""Java archives from Maven's repository, with all that they need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bed import packages
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.processes import run

_PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hashistack</groupId><artifactId>image</artifactId><version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""
_DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def copy_jars(coordinates: Sequence[str], folder: Path) -> None:
    """Put the archives named ``group:artifact:version`` and their dependencies into the folder: 10 s for Kafka."""
    packages.ensure(["maven"])
    folder.mkdir()
    project = folder.parent / "pom.xml"
    dependencies = "".join(_DEPENDENCY.format(*each.split(":")) for each in coordinates)
    project.write_text(_PROJECT.format(dependencies=dependencies))
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    try:
        run(["mvn", "--quiet", "--batch-mode", f"--file={project}", *goal])
    except BedError as error:
        why = f"Maven could not download it ({error})"
        raise BedUnavailable([Missing(", ".join(coordinates), why, "Check Maven's settings")]) from error
    project.unlink()
