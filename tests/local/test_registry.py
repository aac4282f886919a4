"""A private registry: the login reaches Docker, and nothing of it reaches the process."""

from __future__ import annotations

import secrets

from tests.bed import registry
from tests.bed.agents import Agents
from tests.bed.engine import Engine
from tests.local import api
from tests.local.test_values_in_containers import DUMP, application, deployed, dump, set_variable


def test_an_image_is_pulled_with_the_login_of_a_secret(cluster: Agents, docker: Engine) -> None:
    password = secrets.token_urlsafe(24)
    with registry.serving(docker, "hashistack-test/busybox:1", "v1", "deployer", password) as private:
        descriptor = application(
            image=f"{private.image}:v1",
            registry={"username": "deployer", "password": "REGISTRY_PASSWORD"},
            secrets=["REGISTRY_PASSWORD"],
            processes={"plain": {"command": DUMP.format(text="x")}},
        )
        set_variable(cluster, "nomad/jobs/values", REGISTRY_PASSWORD=password)
        try:
            with deployed(cluster, descriptor) as job:
                values, _ = dump(cluster, job, "plain")
                submitted = str(api.get(cluster.nomad_addr, f"/v1/job/{job}"))
        finally:
            docker.docker("image", "rm", "--force", f"{private.image}:v1")
    assert private.served, "the image did not come from the registry"
    assert private.refused, "the registry would have given the image to anybody"
    assert password not in str(values)
    assert password not in submitted
