"""An account of AWS, as moto plays it: what is asked of it, kept in it, and what its refusals become."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from hashistack.backends.aws import Aws, explained
from hashistack.backends.aws_contents import contents
from hashistack.backends.aws_instances import Instances
from hashistack.backends.aws_lock import locked
from hashistack.backends.aws_look import name_servers, obstacles
from hashistack.backends.aws_mirror import Mirror
from hashistack.backends.aws_store import Store
from hashistack.backends.credentials import CredentialsFolder
from hashistack.diagnostics import BackendError, ConflictError, Diagnostic
from hashistack.messages import aws as messages
from hashistack.plan.sensitive import Sensitive
from tests.backends.aws import PREFIX, REGION, newer, servers, stack
from tests.bed import moto as bed
from tests.bed.moto import Moto

SECRET = "TOP-SECRET"


@pytest.fixture
def moto(running: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    for name, value in running.environ.items():
        monkeypatch.setenv(name, value)
    return running


@pytest.fixture
def aws(moto: Moto) -> Aws:
    return Aws(REGION)


# --- refusals


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "PutParameter")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.NoCredentialsError(), "HS620"),
        (exceptions.ProfileNotFound(profile="work"), "HS620"),
        (exceptions.UnauthorizedSSOTokenError(), "HS621"),
        (refusal("ExpiredToken"), "HS621"),
        (refusal("UnrecognizedClientException"), "HS621"),
        (refusal("AccessDeniedException"), "HS622"),
        (refusal("UnauthorizedOperation"), "HS622"),
        (ResponseParserError("<html>"), "HS623"),
        (exceptions.EndpointConnectionError(endpoint_url="https://ssm.eu-west-9.amazonaws.com"), "HS623"),
        (refusal("Throttling", "Rate exceeded"), "HS624"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_error_says_what_to_do(error: Exception, code: str) -> None:
    with pytest.raises(BackendError) as caught, explained("writing"):
        raise error
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, bool(diagnostic.hint)) == (code, True)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [
        refusal(
            "ValidationException", f"1 error: Value '{SECRET}\n{SECRET}' at 'value' failed: at most 4096 long"
        ),
        exceptions.ParamValidationError(report=f"Invalid type for parameter Value, value: {SECRET}"),
    ],
    ids=["refused", "not even sent"],
)
def test_no_error_shows_a_secret(error: Exception) -> None:
    with pytest.raises(BackendError) as caught, explained("writing"):
        raise error
    assert SECRET not in str(caught.value.diagnostics)


# --- parameters


def test_only_what_is_different_is_written(aws: Aws, moto: Moto) -> None:
    store = Store(aws, "kept")
    assert store.read("server/secrets.env") is None
    assert store.put("server/secrets.env", Sensitive("TLS_CA='x'\n")) is True
    assert store.put("server/secrets.env", Sensitive("TLS_CA='x'\n")) is False
    found = moto.client("ssm").get_parameter(Name="/kept/server/secrets.env")["Parameter"]
    assert (found["Type"], found["Version"]) == ("SecureString", 1)
    assert store.put("server/secrets.env", Sensitive("TLS_CA='y'\n")) is True
    read = store.read("server/secrets.env")
    assert read and read.reveal() == "TLS_CA='y'\n"


def test_a_folder_of_parameters_is_read_and_removed(aws: Aws) -> None:
    store = Store(aws, "many")
    for number in range(12):  # more than a page, more than one DeleteParameters takes
        store.put(f"operator/hosts/{number}/agent.pem", Sensitive(str(number)))
    Store(aws, "many-others").put("operator/ca.pem", Sensitive("theirs"))
    found = store.read_below("operator")
    assert len(found) == 12
    assert found["hosts/3/agent.pem"].reveal() == "3"
    assert len(store.remove_below()) == 12
    assert (store.read_below(""), store.remove_below()) == ({}, ())
    assert Store(aws, "many-others").read("operator/ca.pem") is not None


def test_a_colleague_gets_the_folder(aws: Aws, tmp_path: Path) -> None:
    store = Store(aws, "shared")
    mine, theirs = CredentialsFolder(tmp_path / "mine"), CredentialsFolder(tmp_path / "theirs")
    for name in ("ca.pem", "ca-key.pem", "hosts/server/agent-key.pem", "credentials.json", "known_hosts"):
        mine.keep(name, name)
    assert Mirror(mine, store).send() == 4  # known_hosts is about this machine
    assert Mirror(mine, store).send() == 0
    Mirror(theirs, store).fetch()
    assert (theirs.path / "hosts/server/agent-key.pem").read_text() == "hosts/server/agent-key.pem"
    assert (theirs.path / "ca-key.pem").stat().st_mode & 0o077 == 0
    assert not (theirs.path / "known_hosts").exists()


def test_a_file_of_a_plan_stays_on_this_machine(aws: Aws, tmp_path: Path) -> None:
    store = Store(aws, "plans")
    mirror = Mirror(CredentialsFolder(tmp_path / "mine"), store)
    mirror.local().write("services.json", "{}")
    assert (mirror.read("services.json"), store.read("operator/services.json")) == ("{}", None)
    mirror.write("services.json", "[]")
    kept = store.read("operator/services.json")
    assert kept and kept.reveal() == "[]"


# --- one at a time


def test_the_lock_names_who_holds_it(aws: Aws) -> None:
    with locked(aws, "busy", "ann@desk"):
        with pytest.raises(ConflictError) as caught, locked(aws, "busy", "bob@lap"):
            pass
        assert "ann@desk has been changing" in str(caught.value)
        assert "/busy/lock" in caught.value.diagnostics[0].hint
        with pytest.raises(ConflictError), locked(aws, "busy", "ann@desk"):  # this very process still runs
            pass
    with locked(aws, "busy", "bob@lap"):
        pass


def test_the_lock_of_a_killed_process_is_taken_over(aws: Aws, moto: Moto) -> None:
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    moto.client("ssm").put_parameter(
        Name="/killed/lock", Value=f"ann@desk {gone} 2026-11-21T20:00:00Z", Type="String"
    )
    with pytest.raises(ConflictError), locked(aws, "killed", "bob@lap"):
        pass
    with locked(aws, "killed", "ann@desk"):
        pass


def test_an_address_of_aws_that_is_none(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    with pytest.raises(BackendError, match="Invalid endpoint: nowhere"):
        aws.account()


# --- what is in the way


def found(aws: Aws, *lines: str) -> dict[str, Diagnostic]:
    return {each.code: each for each in obstacles(aws, stack(*lines).environment, PREFIX)}


def test_all_that_is_in_the_way_is_told_together(aws: Aws, moto: Moto) -> None:
    moto.client("route53").create_hosted_zone(Name="other.example.net", CallerReference="1")
    problems = found(
        aws, "dns: {zone: example.com}", "servers: {type: t3.small}", "clients: {types: [x9.huge]}"
    )
    assert set(problems) == {"HS627", "HS628"}
    assert "other.example.net" in problems["HS627"].summary
    assert problems["HS628"].path == "clients.types"


def test_a_zone_further_up_is_offered() -> None:
    there = ["ample.com", "example.com", "com"]
    assert "`dns: example.com` keeps" in messages.no_hosted_zone("shop.example.com", there).hint
    assert "keeps" not in messages.no_hosted_zone("shop.example.org", there).hint


def test_nothing_is_in_the_way(aws: Aws, moto: Moto) -> None:
    moto.client("route53").create_hosted_zone(Name="example.com", CallerReference="2")
    assert (
        found(aws, "dns: {zone: example.com}", "servers: {type: t3.small}", "clients: {types: [t3.small]}")
        == {}
    )
    assert found(aws, "dns: {zone: example.com}", f'account: "{bed.ACCOUNT}"') == {}


def test_another_account_ends_it_at_once(aws: Aws) -> None:
    problems = found(aws, 'account: "999999999999"')
    assert list(problems) == ["HS625"]
    assert f"of account {bed.ACCOUNT}" in problems["HS625"].summary


def test_the_name_servers_of_a_zone(aws: Aws, moto: Moto) -> None:
    made = moto.client("route53").create_hosted_zone(Name="example.org", CallerReference="3")
    assert name_servers(aws, "example.org") == tuple(made["DelegationSet"]["NameServers"])


# --- machines


def test_servers_are_known_with_their_age(aws: Aws, moto: Moto) -> None:
    names = servers(moto)
    instances = Instances(aws, PREFIX)
    assert sorted(names) == sorted(each.name for each in instances.of("server"))
    assert all(each.current and each.in_service for each in instances.of("server"))
    newer(moto)
    assert not any(each.current for each in instances.of("server"))
    instances.replace(names[0])
    after = {each.name: each for each in instances.of("server")}
    assert names[0] not in after
    (new,) = after.keys() - set(names)
    assert [name for name, each in after.items() if each.current] == [new]
    instances.replace(names[0])  # once more is fine
    assert len(instances.of("server")) == 3
    assert instances.of("client") == ()


def test_what_buckets_and_repositories_hold(aws: Aws, moto: Moto) -> None:
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="shop-files", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert contents(aws, "aws_s3_bucket", "shop-files") == ""
    s3.put_object(Bucket="shop-files", Key="a", Body=b"")
    s3.put_object(Bucket="shop-files", Key="b", Body=b"")
    assert contents(aws, "aws_s3_bucket", "shop-files") == "2 objects"
    assert contents(aws, "aws_s3_bucket", "gone") == ""
    assert contents(aws, "aws_ecr_repository", "gone") == ""
