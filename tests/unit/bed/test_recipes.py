from dataclasses import replace

import pytest

from tests.bed import recipe, recipes
from tests.bed.recipe import Recipe
from tests.bed.recipes import RECIPES, fingerprint

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
    before = fingerprint(TRAEFIK.tag)
    assert before == fingerprint(TRAEFIK.tag)
    base = replace(RECIPES[TRAEFIK.base], dockerfile="FROM scratch")
    monkeypatch.setattr(recipes, "RECIPES", {**RECIPES, TRAEFIK.base: base})
    assert fingerprint(TRAEFIK.tag) != before


def test_a_debian_image_is_made_again_when_the_way_to_make_its_tree_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    valkey = "valkey/valkey:8.1.1"
    before, other = fingerprint(valkey), fingerprint(TRAEFIK.tag)
    monkeypatch.setattr(recipe, "FLAGS", ())
    assert fingerprint(valkey) != before
    assert fingerprint(TRAEFIK.tag) == other


def test_no_tag_is_one_that_docker_always_pulls() -> None:
    for tag in RECIPES:
        assert ":" in tag
        assert not tag.endswith(":latest")


def test_bases_are_recipes_that_need_no_base_themselves() -> None:
    for each in RECIPES.values():
        assert not each.base or not RECIPES[each.base].base
