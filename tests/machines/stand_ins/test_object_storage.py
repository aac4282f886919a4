"""Object storage: the calls that apps make, nobody in without keys, and no object lost with a machine."""

from __future__ import annotations

import io
import random
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.local.api import until
from tests.machines.stand_ins.object_store import BUCKET, MIB, SERVICE, VERSIONED, Login, ObjectStore, Writer
from tests.machines.stand_ins.site import StandIns
from tests.machines.times import record, step

TASK = "seaweedfs"
KEYS = 10_000
LARGE = 16  # objects of 64 MiB: 1 GiB


@pytest.fixture(scope="module")
def store(site: StandIns) -> ObjectStore:
    """Return the object storage of the site."""
    return ObjectStore(site)


@pytest.fixture
def s3(store: ObjectStore) -> Any:
    """Return the app's client."""
    return store.client()


@pytest.fixture(scope="module")
def writer(store: ObjectStore) -> Iterator[Writer]:
    """Return an app that remembers what it wrote, and removes it in the end."""
    writer = Writer(store)
    yield writer
    client = store.client()
    for key in writer.sums:
        client.delete_object(Bucket=BUCKET, Key=key)


def test_an_object_comes_back_as_it_was_with_all_that_was_said_of_it(s3: Any) -> None:
    s3.put_object(
        Bucket=BUCKET, Key="a/ü b+c", Body=b"0123456789", ContentType="text/x", Metadata={"who": "me"}
    )
    found = s3.get_object(Bucket=BUCKET, Key="a/ü b+c")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
        b"0123456789",
        "text/x",
        {"who": "me"},
    )
    assert s3.head_object(Bucket=BUCKET, Key="a/ü b+c")["ContentLength"] == 10


@pytest.mark.parametrize(
    ("asked", "expected"), [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89")]
)
def test_a_range_of_an_object(s3: Any, asked: str, expected: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key="range", Body=b"0123456789")
    assert s3.get_object(Bucket=BUCKET, Key="range", Range=asked)["Body"].read() == expected


def test_an_object_in_parts_and_one_that_was_given_up(s3: Any) -> None:
    parts = [b"a" * 5 * MIB, b"b" * MIB]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    done = [
        s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=number, Body=body)
        for number, body in enumerate(parts, 1)
    ]
    listed = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in enumerate(done, 1)]
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload={"Parts": listed}
    )
    assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"".join(parts)

    given_up = s3.create_multipart_upload(Bucket=BUCKET, Key="given up")["UploadId"]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="given up", UploadId=given_up)
    assert not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")
    assert refusal(lambda: s3.head_object(Bucket=BUCKET, Key="given up")) == "404"


def test_versions_of_an_object(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})
    # Gateways hear of it a moment later; Amazon asks for 15 minutes.
    time.sleep(2)
    first = s3.put_object(Bucket=VERSIONED, Key="draft", Body=b"one")["VersionId"]
    s3.put_object(Bucket=VERSIONED, Key="draft", Body=b"two")
    marker = s3.delete_object(Bucket=VERSIONED, Key="draft")["VersionId"]
    assert refusal(lambda: s3.get_object(Bucket=VERSIONED, Key="draft")) == "NoSuchKey"
    assert s3.get_object(Bucket=VERSIONED, Key="draft", VersionId=first)["Body"].read() == b"one"
    s3.delete_object(Bucket=VERSIONED, Key="draft", VersionId=marker)
    assert s3.get_object(Bucket=VERSIONED, Key="draft")["Body"].read() == b"two"


def test_urls_that_were_signed_beforehand(store: ObjectStore, s3: Any) -> None:
    where = {"Bucket": BUCKET, "Key": "signed"}
    url = s3.generate_presigned_url("put_object", Params=where)
    # A leading master that has just been elected takes no writes yet.
    until(lambda: store.ask(url, "PUT", b"by url")[0] == 200)
    url = s3.generate_presigned_url("get_object", Params=where)
    assert store.ask(url) == (200, b"by url")
    assert store.ask(url.replace("/signed?", "/range?"))[0] == 403


def test_tags_copies_and_deletion(s3: Any) -> None:
    tags = [{"Key": "state", "Value": "new"}]
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"x")
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"] == tags
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "tagged"})
    gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "tagged"}, {"Key": "never was"}]})
    assert "Errors" not in gone
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="tagged")) == "NoSuchKey"
    assert s3.get_object(Bucket=BUCKET, Key="copied")["Body"].read() == b"x"


def test_a_write_that_depends_on_what_is_there(s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key="once")
    tag = s3.put_object(Bucket=BUCKET, Key="once", Body=b"1", IfNoneMatch="*")["ETag"]
    again = refusal(lambda: s3.put_object(Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*"))
    assert again == "PreconditionFailed"
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"3", IfMatch=tag)
    assert s3.get_object(Bucket=BUCKET, Key="once")["Body"].read() == b"3"


@pytest.mark.slow
def test_ten_thousand_keys_are_listed_page_by_page(store: ObjectStore, s3: Any) -> None:
    with step("10,000 empty objects written"), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda start: _put_many(store, s3, range(start, KEYS, 4)), range(4)))
    with step("10,000 keys listed"):
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="many/"))
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert keys == [f"many/{number:05}" for number in range(KEYS)]
    assert len(pages) == KEYS / 1000
    folders = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")["CommonPrefixes"]
    assert {"Prefix": "many/"} in folders


def _put_many(store: ObjectStore, s3: Any, numbers: range) -> None:
    """Write empty objects over one connection; a client that signs each anew would take most of the time."""
    urls = [
        s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": f"many/{number:05}"})
        for number in numbers
    ]
    connection = store.connection(urls[0])
    for url in urls:
        parts = urlsplit(url)
        connection.request("PUT", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


def test_the_app_has_its_buckets_and_no_other_rights(s3: Any) -> None:
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [VERSIONED, BUCKET]
    assert refusal(lambda: s3.create_bucket(Bucket="another")) == "AccessDenied"
    assert refusal(lambda: s3.delete_bucket(Bucket=BUCKET)) == "AccessDenied"
    everybody = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}'
    assert refusal(lambda: s3.put_bucket_policy(Bucket=BUCKET, Policy=everybody)) == "AccessDenied"


def test_wrong_keys_are_refused(store: ObjectStore) -> None:
    wrong = store.client(Login(store.app.access, "wrong"))
    assert refusal(lambda: wrong.list_objects_v2(Bucket=BUCKET)) == "SignatureDoesNotMatch"
    unknown = store.client(Login("nobody", "wrong"))
    assert refusal(lambda: unknown.list_objects_v2(Bucket=BUCKET)) == "InvalidAccessKeyId"


def test_nobody_gets_in_without_keys_at_any_port(store: ObjectStore, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="hidden", Body=b"secret")
    for address, client_port in store.site.healthy(SERVICE):
        url = f"https://{address}:{client_port}/{BUCKET}/hidden"
        assert [store.ask(url, method)[0] for method in ("GET", "PUT", "DELETE")] == [403, 403, 403]
        for name, port in store.ports().items():
            if name == "client":
                continue
            if name.endswith("metrics"):
                assert b"secret" not in plain(address, port, "/metrics")
                continue
            assert not lets_in(address, port), f"{name} let a client without a certificate in"
            assert b" 200 " not in plain(address, port, "/")[:20], f"{name} answered without TLS"


def test_a_backup_brings_back_what_was_lost(site: StandIns, s3: Any) -> None:
    large = random.Random(1).randbytes(40 * MIB)
    said: dict[str, Any] = {"ContentType": "text/x", "Metadata": {"who": "me"}, "Tagging": "state=new"}
    s3.upload_fileobj(io.BytesIO(large), BUCKET, "kept/large")
    s3.put_object(Bucket=BUCKET, Key="kept/ü b+c", Body=b"0123456789", **said)
    s3.put_object(Bucket=BUCKET, Key="kept/changed", Body=b"before")
    with step("uploads: backup"):
        file = site.done("backup", SERVICE, "-e", "factory", "--to", str(site.folder)).splitlines()[0]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "kept/large"}, {"Key": "kept/ü b+c"}]})
    s3.put_object(Bucket=BUCKET, Key="kept/changed", Body=b"after")
    with step("uploads: restored"):
        site.done("restore", SERVICE, file, "-e", "factory", "--yes")
    assert s3.get_object(Bucket=BUCKET, Key="kept/large")["Body"].read() == large
    assert s3.get_object(Bucket=BUCKET, Key="kept/changed")["Body"].read() == b"before"
    found = s3.get_object(Bucket=BUCKET, Key="kept/ü b+c")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
        b"0123456789",
        "text/x",
        {"who": "me"},
    )
    assert s3.get_object_tagging(Bucket=BUCKET, Key="kept/ü b+c")["TagSet"] == [
        {"Key": "state", "Value": "new"}
    ]


def test_filers_know_every_machine_of_their_database(site: StandIns) -> None:
    """Which of them is the primary may change at any time, also to one that is away now."""
    places = [str(site.key(f"{site.job('db')}/members/{number}")).split()[1] for number in (1, 2, 3)]
    for instance in site.instances(SERVICE):
        argv = ["nomad", "alloc", "exec", "-t=false", "-i=false", "-task", "filer", instance.id]
        said = site.execute([*argv, "cat", "/local/database"], {**site.environ, **site.exports()})
        assert f'DATABASE_HOST="{",".join(places)} ' in said.stdout


def test_an_app_writes_on_where_another_master_leads(site: StandIns, s3: Any) -> None:
    address = leader(site)
    instance = next(each for each in site.instances(SERVICE) if each.address == address)
    signal = f"docker kill master-{instance.id} --signal"
    with step("the next object, after the leading master stood still for 1 s", goal=30):
        site.on(address).run(f"{signal} STOP && sleep 1; {signal} CONT")
        s3.put_object(Bucket=BUCKET, Key="moment", Body=b"x")
    site.wait_whole(SERVICE, TASK, 3)


@pytest.mark.slow
def test_no_object_is_lost_with_a_machine(site: StandIns, writer: Writer) -> None:
    machine = site.on(leader(site))
    third = LARGE // 3
    with ThreadPoolExecutor(2) as pool:
        with step("a third of 1 GiB in parts of 16 MiB, two at a time") as watch:
            list(pool.map(writer.write, range(third)))
            watch.note = f"longest object {writer.longest:.1f} s"
        writer.longest = 0
        machine.power_cut()
        with step("a third of 1 GiB while the leading master's machine is off") as watch:
            list(pool.map(writer.write, range(third, 2 * third)))
            watch.note = f"longest object {writer.longest:.1f} s"
        assert writer.damaged() == []
        site.bed.boot(machine.name)
        with step("object storage: every copy there again once the machine is back"):
            site.wait_whole(SERVICE, TASK, 3, 180)
        list(pool.map(writer.write, range(2 * third, LARGE)))
    with step("1 GiB read back and compared"):
        assert writer.damaged() == []
    record("objects lost with a machine", 0)


@pytest.mark.slow
def test_a_node_with_an_empty_disk_gets_its_copies_again(site: StandIns, writer: Writer) -> None:
    first = leader(site)
    victim = next(each for each in site.instances(SERVICE) if each.address != first)
    places = {key: site.key(f"{site.job(SERVICE)}/members/{key}") for key in "123"}
    empty_disk(site, victim.node)
    with step("object storage: an emptied disk has its copies again"):
        site.wait_whole(SERVICE, TASK, 3, 240)
    assert {key: site.key(f"{site.job(SERVICE)}/members/{key}") for key in "123"} == places
    assert writer.damaged() == []


def leader(site: StandIns) -> str:
    """Return the address of the master that leads."""
    report = site.report(SERVICE, TASK)
    return report[f"member.{report['leader']}"].split()[0]


def empty_disk(site: StandIns, node: str) -> None:
    """Stop the node's member, take all that is on its disk, and let it start again."""
    folder = site.volume(SERVICE, node)
    instance = next(each for each in site.instances(SERVICE) if each.node == node)
    member = next(each["ID"] for each in site.api("/v1/nodes") if each["Name"] == node)
    site.nomad("node", "eligibility", "-disable", member)
    site.nomad("alloc", "stop", "-detach", instance.id)
    until(lambda: site.api(f"/v1/allocation/{instance.id}")["ClientStatus"] == "complete", 90)
    site.machine(node).run(f"find {folder} -mindepth 1 -delete")
    site.nomad("node", "eligibility", "-enable", member)


def refusal(act: Any) -> str:
    """Return the code with which S3 refuses a call; a call that is let through fails the test."""
    with pytest.raises(ClientError) as caught:
        act()
    return str(caught.value.response["Error"]["Code"])


def lets_in(address: str, port: int) -> bool:
    """Tell whether a port answers a TLS client that shows no certificate."""
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((address, port), timeout=5) as plain_socket,
            context.wrap_socket(plain_socket) as connection,
        ):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return bool(connection.recv(100))
    except (ssl.SSLError, ConnectionError):
        return False


def plain(address: str, port: int, path: str) -> bytes:
    """Return what a port answers to HTTP without TLS."""
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while block := connection.recv(1 << 16):
            answer += block
        return answer
