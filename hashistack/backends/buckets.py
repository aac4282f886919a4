"""All objects of an object storage as one tar file: written from its buckets, and put back into them.

A member's name is `<bucket>/<key>`, for whoever opens the file by hand; what counts stands in its header, with all that
was said of the object. The last member tells that nothing is missing. Only the newest version of an object is in it.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO
from urllib.parse import urlencode

from hashistack.backends.patience import asked_again

_HEADER = "HASHISTACK.object"
_END = "complete"
_SAID = (
    "ContentType",
    "ContentEncoding",
    "ContentDisposition",
    "ContentLanguage",
    "CacheControl",
    "Metadata",
)
# Bytes of an object; a larger one goes through a file, for it may have to be read again.
_IN_MEMORY = 16 << 20
_TRIES = 5
_PAUSE = 2.0  # seconds, for whoever overwrites an object to be done
_GONE = ("NoSuchKey", "404")


class Incomplete(Exception):
    """A file that is no backup of buckets, or not all of one: says why."""


def write(s3: Any, out: BinaryIO) -> None:
    """Write every object of every bucket; raises what the client does."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
            folder = _member(bucket, {"bucket": bucket})
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            for key in _keys(s3, bucket):
                _add(tar, s3, bucket, key)
        tar.addfile(tarfile.TarInfo(_END))


def check(file: BinaryIO) -> None:
    """Raise `Incomplete` unless all of a backup is there; nothing is put back before."""
    last = ""
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                last = member.name
                if last != _END:
                    _header(member)
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise Incomplete(str(error) or "it is no backup of buckets") from error
    if last != _END:
        raise Incomplete("it is cut short")
    file.seek(0)


def put_back(s3: Any, file: BinaryIO) -> None:
    """Give every object of a backup what it was then, and make buckets that are missing; nothing is removed."""
    from boto3.s3.transfer import TransferConfig

    one_by_one = TransferConfig(use_threads=False)
    there = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if member.name == _END:
                return
            header = _header(member)
            if header["bucket"] not in there:
                s3.create_bucket(Bucket=header["bucket"])
                there.add(header["bucket"])
            if body := tar.extractfile(member):
                s3.upload_fileobj(
                    body, header["bucket"], header["key"], ExtraArgs=header["said"], Config=one_by_one
                )


def _keys(s3: Any, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (each["Key"] for each in page.get("Contents", ()))


def _add(tar: tarfile.TarFile, s3: Any, bucket: str, key: str) -> None:
    with closing(SpooledTemporaryFile(_IN_MEMORY)) as body:
        answer = _read(s3, bucket, key, body)
        if answer is None:
            return
        said = {name: answer[name] for name in _SAID if answer.get(name)}
        if answer.get("TagCount"):
            tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
            said["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        member = _member(f"{bucket}/{key}", {"bucket": bucket, "key": key, "said": said})
        member.size = body.tell()
        member.mtime = int(answer["LastModified"].timestamp())
        body.seek(0)
        tar.addfile(member, body)


def _read(s3: Any, bucket: str, key: str, body: IO[bytes]) -> Mapping[str, Any] | None:
    """Read an object, again where it was changed meanwhile; None if it was removed."""
    from botocore.exceptions import BotoCoreError, ClientError

    def read() -> Mapping[str, Any]:
        body.seek(0)
        body.truncate()
        answer: Mapping[str, Any] = s3.get_object(Bucket=bucket, Key=key)
        shutil.copyfileobj(answer["Body"], body)
        return answer

    def is_gone(error: Exception) -> bool:
        return isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE

    def passes(error: Exception) -> bool:
        return isinstance(error, (BotoCoreError, ClientError)) and not is_gone(error)

    try:
        return asked_again(read, passes, _TRIES, _PAUSE)
    except ClientError as error:
        if is_gone(error):
            return None
        raise


def _member(name: str, header: Mapping[str, Any]) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    member.pax_headers = {_HEADER: json.dumps(header)}
    return member


def _header(member: tarfile.TarInfo) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(member.pax_headers[_HEADER])
    return found
