"""What an error of AWS, or of Terraform about AWS, means, and what to do about it. Pure: its text in, a diagnostic out.

Terraform's provider and botocore repeat the code and the words of AWS's own answer, so one set of rules reads both.
The codes are those of docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and of each service's own
page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from re import Match

from hashistack.diagnostics import Diagnostic
from hashistack.messages import aws_errors as say
from hashistack.messages import aws_state_errors as say_of_state
from hashistack.model import Environment
from hashistack.plan.quotas import exceeded


@dataclass(frozen=True, slots=True)
class Said:
    """An error: its text on one line, the resource it is about ("" if none), and the environment it happened in."""

    text: str
    address: str
    environment: Environment

    @property
    def folder(self) -> str:
        """Return the folder of the environment's Terraform, from where the commands are typed."""
        return f"stack/{self.environment.name}/terraform"

    def find(self, pattern: str) -> str:
        """Return the first group of `pattern` in the text, "" if it is not there."""
        found = re.search(pattern, self.text)
        return (found[1] or "") if found else ""


def explain(text: str, environment: Environment, address: str = "") -> Diagnostic | None:
    """Return what an error means; None if nobody knows better than the text itself."""
    said = Said(" ".join(text.split()), address, environment)
    for pattern, make in _RULES:
        if found := pattern.search(said.text):
            return make(said, found)
    return None


def explain_all(errors: Iterable[tuple[str, str]], environment: Environment) -> tuple[Diagnostic, ...]:
    """Return what errors mean, each a text and an address; what several resources share is said once."""
    found = (
        explain(text, environment, address) or say.unexplained(text, address) for text, address in errors
    )
    return tuple(dict.fromkeys(found))


Rule = Callable[[Said, Match[str]], Diagnostic]


def _locked(said: Said, _: Match[str]) -> Diagnostic:
    def info(name: str) -> str:
        return said.find(rf"\b{name}: +(\S+(?: \d\d:\d\d:\d\d)?)")

    doing = info("Operation").removeprefix("OperationType").lower()
    return say_of_state.state_locked(info("Who"), info("Created"), info("ID"), doing, said.folder)


def _wrong_account(said: Said, found: Match[str]) -> Diagnostic:
    cloud = said.environment.cloud
    return say.wrong_account(found[1], cloud.account if cloud else None, said.environment.name)


def _denied(_: Said, found: Match[str]) -> Diagnostic:
    reason = re.search(r"service control policy|permissions boundary", found["why"] or "")
    return say.access_denied(
        found["action"], found["resource"] or "", found["who"], reason[0] if reason else ""
    )


# Calls of S3 whose right has another name:
# docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_RIGHTS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject and s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}


def _denied_somewhere(said: Said, _: Match[str]) -> Diagnostic:
    service, action = said.find(r"operation error ([\w ]+): \w+"), said.find(r"operation error [\w ]+: (\w+)")
    called = said.find(r"when calling the (\w+) operation")
    if service or called:
        name = f"{service.lower().replace(' ', '')}:{action}" if service else called
        return say.access_denied(_RIGHTS.get(name, name), "", "", "")
    return say.access_denied_somewhere(said.address or "something")


def _not_offered(said: Said, found: Match[str]) -> Diagnostic:
    return say.type_not_offered(found["kind"], found["zone"], _choosing(said), said.environment.name)


def _no_capacity(said: Said, _: Match[str]) -> Diagnostic:
    kind = said.find(r"sufficient ([\w.-]+) capacity")
    zone = said.find(r"Availability Zone you requested \(([\w-]+)\)")
    spot = re.search(r"\bspot\b", said.text, re.IGNORECASE) is not None
    return say.no_capacity(kind, zone, _choosing(said), said.environment.name, spot=spot)


def _choosing(said: Said) -> str:
    """Return the zones that AWS offers instead."""
    return said.find(r"or choosing ([a-z\d-]+(?:, [a-z\d-]+)*)")


def _zone_missing(said: Said, _: Match[str]) -> Diagnostic:
    return say.zone_missing(_zone(said.environment), said.environment.name)


def _image_missing(said: Said, _: Match[str]) -> Diagnostic:
    environment = said.environment
    if not said.address.startswith("data.aws_ami.") or not environment.cloud:
        return say.unexplained(said.text, said.address)
    return say.image_missing(environment.cloud.machine_image, _region(said), environment.name)


def _certificate_pending(said: Said, _: Match[str]) -> Diagnostic:
    return say.certificate_pending(_zone(said.environment))


def _zone(environment: Environment) -> str:
    dns = environment.cloud.dns if environment.cloud else None
    return dns.zone if dns else environment.domain or "of the domain"


def _bucket_taken(said: Said, found: Match[str]) -> Diagnostic:
    return say.bucket_taken(_bucket(said), ours=found[0].endswith("OwnedByYou"))


def _bucket(said: Said) -> str:
    return said.find(r"S3 [Bb]ucket \(([^)]+)\)") or said.address or "of this name"


def _protected(said: Said, _: Match[str]) -> Diagnostic:
    named = said.find(r"(?:DB Instance|DB Cluster|DocumentDB Cluster) \(([^)]+)\)")
    balancer = said.find(r"[Ll]oad balancer '?[^ ']*loadbalancer/(?:app|net)/([^/']+)")
    what = f"load balancer {balancer}" if balancer else named or said.address or "something"
    return say.protected(what, said.environment.name)


def _repository(said: Said, _: Match[str]) -> Diagnostic:
    return say.not_empty("image repository", said.find(r"repository with name '([^']+)'") or said.address)


def _unsupported(said: Said, found: Match[str]) -> Diagnostic:
    return say.unsupported(found[0].rstrip(".,"), _region(said), said.environment.name)


def _region(said: Said) -> str:
    return said.environment.region or "the region"


def _interrupted(said: Said, found: Match[str]) -> Diagnostic:
    return say_of_state.interrupted(said.folder, saved="tate" in found[0])


def _exists(said: Said, _: Match[str]) -> Diagnostic:
    named = said.find(r"^(?:Error: )?creating ([^:]+\([^)]+\))")
    return say.exists_already(named or said.address or "something of this name", said.folder, said.address)


# The first that is found decides: what is said of credentials may well stand in another error's text.
_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"Error acquiring the state lock", _locked),
        (r"Failed to (?:save|persist) state|errored\.tfstate", _interrupted),
        (
            r"\bExpiredToken|RequestExpired|SSO (?:session|[Tt]oken).{0,60}(?:expired|invalid|not exist)"
            r"|Token has expired",
            lambda *_: say.expired_credentials(),
        ),
        (
            r"[Nn]o valid credential sources|NoCredentialProviders|Unable to locate credentials"
            r"|no EC2 IMDS role found|config profile .+ could not be found|failed to get shared config profile",
            lambda *_: say.no_credentials(),
        ),
        (
            r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|\bAuthFailure\b",
            lambda *_: say.invalid_credentials(),
        ),
        (r"AWS [Aa]ccount ID not allowed: (\d+)", _wrong_account),
        (
            r"OptInRequired|InvalidOptIn|region .{1,20} is not enabled",
            lambda s, _: say.region_disabled(_region(s)),
        ),
        (
            r"User: (?P<who>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
            r"(?: on resource: (?P<resource>\S+))?(?P<why> (?:because no|with an explicit deny in an?) [\w -]+)?",
            _denied,
        ),
        (r"UnauthorizedOperation|AccessDenied|Access Denied|api error Forbidden", _denied_somewhere),
        (
            r"requested instance type \((?P<kind>[\w.-]+)\) is not supported in your requested Availability Zone"
            r" \((?P<zone>[\w-]+)\)",
            _not_offered,
        ),
        (
            r"InsufficientInstanceCapacity|UnfulfillableCapacity|do not have sufficient \S+ capacity",
            _no_capacity,
        ),
        (r"RequestLimitExceeded|Throttling|Rate exceeded", lambda *_: say.busy()),
        (
            r"\w*LimitExceeded\w*|TooMany\w+|\w+QuotaExceeded\w*|MaxSpotInstanceCountExceeded",
            lambda said, found: exceeded(found[0], said.text, said.address, said.environment),
        ),
        (r"Your query returned no results", _image_missing),
        (r"no matching Route ?53 ?(?:Hosted ?)?Zone found|NoSuchHostedZone", _zone_missing),
        (r"last state: '?PENDING_VALIDATION", _certificate_pending),
        (r"BucketAlreadyOwnedByYou|BucketAlreadyExists", _bucket_taken),
        (r"BucketNotEmpty", lambda said, _: say.not_empty("bucket", _bucket(said))),
        (r"RepositoryNotEmptyException", _repository),
        (r"Cannot delete protected|deletion protection", _protected),
        (
            r'S3 bucket "([^"]+)" does not exist',
            lambda s, f: say_of_state.state_bucket_missing(f[1], s.environment.name),
        ),
        (
            r'requested bucket from "[^"]+", actual location "([^"]+)"',
            lambda s, f: say_of_state.state_elsewhere(f[1], s.environment.name),
        ),
        (
            r"Can't ask approval for state migration|Backend (?:configuration changed|initialization required)",
            lambda said, _: say_of_state.state_moved(said.folder),
        ),
        (
            r"(?:RDS|DocumentDB) does not support creating a DB instance with the following combination: \S+ \S+ \S+"
            r"|Cannot find version \S+ for [\w-]+|Invalid DB Instance class: \S+"
            r"|DBClusterInstanceClass isn't supported[^.]*|(?:Unsupported|Invalid)(?:Operation|Endpoint)\w*: [^.]+",
            _unsupported,
        ),
        (
            r"CreateOpenIDConnectProvider, .*EntityAlreadyExists",
            lambda said, _: say.provider_exists(said.environment.name),
        ),
        (
            r"AlreadyExists|Duplicate(?:LoadBalancer|TargetGroup)Name|InvalidGroup\.Duplicate|ResourceInUseException",
            _exists,
        ),
        (
            r"DeleteConflictException",
            lambda said, _: say.policy_attached(said.address or "a policy of IoT Core"),
        ),
        (
            r"InvalidChangeBatch.*(?:RRSet|record set|resource record)",
            lambda said, _: say.record_conflicts(
                said.find(r"(?:name|name=) ?'?([\w.*\\-]+\.)'?[,\] ]") or said.address
            ),
        ),
        (r"DependencyViolation", lambda said, _: say.in_use(said.address or "the network")),
        (r"operation canceled|context canceled|execution halted|[Ii]nterrupt", _interrupted),
        (
            r"lookup \S+ .{0,40}no such host|connection refused|i/o timeout|Could not connect to the endpoint URL"
            r"|ServiceUnavailable|Connect timeout on endpoint",
            lambda _, found: say.unreachable(found[0]),
        ),
    )
)
