"""The example's rendered files are committed, to be read without installing anything; they must be what comes out."""

from pathlib import Path

from tests.cli.run import run

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def test_what_is_committed_is_what_comes_out(tmp_path: Path) -> None:
    checked = run("render", "--check", cwd=SHOP, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert checked.code == 0, checked.err + checked.out
