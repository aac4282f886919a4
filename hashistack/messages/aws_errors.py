"""HS640 to HS659 and HS679: what AWS, or Terraform about AWS, refuses, and what to do about it."""

from __future__ import annotations

from hashistack.diagnostics import Diagnostic

AGAIN = "then run the command again: it goes on from where it stopped"


def no_credentials() -> Diagnostic:
    """No credentials were found anywhere."""
    return Diagnostic(
        "HS640",
        "there are no credentials of AWS",
        hint="log in (`aws sso login`, then AWS_PROFILE=…), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
        "`aws sts get-caller-identity` shows whose they are",
    )


def expired_credentials() -> Diagnostic:
    """The session is over."""
    return Diagnostic(
        "HS641",
        "the credentials of AWS have expired",
        hint=f"log in again (`aws sso login`, or get a new session token), {AGAIN}",
    )


def invalid_credentials() -> Diagnostic:
    """AWS does not know the key, or the signature is wrong."""
    return Diagnostic(
        "HS642",
        "AWS does not accept the credentials",
        hint="`aws sts get-caller-identity` must answer: is the key deleted or mistyped, AWS_SESSION_TOKEN of another "
        "session still set, or the clock of this machine wrong?",
    )


def wrong_account(found: str, wanted: str | None, environment: str) -> Diagnostic:
    """The credentials are of an account that is not the environment's."""
    of = f"{wanted}, as the descriptor says" if wanted else "another one"
    return Diagnostic(
        "HS643",
        f"the credentials are of account {found}; {environment} is in {of}",
        path=f"environments.{environment}.account",
        hint="choose the profile of the right account (AWS_PROFILE=…), or mend `account`",
    )


def access_denied(action: str, resource: str, who: str, by: str) -> Diagnostic:
    """One action is not allowed; all but `action` may be ""."""
    on = f" on {resource}" if resource else ""
    whose = who or "yours"
    hint = f"let somebody who may allow {action}{on} in a policy of {whose}"
    if by == "service control policy":
        hint = f"a service control policy of the organisation forbids it: ask its owner to allow {action}"
    elif by == "permissions boundary":
        hint = f"the permissions boundary of {whose} forbids it: add {action} there"
    return Diagnostic("HS644", f"AWS refuses {action}{on}", hint=f"{hint}; {AGAIN}")


def access_denied_somewhere(doing: str) -> Diagnostic:
    """AWS does not say which action it refuses; `doing` is what was tried, as far as it is known."""
    return Diagnostic(
        "HS644",
        f"AWS refuses {doing}",
        hint="`aws sts decode-authorization-message --encoded-message …` with the encoded text tells which action; "
        f"let it be allowed, {AGAIN}",
    )


def quota_exceeded(what: str, region: str, service: str, code: str, value: int) -> Diagnostic:
    """The account may have no more of something; `value` is what to ask for."""
    request = (
        f"aws service-quotas request-service-quota-increase --region {region} "
        f"--service-code {service} --quota-code {code} --desired-value {value}"
    )
    return Diagnostic(
        "HS647",
        f"the account may have no more {what} in {region}",
        hint=f"remove what nobody uses, or ask for more: `{request}` (small steps are granted in minutes); {AGAIN}",
    )


def quota_unknown(what: str, region: str, service: str) -> Diagnostic:
    """A quota is reached that has no code in our table."""
    return Diagnostic(
        "HS647",
        f"the account may have no more {what} in {region}",
        hint=f"`aws service-quotas list-service-quotas --region {region} --service-code {service}` has its code; "
        f"ask for more with `aws service-quotas request-service-quota-increase`; {AGAIN}",
    )


def type_not_offered(kind: str, zone: str, others: str, environment: str) -> Diagnostic:
    """A zone has no machines of a type; `others` are the zones that have, as AWS lists them."""
    where = f"zones that have it: {others}" if others else "another type or zone has it"
    offered = (
        "aws ec2 describe-instance-type-offerings --location-type availability-zone "
        f"--filters Name=instance-type,Values={kind}"
    )
    return Diagnostic(
        "HS648",
        f"{zone or 'a zone'} has no machines of type {kind or 'asked for'}",
        path=f"environments.{environment}.zones",
        hint=f"{where}; change `zones`, or the type (`{offered}` lists the zones)",
    )


def no_capacity(kind: str, zone: str, others: str, environment: str, *, spot: bool) -> Diagnostic:
    """AWS has no free machine of a type at the moment."""
    also = f"; at the moment there are in {others}" if others else ""
    share = ", or fewer spot machines: `spot: 50%`" if spot else ""
    return Diagnostic(
        "HS649",
        f"AWS has no free machines of type {kind or 'asked for'} in {zone or 'the zone'} at the moment{also}",
        path=f"environments.{environment}.clients.types",
        hint=f"give it a choice: several types of the same architecture in `clients.types`{share}; AWS goes on trying",
    )


def zone_missing(zone: str, environment: str) -> Diagnostic:
    """The account has no hosted zone for the environment's names."""
    return Diagnostic(
        "HS650",
        f"the account has no public hosted zone {zone}",
        path=f"environments.{environment}.dns.zone",
        hint=f"`dns: {{zone: {zone}, create: true}}` makes one (its name servers then go to the registrar); or "
        "name the zone that there is: `aws route53 list-hosted-zones` lists them",
    )


def certificate_pending(zone: str) -> Diagnostic:
    """ACM waits for a DNS record that the world does not see."""
    return Diagnostic(
        "HS651",
        "AWS could not check the certificate: the world does not see the records of the hosted zone",
        hint=f"`dig +short NS {zone}` must give the name servers of the zone (`terraform output name_servers`, or "
        f"`aws route53 list-hosted-zones-by-name --dns-name {zone}` and `get-hosted-zone`); if not, enter them where "
        f"the domain {zone} is registered, wait until dig shows them, {AGAIN}",
    )


def bucket_taken(bucket: str, *, ours: bool) -> Diagnostic:
    """A bucket of this name is there already: names are shared by all accounts of the world."""
    if ours:
        return Diagnostic(
            "HS652",
            f"bucket {bucket} exists in this account, and this Terraform did not make it",
            hint="is the state of a former apply lost? bring it back, import the bucket, or remove it",
        )
    return Diagnostic(
        "HS652",
        f"bucket {bucket} belongs to somebody else: names of buckets are shared by the whole world",
        hint="choose another name: begin it with the name of your organisation",
    )


def protected(what: str, environment: str) -> Diagnostic:
    """Something is protected against being deleted."""
    return Diagnostic(
        "HS653",
        f"{what} is protected against deletion",
        path=f"environments.{environment}.deletion_protection",
        hint=f"if its data may be lost: `deletion_protection: false`, `hashistack up -e {environment}`, "
        f"then `hashistack down -e {environment}`",
    )


def not_empty(what: str, name: str) -> Diagnostic:
    """A bucket or an image repository is to be deleted and has something in it."""
    remove = (
        "if nobody needs what is in it, empty it: the button Empty of the S3 console takes old versions too"
        if what == "bucket"
        else f"if nobody needs its images: `aws ecr delete-repository --force --repository-name {name}`"
    )
    return Diagnostic(
        "HS654", f"{what} {name} is not empty, and AWS deletes only empty ones", hint=f"{remove}; {AGAIN}"
    )


def unsupported(what: str, region: str, environment: str) -> Diagnostic:
    """The region does not have a service, a class or a version; `what` is AWS's own text."""
    return Diagnostic(
        "HS655",
        f"{region} does not have it: {what}",
        path=f"environments.{environment}.managed",
        hint="another `instance` or `version` of the service, another region, or take it out of `managed`",
    )


def region_disabled(region: str) -> Diagnostic:
    """The account has not turned a region on."""
    return Diagnostic(
        "HS655",
        f"the account has not turned region {region} on",
        hint=f"`aws account enable-region --region-name {region}` (takes minutes to hours), or choose another region",
    )


def image_missing(image: str, region: str, environment: str) -> Diagnostic:
    """There is no AMI of that id, or this account may not use it."""
    return Diagnostic(
        "HS650",
        f"{region} has no image {image} that this account may use",
        path=f"environments.{environment}.machine_image",
        hint=f"`aws ec2 describe-images --region {region} --owners self` lists yours; an AMI is of one region and one "
        "architecture: copy it there, or leave `machine_image` out",
    )


def unreachable(reason: str) -> Diagnostic:
    """AWS could not be asked, or asked for patience."""
    return Diagnostic(
        "HS657",
        f"AWS did not answer: {reason}",
        hint=f"is the internet there, is a proxy needed (HTTPS_PROXY)? {AGAIN}",
    )


def busy() -> Diagnostic:
    """AWS was asked for too much at a time, mostly by others of the same account."""
    return Diagnostic(
        "HS657", "AWS wants fewer requests at a time in this account", hint=f"wait a minute, {AGAIN}"
    )


def exists_already(what: str, folder: str, address: str) -> Diagnostic:
    """Something of this name is in the account and not in Terraform's state; `address` is its name there, or ""."""
    place = f"'{address}'" if "[" in address else address or "ADDRESS"
    return Diagnostic(
        "HS658",
        f"{what} exists in the account, and this Terraform did not make it",
        hint="is it left of a run that was interrupted, or of a stack whose state is lost? remove it by hand, or take "
        f"it over: `terraform -chdir={folder} import {place} ID`; of another stack? rename one of the two",
    )


def provider_exists(environment: str) -> Diagnostic:
    """GitHub's identity provider, of which an account has one, is there already."""
    return Diagnostic(
        "HS658",
        "the account has GitHub's identity provider already, and this Terraform did not make it",
        path=f"environments.{environment}.deploy",
        hint=f"an account has only one of them: write `provider: false` beside `github`, {AGAIN}",
    )


def in_use(what: str) -> Diagnostic:
    """Something cannot be removed because something else, made by others, uses it."""
    return Diagnostic(
        "HS659",
        f"{what} cannot be removed: something in it was made by somebody else",
        hint="`aws ec2 describe-network-interfaces --filters Name=vpc-id,Values=…` shows what is left in the network; "
        f"remove it, {AGAIN}",
    )


def policy_attached(what: str) -> Diagnostic:
    """Certificates of devices still use a policy."""
    return Diagnostic(
        "HS659",
        f"{what} cannot be removed: certificates of devices still use it",
        hint="`aws iot list-targets-for-policy --policy-name …` lists them, `aws iot detach-policy` frees it, "
        + AGAIN,
    )


def record_conflicts(name: str) -> Diagnostic:
    """A record of the name is there which ours cannot stand beside."""
    return Diagnostic(
        "HS658",
        f"Route 53 has another record of {name or 'this name'}, and both cannot be",
        hint="remove it; or, to move traffic step by step, make it a weighted record whose set identifier is a name "
        f"under `dns.others`, {AGAIN}",
    )


def unexplained(text: str, address: str) -> Diagnostic:
    """An error that nobody here knows more of; `address` is the resource, "" if it is about none."""
    about = f"{address}: " if address else ""
    return Diagnostic("HS679", f"{about}{' '.join(text.split())}", hint=f"put that right, {AGAIN}")
