"""The jobs of PostgreSQL and FerretDB, as far as they depend on the descriptor."""

from __future__ import annotations

import pytest

from hashistack import pipeline

DESCRIPTOR = """
app: shop
image: registry.example.com/shop:v1
processes: {{worker: {{command: work}}}}
backing_services:
  db: {{type: postgres, nodes: 3, storage: 8GiB, memory: 1024{keys}}}
  docs: {{type: mongodb}}
  uploads: {{type: object-storage, buckets: [files]}}
environments:
  factory:
    target: onprem
    ssh: {{user: admin}}
    hosts:
      n1: {{address: 10.0.0.1, roles: [server, client]}}
      n2: {{address: 10.0.0.2, roles: [server, client]}}
      n3: {{address: 10.0.0.3, roles: [server, client]}}
"""


def jobs(keys: str = "") -> dict[str, str]:
    """Return the rendered jobs by their names; `keys` are more of the database's."""
    built = pipeline.build(pipeline.load(DESCRIPTOR.format(keys=keys), "hashistack.yaml"))
    ending = ".nomad.hcl"
    return {
        file.path.rpartition("/")[2].removesuffix(ending): " ".join(file.content.decode().split())
        for file in built.files
        if file.path.endswith(ending)
    }


def test_memory_and_disk_are_shared_out() -> None:
    job = jobs()["shop-db"]
    assert 'SHARED_BUFFERS = "256MB"' in job
    assert 'CACHE_SIZE = "768MB"' in job
    assert 'WAL_SIZE = "2048MB"' in job
    assert "shm_size = 536870912" in job


def test_the_version_chooses_among_those_of_the_image() -> None:
    assert 'BIN = "/usr/lib/postgresql/17/bin"' in jobs()["shop-db"]


@pytest.mark.parametrize("version", ["16", "16.4", "v16", "16-bookworm", "16rc1", "016"])
def test_of_a_version_only_its_first_number_is_a_folder_of_the_image(version: str) -> None:
    """Of all that is not refused (HS289)."""
    found = jobs(f", version: '{version}', backup: uploads")
    assert 'BIN = "/usr/lib/postgresql/16/bin"' in found["shop-db"]
    assert 'POSTGRES_VERSION = "16"' in found["shop-db"]
    assert "/usr/lib/postgresql/16/bin" in found["shop-db-backup"]


def test_no_update_waits_for_a_role() -> None:
    job = jobs()["shop-db"]
    assert job.count('on_update = "ignore"') == job.count("tls_skip_verify = true") == 3


def test_backups_are_made_where_they_are_asked_for() -> None:
    assert "shop-db-backup" not in jobs()
    job = jobs(', backup: {to: uploads, schedule: "30 4 * * *", keep: 3}')["shop-db-backup"]
    assert 'crons = ["30 4 * * *"]' in job
    assert 'KEEP = 3 PREFIX = "backups/shop-db/"' in job or 'PREFIX = "backups/shop-db/" KEEP = 3' in job
    assert 'S3_BUCKET={{ (or $uploads.ServiceMeta.bucket "files") }}' in job


@pytest.mark.parametrize("job", ["shop-db", "shop-docs"])
def test_passwords_come_from_variables_of_nomad(job: str) -> None:
    assert f'nomadVar "nomad/jobs/{job}' in jobs()[job]


def test_the_url_of_documents_has_no_login_and_their_database_is_their_own() -> None:
    job = jobs()["shop-docs"]
    assert "FERRETDB_POSTGRESQL_URL=postgres://{{ $db.Address }}:{{ $db.Port }}/shop-docs{{" in job
    assert 'TENANT = "shop-docs"' in job
    assert 'FERRETDB_LISTEN_ADDR = ""' in job
