"""Buckets as one file and back, against moto's S3; against SeaweedFS: tests/machines/stand_ins."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from hashistack.backends import buckets
from tests.bed import moto
from tests.conftest import needed

KEYS = ["plain", "a/ü b+c", "folder/", "../up", "//", "long/" + "n" * 300 + "/"]
SAID = {
    "ContentType": "text/x",
    "ContentEncoding": "br",
    "CacheControl": "no-store",
    "Metadata": {"who": "me"},
}


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with needed():
        moto.ensure()
    with moto.running(tmp_path_factory.mktemp("moto")) as aws:
        yield aws.client("s3", "us-east-1")


@pytest.fixture
def s3(storage: Any) -> Iterator[Any]:
    """Return a client of a storage that is empty, and empty it again."""
    yield storage
    for bucket in storage.list_buckets()["Buckets"]:
        for key in keys(storage, bucket["Name"]):
            storage.delete_object(Bucket=bucket["Name"], Key=key)
        storage.delete_bucket(Bucket=bucket["Name"])


def keys(s3: Any, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def filled(s3: Any) -> io.BytesIO:
    """Return a backup of two buckets, one of which is empty."""
    for bucket in ("uploads", "drafts"):
        s3.create_bucket(Bucket=bucket)
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket="uploads", Key=key, Body=bytes([number]) * number * 1000)
    s3.put_object(Bucket="uploads", Key="said", Body=b"x", Tagging="state=new&of=a+%2Bb", **SAID)
    backup = io.BytesIO()
    buckets.write(s3, backup)
    backup.seek(0)
    return backup


def test_every_object_comes_back_with_all_that_was_said_of_it(s3: Any) -> None:
    backup = filled(s3)
    for key in keys(s3, "uploads"):
        s3.delete_object(Bucket="uploads", Key=key)
    for bucket in ("uploads", "drafts"):
        s3.delete_bucket(Bucket=bucket)
    buckets.check(backup)
    buckets.put_back(s3, backup)
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} == {"drafts", "uploads"}
    assert sorted(keys(s3, "uploads")) == sorted([*KEYS, "said"])
    for number, key in enumerate(KEYS):
        assert s3.get_object(Bucket="uploads", Key=key)["Body"].read() == bytes([number]) * number * 1000
    found = s3.get_object(Bucket="uploads", Key="said")
    assert {name: found[name] for name in SAID} == SAID
    tags = s3.get_object_tagging(Bucket="uploads", Key="said")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"state": "new", "of": "a +b"}


def test_what_was_changed_is_as_it_was_and_what_came_since_stays(s3: Any) -> None:
    backup = filled(s3)
    s3.put_object(Bucket="uploads", Key="said", Body=b"changed")
    s3.put_object(Bucket="uploads", Key="new", Body=b"new")
    for _ in range(2):
        buckets.check(backup)
        buckets.put_back(s3, backup)
        backup.seek(0)
    assert s3.get_object(Bucket="uploads", Key="said")["Body"].read() == b"x"
    assert s3.get_object(Bucket="uploads", Key="new")["Body"].read() == b"new"


def test_it_can_be_read_with_tar(s3: Any) -> None:
    with tarfile.open(fileobj=filled(s3)) as tar:
        names = tar.getnames()
    assert {"drafts", "uploads", "uploads/a/ü b+c"} <= set(names)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5])
def test_one_that_is_cut_short_is_told(s3: Any, kept: float) -> None:
    whole = filled(s3).getvalue()
    with pytest.raises(buckets.Incomplete, match=r"empty file|truncated header|unexpected end of data"):
        buckets.check(io.BytesIO(whole[: int(len(whole) * kept)]))


def test_one_whose_end_is_missing_between_two_objects_is_told(s3: Any) -> None:
    backup = filled(s3)
    with tarfile.open(fileobj=backup) as tar:
        end = tar.getmember("complete").offset
    with pytest.raises(buckets.Incomplete, match="cut short"):
        buckets.check(io.BytesIO(backup.getvalue()[:end]))


@pytest.mark.parametrize("content", [b"x" * 2000, b"\x1f\x8b" + b"x" * 600])
def test_what_is_no_backup_is_told(content: bytes) -> None:
    with pytest.raises(buckets.Incomplete):
        buckets.check(io.BytesIO(content))


def test_another_tar_is_no_backup() -> None:
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("file"))
        tar.addfile(tarfile.TarInfo("complete"))
    other.seek(0)
    with pytest.raises(buckets.Incomplete):
        buckets.check(other)


class Changing:
    """A storage in which an object is not what was listed: removed, or overwritten while it is read."""

    def __init__(self, s3: Any, *errors: Exception) -> None:
        self.s3, self.errors = s3, list(errors)

    def get_object(self, **where: str) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return self.s3.get_object(**where)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)


def written(s3: Any) -> list[str]:
    out = io.BytesIO()
    buckets.write(s3, out)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        return tar.getnames()


def test_an_object_that_was_removed_meanwhile_is_left_out(s3: Any) -> None:
    from botocore.exceptions import ClientError

    filled(s3)
    gone = ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
    assert len(written(Changing(s3, gone))) == len(written(s3)) - 1


def test_an_object_that_was_overwritten_meanwhile_is_read_again(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import IncompleteReadError

    monkeypatch.setattr(buckets, "_PAUSE", 0)
    filled(s3)
    cut = IncompleteReadError(actual_bytes=1, expected_bytes=2)
    assert written(Changing(s3, cut, cut)) == written(s3)
    with pytest.raises(IncompleteReadError):
        written(Changing(s3, *[cut] * 5))
