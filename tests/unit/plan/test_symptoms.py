"""Where the descriptor speaks of what an instance lacks."""

from __future__ import annotations

import pytest

from hashistack.plan.symptoms import service_of


@pytest.mark.parametrize(
    ("job", "meta", "service"),
    [
        ("shop-events", {"engine": "kafka", "nodes": "3"}, "events"),
        ("shop-events-archive", {"engine": "kafka", "nodes": "3"}, "events-archive"),
        ("shop-events-archive", {"engine": "kafka"}, "events"),
        ("shop-events-setup", {"engine": "kafka"}, "events"),
        ("shop", {}, ""),
    ],
)
def test_the_service_of_a_member_and_of_a_job_beside_it(job: str, meta: dict[str, str], service: str) -> None:
    told = {f"hashistack.{key}": value for key, value in {"app": "shop", **meta}.items()}
    assert service_of({"ID": job, "Meta": told}) == service
