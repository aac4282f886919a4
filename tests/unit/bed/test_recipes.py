from dataclasses import replace

import pytest

from tests.bed import recipes
from tests.bed.recipes import RECIPES, Recipe

TRAEFIK = RECIPES["traefik:v3.7.15"]


@pytest.mark.parametrize(
    "other",
    [
        replace(TRAEFIK, dockerfile=TRAEFIK.dockerfile + "\nUSER nobody"),
        replace(TRAEFIK, files=(("entrypoint.sh", "#!/bin/sh\n"),)),
        replace(TRAEFIK, base="valkey/valkey:8.1.1"),
    ],
)
def test_another_recipe_has_another_fingerprint(other: Recipe) -> None:
    assert other.fingerprint() != TRAEFIK.fingerprint()


def test_an_image_is_made_again_when_its_base_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = TRAEFIK.fingerprint()
    assert before == TRAEFIK.fingerprint()
    base = replace(RECIPES[TRAEFIK.base], dockerfile="FROM scratch")
    monkeypatch.setattr(recipes, "RECIPES", {**RECIPES, TRAEFIK.base: base})
    assert TRAEFIK.fingerprint() != before


def test_a_debian_image_is_made_again_when_the_way_to_make_its_tree_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    valkey = RECIPES["valkey/valkey:8.1.1"]
    before, other = valkey.fingerprint(), TRAEFIK.fingerprint()
    monkeypatch.setattr(recipes, "FLAGS", ())
    assert valkey.fingerprint() != before
    assert TRAEFIK.fingerprint() == other


def test_no_tag_is_one_that_docker_always_pulls() -> None:
    for tag in RECIPES:
        assert ":" in tag
        assert not tag.endswith(":latest")


def test_bases_are_recipes_that_need_no_base_themselves() -> None:
    for recipe in RECIPES.values():
        assert not recipe.base or not RECIPES[recipe.base].base
