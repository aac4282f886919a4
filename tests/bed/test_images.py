"""Every image of the tests can be made, and is there before machines wait for it: the last of the patient tests."""

from __future__ import annotations

import pytest

from tests.bed import images, mirror_images
from tests.bed.engine import Engine
from tests.bed.recipes import RECIPES, fingerprint


@pytest.mark.parametrize("tag", RECIPES)
def test_an_image_is_made_and_saved_for_the_mirror(docker: Engine, tag: str) -> None:
    images.ensure(docker, [tag])
    label = '{{index .Config.Labels "' + images.LABEL + '"}}'
    assert docker.docker("image", "inspect", "--format", label, tag).strip() == fingerprint(tag)
    assert mirror_images.ensure(docker, tag).digest.startswith("sha256:")
