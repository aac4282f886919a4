"""The Jinja environment in which every `{{ x }}` becomes an HCL literal and nothing undefined passes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from hashistack import __version__
from hashistack.compile.aws.checkov import skip
from hashistack.render.hcl import Hcl, comment, heredoc, identifier, literal, seconds

_PACKAGE = Path(__file__).resolve().parent.parent


class _Cache(FileSystemBytecodeCache):
    """Compiled templates on disk; one that cannot be read, or kept, is compiled: a cache never fails a render."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if there is a whole one."""
        with suppress(OSError, EOFError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if the disk takes it."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def template_folders() -> tuple[Path, Path, Path]:
    """Return the folders of `templates/`, `jobs/` and `terraform/`: an installed package's, else the checkout's."""
    return _folder("templates"), _folder("jobs"), _folder("terraform")


def source_of(name: str) -> Path:
    """Return the path of a file that is copied as it is."""
    return next(path for folder in template_folders() if (path := folder / name).is_file())


def script(name: str) -> Hcl:
    """Return the body of a `template` block that comes out as a file of `jobs/`, unchanged."""
    from hashistack.compile.consul_template import verbatim  # which imports this package itself

    return heredoc(verbatim(source_of(name).read_text()))


def text(name: str) -> Hcl:
    """Return the body of a `template` block that is a file of `jobs/`, in which the actions of consul-template work."""
    return heredoc(source_of(name).read_text())


def _folder(name: str) -> Path:
    packaged = _PACKAGE / f"_{name}"
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


@cache
def environment() -> Environment:
    """Return the one environment; template names are paths such as `app.nomad.hcl.j2` and `valkey/job.nomad.hcl.j2`."""
    from hashistack.compile.consul_template import addresses, item  # which imports this package itself

    jinja = Environment(  # noqa: S701 - the output is HCL: autoescape would write HTML entities, `finalize` writes literals
        loader=FileSystemLoader(template_folders()),
        finalize=literal,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_bytecode_cache(),
    )
    jinja.globals.update(
        addresses=addresses,
        checkov_skip=skip,
        comment=comment,
        heredoc=heredoc,
        identifier=identifier,
        item=item,
        script=script,
        seconds=seconds,
        text=text,
    )
    return jinja


def _bytecode_cache() -> BytecodeCache | None:
    """Keep compiled templates between runs (it saves a third of a cold start); without a private folder do without."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no RuntimeError without HOME
    folder = Path(home, "hashistack", f"jinja-{__version__}-py{sys.version_info[0]}{sys.version_info[1]}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    # Loading a compiled template runs it: only a folder that nobody else can write to is trusted.
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        return None
    return _Cache(str(folder))
