"""What bootstrap.sh asks AWS with curl, against botocore's own signatures, and what it makes of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.conftest import program
from tests.unit.terraform.pretend_aws import KEYS, SCRIPT, PretendAws, Request, pretending

ANSWERED = (200, "<ok/>")
SECRETS = "TLS_CA='LS0t+/=='\nCONSUL_AGENT_TOKEN='0a1b'\n"
PARAMETER = json.dumps({"Parameter": {"ARN": "arn", "Type": "SecureString", "Value": SECRETS, "Version": 3}})
INSTANCES = """<reservationSet><item><instancesSet><item>
<privateIpAddress>10.20.64.11</privateIpAddress><networkInterfaceSet><item><privateIpAddress>10.20.64.11</privateIpAddress>
</item></networkInterfaceSet></item><item><privateIpAddress>10.20.80.12</privateIpAddress></item></instancesSet></item>
</reservationSet>"""
CALLS = {
    "ssm": "fetch_secrets secrets",
    "ec2": "running_servers",
    "autoscaling": "complete_hook joined CONTINUE",
    "monitoring": "send_memory",
    "logs": "journalctl() { printf 'said \"it\"\\nand\\tthat\\n'; }; send_log",
    "s3": 'ask_aws s3 /bucket/snapshots/a-1.snap -T "$etc/curl" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD"',
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[PretendAws]:
    """Return an instance with a role, and AWS."""
    with pretending(tmp_path, program("curl")) as aws:
        yield aws


def signature(request: Request, service: str, signed: list[str]) -> str:
    """Return the signature that botocore would have sent with this request."""
    keys = Credentials(KEYS["AccessKeyId"], KEYS["SecretAccessKey"])
    auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, "eu-west-1")
    headers = {name: request.header(name) for name in signed}
    again = AWSRequest(
        request.method, f"http://{request.header('host')}{request.path}", headers, request.body
    )
    again.context["timestamp"] = request.header("x-amz-date")
    again.context["signing"] = {"disableDoubleEncoding": True} if service == "s3" else {}
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return str(auth.signature(text, again))


@pytest.mark.parametrize("service", CALLS)
def test_curl_signs_as_botocore_does(aws: PretendAws, service: str) -> None:
    """The session's token, the type and the action are part of what is signed, and nothing is sent twice."""
    aws.answers = [ANSWERED]
    aws.run(CALLS[service])
    for request in aws.requests:
        fields = dict(
            part.split("=", 1) for part in request.header("authorization").split(" ", 1)[1].split(", ")
        )
        signed = fields["SignedHeaders"].split(";")
        sent = {name for name, _ in request.headers}
        assert fields["Credential"].split("/", 2)[2] == f"eu-west-1/{service}/aws4_request"
        assert {
            name for name in sent if name in {"host", "content-type"} or name.startswith("x-amz-")
        } == set(signed)
        assert "x-amz-security-token" in signed
        assert request.header("x-amz-security-token") == KEYS["Token"]
        assert "?" not in request.path
        assert fields["Signature"] == signature(request, service, signed)
    assert len(aws.requests) == (2 if service == "logs" else 1)


def test_no_key_is_on_a_command_line(aws: PretendAws) -> None:
    """Whoever may list processes can read what curl is started with."""
    aws.answers = [(200, PARAMETER)]
    for call in CALLS.values():
        aws.run(call)
    told = "\n".join(aws.noted("curls"))
    assert told.count("--aws-sigv4") == len(CALLS) + 1
    assert not [word for word in (*KEYS.values(), "ticket", "0a1b") if word in told]


def test_secrets_become_a_file_of_roots(aws: PretendAws) -> None:
    """Lines are lines again, and nobody else may read them."""
    aws.answers = [(200, PARAMETER)]
    done = aws.run("fetch_secrets secrets")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    file = aws.folder / "secrets.env"
    assert file.read_text() == SECRETS
    assert file.stat().st_mode & 0o777 == 0o600
    (request,) = aws.requests
    assert request.header("x-amz-target") == "AmazonSSM.GetParameter"
    assert request.body == b'{"Name": "/shop-production/server/secrets.env", "WithDecryption": true}'


def test_a_client_asks_for_what_is_its_own(aws: PretendAws) -> None:
    """The servers' secrets are none of its business, nor would its role be let to them."""
    aws.run("ROLES='client ingress'; fetch_secrets nomad || :; complete_hook drain CONTINUE")
    assert b'"/shop-production/client/nomad.env"' in aws.requests[0].body
    assert aws.requests[1].body == (
        b"Action=CompleteLifecycleAction&Version=2011-01-01&AutoScalingGroupName=shop-production-client"
        b"&InstanceId=i-0123456789abcdef0&LifecycleHookName=drain&LifecycleActionResult=CONTINUE"
    )


def test_a_parameter_that_is_not_there_yet_is_no_event(aws: PretendAws) -> None:
    """A machine asks again and again, until the operator has made it; what it had before it keeps."""
    aws.answers = [(400, '{"__type": "ParameterNotFound"}')]
    (aws.folder / "secrets.env").write_text("old\n")
    done = aws.run("fetch_secrets secrets || echo none; have_secrets && echo kept")
    assert (done.stdout, done.stderr) == ("none\nkept\n", "")
    assert len(aws.requests) == 2
    assert aws.noted("sleeps") == []


def test_it_finds_itself_and_the_servers(aws: PretendAws) -> None:
    """What Terraform cannot know is added to the settings once, however often it is found."""
    aws.answers = [(200, INSTANCES)]
    (aws.folder / "node.env").write_text("ROLES='server'\nSERVERS='10.0.0.9'\n")
    done = aws.run("find_myself; find_myself")
    assert (done.returncode, done.stderr) == (0, "")
    assert (aws.folder / "node.env").read_text().splitlines() == [
        "ROLES='server'",
        "NODE_NAME='i-0123456789abcdef0'",
        "ADDRESS='10.20.64.11'",
        "RACK='eu-west-1a'",
        "SERVERS='10.20.64.11 10.20.80.12'",
    ]


@pytest.mark.parametrize(
    "trouble",
    [
        (400, '{"__type":"ThrottlingException","message":"Rate exceeded"}'),
        (503, "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"),
        (503, "Service Unavailable"),
        (500, ""),
    ],
)
def test_what_passes_is_tried_again(aws: PretendAws, trouble: tuple[int, str]) -> None:
    """Each time after a longer pause, and no word of it."""
    aws.answers = [trouble, trouble, (200, INSTANCES)]
    done = aws.run("running_servers")
    assert (done.stdout, done.stderr) == ("10.20.64.11\n10.20.80.12\n", "")
    assert aws.noted("sleeps") == ["sleep 1", "sleep 2"]


def test_what_does_not_pass_is_told_once(aws: PretendAws) -> None:
    """The message of AWS names the right that is missing."""
    aws.answers = [
        (
            403,
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code>\n<Message>User: arn:aws:sts::1:x is not "
            "authorized to perform: ec2:DescribeInstances</Message></Error></Errors></Response>",
        )
    ]
    done = aws.run("running_servers")
    assert done.stdout == ""
    assert done.stderr == (
        "hashistack: warning: the role of this instance lacks a right in ec2: UnauthorizedOperation "
        "User: arn:aws:sts::1:x is not authorized to perform: ec2:DescribeInstances\n"
    )
    assert len(aws.requests) == 1


def test_a_hook_that_is_over_is_no_mistake(aws: PretendAws) -> None:
    """The first machines of a group may be there before its hooks are."""
    aws.answers = [
        (
            400,
            "<Error><Code>ValidationError</Code><Message>No active Lifecycle Action found</Message></Error>",
        )
    ]
    done = aws.run("complete_hook joined CONTINUE && echo done")
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_silent_metadata_end_nothing(aws: PretendAws) -> None:
    """No answer is not the answer that the instance is to end."""
    aws.facts.clear()
    done = aws.run(
        'load_settings() { METRICS=""; }; leave_for_good() { echo left; }; drain_node() { echo drained; }\n'
        'sleep() { echo "$1"; turns=$((${turns:-0} + 1)); [ "$turns" -lt 3 ] || exit 0; }\n'
        "watch_lifecycle"
    )
    assert (done.stdout, done.stderr) == ("5\n5\n5\n", "")


def test_it_leaves_when_auto_scaling_ends_it(aws: PretendAws) -> None:
    """Only then is the hook completed."""
    aws.facts["autoscaling/target-lifecycle-state"] = "Terminated"
    done = aws.run('load_settings() { METRICS=""; }; leave_for_good() { echo left; }; watch_lifecycle')
    assert done.stdout == "hashistack: this instance is to end\nleft\n"
    (request,) = aws.requests
    assert b"LifecycleHookName=drain&LifecycleActionResult=CONTINUE" in request.body


def test_it_waits_for_the_load_balancers_before_it_is_let_go(aws: PretendAws) -> None:
    """Auto Scaling takes the instance out of them first; who has left by then has no hook to complete yet."""
    aws.facts["autoscaling/target-lifecycle-state"] = "Terminated"
    none = "<Error><Code>ValidationError</Code><Message>No active Lifecycle Action found</Message></Error>"
    aws.answers = [(400, none), (400, none), (200, "<CompleteLifecycleActionResponse/>")]
    aws.run('load_settings() { METRICS=""; }; leave_for_good() { :; }; watch_lifecycle')
    assert len(aws.requests) == 3


def test_it_drains_when_spot_takes_it_back(aws: PretendAws) -> None:
    """Two minutes are left, and Auto Scaling may say nothing."""
    aws.facts["spot/instance-action"] = '{"action": "terminate", "time": "2026-11-21T12:00:00Z"}'
    done = aws.run(
        'load_settings() { METRICS=""; }; drain_node() { echo "drained in $1"; }; sleep() { exit 0; }; watch_lifecycle'
    )
    assert done.stdout == "drained in 60\n"
    assert aws.requests == []


def test_the_partition_of_china_has_another_domain(aws: PretendAws) -> None:
    """All others are below amazonaws.com."""
    own = next(line for line in SCRIPT.read_text().splitlines() if line.startswith("endpoint() {"))
    done = aws.run(f"{own}\nendpoint ssm; REGION=cn-north-1; endpoint ec2")
    assert done.stdout.splitlines() == [
        "https://ssm.eu-west-1.amazonaws.com",
        "https://ec2.cn-north-1.amazonaws.com.cn",
    ]
