"""Wording of what happens in an account: HS620 to HS639, HS660 to HS664, HS690 on; Terraform's: `aws_errors`."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic

_PLUGIN = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"


# --- the account


def no_credentials(reason: str) -> Diagnostic:
    """Nothing on this machine says who asks."""
    return Diagnostic(
        "HS620",
        f"no credentials of AWS: {reason}",
        hint="`aws configure sso` (or `aws configure`), then AWS_PROFILE=<name>; `aws sts get-caller-identity` shows "
        "who you are",
    )


def expired_credentials(detail: str) -> Diagnostic:
    """The credentials were good once, or are of no account."""
    return Diagnostic(
        "HS621",
        f"AWS does not take these credentials: {detail}",
        hint="log in again: `aws sso login`, or new keys in the profile; then run the command again, it goes on",
    )


def denied(doing: str, detail: str) -> Diagnostic:
    """The credentials are good, and may not do this."""
    return Diagnostic(
        "HS622",
        f"AWS forbids {doing}: {detail}",
        hint="an administrator of the account can allow it; then run the command again, it goes on",
    )


def unreachable(doing: str, detail: str) -> Diagnostic:
    """AWS does not answer."""
    return Diagnostic(
        "HS623",
        f"AWS does not answer while {doing}: {detail}",
        hint="is the region's name right, and does this machine get through to the internet (HTTPS_PROXY)?",
    )


def refused(doing: str, detail: str) -> Diagnostic:
    """AWS refused for a reason of its own."""
    return Diagnostic(
        "HS624", f"AWS refused {doing}: {detail}", hint="put that right, then run the command again"
    )


def other_account(found: str, wanted: str) -> Diagnostic:
    """The credentials are of another account than the descriptor says."""
    return Diagnostic(
        "HS625",
        f"these credentials are of account {found}; the environment is in {wanted}",
        path="account",
        hint="choose the other profile: AWS_PROFILE=<name>; `aws configure list-profiles` lists them",
    )


def zones_missing(zones: Sequence[str], region: str, there: Sequence[str]) -> Diagnostic:
    """Availability zones that this account does not have."""
    return Diagnostic(
        "HS626",
        f"{region} has no zone {', '.join(zones)} for this account",
        path="zones",
        hint=f"write two or three of: zones: [{', '.join(there)}]",
    )


def no_hosted_zone(name: str, there: Sequence[str]) -> Diagnostic:
    """Route 53 has no public zone of that name in this account."""
    others = f"; this account has {', '.join(there)}" if there else ""
    create = "`dns: {create: true}` makes it, and `up` prints the name servers to enter where the domain is registered"
    above = max((zone for zone in there if name.endswith(f".{zone}")), key=len, default="")
    return Diagnostic(
        "HS627",
        f"Route 53 has no public hosted zone {name}{others}",
        path="dns.zone",
        hint=f"`dns: {above}` keeps the names in the zone that is there; {create}" if above else create,
    )


def type_not_offered(key: str, types: Sequence[str], zone: str, elsewhere: Sequence[str]) -> Diagnostic:
    """A zone in which none of a group's instance types can be had."""
    hint = f"{', '.join(elsewhere)} offer it" if elsewhere else "choose another type"
    return Diagnostic(
        "HS628", f"{zone} does not offer {' or '.join(types)}", path=key, hint=f"{hint}; or take another zone"
    )


def mixed_architectures(key: str, kinds: Sequence[str]) -> Diagnostic:
    """Instance types of one group that cannot boot the same image."""
    return Diagnostic(
        "HS629",
        f"these types have no processor architecture in common: {'; '.join(kinds)}",
        path=key,
        hint="all types of a group boot one machine image: only arm64, or only x86_64",
    )


def quota_too_small(need: int, quota: int, used: int, request: str, *, soon: bool) -> Diagnostic:
    """The account may not run as many vCPUs; `soon`: enough to start, too few for the most clients."""
    when = "with all its clients this environment needs" if soon else "this environment needs"
    return Diagnostic(
        "HS630",
        f"{when} {need} vCPUs besides {used} that run already; the account may run {quota}",
        path="clients.max" if soon else "clients.min",
        hint=f"ask for more: `{request}`",
        severity="warning" if soon else "error",
    )


# --- one at a time, and with open eyes


def locked(owner: str, since: str, parameter: str, region: str) -> Diagnostic:
    """Somebody else is changing this environment."""
    return Diagnostic(
        "HS631",
        f"{owner} has been changing this environment since {since}",
        hint="wait until they are done; if that was killed: "
        f"`aws ssm delete-parameter --region {region} --name {parameter}`, then run the command again",
    )


def needs_yes(command: str, environment: str) -> Diagnostic:
    """Nobody is there to agree to what Terraform will do."""
    return Diagnostic(
        "HS632",
        f"{command} changes an account of AWS, which costs money, and nobody is there to be asked",
        hint=f"look first: `hashistack plan -e {environment}`; then `hashistack {command} -e {environment} --yes`",
    )


def declined() -> Diagnostic:
    """The plan was shown and not agreed to."""
    return Diagnostic("HS633", "nothing was changed", hint="`hashistack plan` shows the same again")


def protected(what: Sequence[str], environment: str) -> Diagnostic:
    """Resources that nobody may delete by mistake."""
    return Diagnostic(
        "HS634",
        f"protected against deletion: {', '.join(what)}",
        path="deletion_protection",
        hint=f"if it is to be lost: write `deletion_protection: false` in environments.{environment}, "
        f"`hashistack up -e {environment}`, and this command again",
    )


def still_there(what: Sequence[str], environment: str) -> Diagnostic:
    """What is left where something went wrong on the way."""
    shown = ", ".join(what[:20]) + (f" and {len(what) - 20} more" if len(what) > 20 else "")  # noqa: PLR2004
    return Diagnostic(
        "HS635",
        f"{len(what)} resources are there: {shown}",
        hint=f"the state knows them: `hashistack up -e {environment}` goes on from here, "
        f"`hashistack down -e {environment}` removes them",
        severity="warning",
    )


def state_elsewhere(servers: Sequence[str], environment: str) -> Diagnostic:
    """Machines of the environment run that the state knows nothing of: another one made them."""
    return Diagnostic(
        "HS692",
        f"{', '.join(servers)} of {environment} run, and the state that Terraform has here knows of nothing",
        path=f"environments.{environment}.state",
        hint="without `state` it is a file in the folder `terraform` of whoever brought the environment up: go on "
        "there, or share it: write `state`, and move it with `terraform init -migrate-state`",
    )


# --- the way to the servers


def no_tunnel_programs(missing: Sequence[str]) -> Diagnostic:
    """Programs that Session Manager's port forwarding needs are not on PATH."""
    return Diagnostic(
        "HS636",
        f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not on PATH: the servers have no public "
        "address and are reached through Session Manager",
        hint=f"install the AWS CLI and its plugin ({_PLUGIN}); or come by VPN and set NOMAD_ADDR and CONSUL_HTTP_ADDR "
        "to https addresses of a server",
    )


def no_tunnel(port: int, reason: str) -> Diagnostic:
    """No way to a server came about."""
    return Diagnostic(
        "HS637",
        f"no port forwarding to port {port} of a server: {reason}",
        hint="`aws ssm describe-instance-information` lists the machines that Session Manager reaches; a new one takes "
        "two minutes; run the command again, it goes on",
    )


def plain_address(variable: str, value: str) -> Diagnostic:
    """An address that would carry management tokens unencrypted, or is of another cluster."""
    return Diagnostic(
        "HS660",
        f"{variable}={value} is no https address, so it is none of this cluster",
        hint=f"`unset {variable}` for this command; by VPN it is https://<address of a server>",
    )


def servers_late(wanted: int, found: int, seconds: float) -> Diagnostic:
    """The servers have not come up in time."""
    return Diagnostic(
        "HS638",
        f"{found} of {wanted} servers are in service after {seconds / 60:.0f} min",
        hint="the console output of an instance says how far its start came (`aws ec2 get-console-output --latest`); "
        "run the command again, it goes on",
    )


def clients_late(wanted: int, found: int, seconds: float) -> Diagnostic:
    """Too few machines take jobs; a warning as long as there is one."""
    return Diagnostic(
        "HS661",
        f"{found} of {wanted} clients take jobs after {seconds / 60:.0f} min",
        hint="`hashistack doctor` looks at all; the Auto Scaling group's activities say what AWS could not start; to "
        "servers that lost all they knew these clients are strangers: `hashistack restore` brings them back",
        severity="warning" if found else "error",
    )


def nothing_there(environment: str) -> Diagnostic:
    """There are no servers to ask."""
    return Diagnostic(
        "HS662",
        f"no server of environment {environment} runs",
        hint=f"`hashistack up -e {environment}` brings it up; `hashistack plan -e {environment}` shows what that does",
    )


def servers_outdated(servers: Sequence[str], environment: str) -> Diagnostic:
    """Servers that were started before their launch template was changed."""
    return Diagnostic(
        "HS639",
        f"{', '.join(servers)} still run as they were started, before the servers' template was changed",
        hint=f"`hashistack upgrade -e {environment}` replaces them, one after another",
        severity="warning",
    )


def upgrade_first(changes: Sequence[str], environment: str) -> Diagnostic:
    """Clients would run newer agents than the servers, which Nomad and Consul do not support."""
    return Diagnostic(
        "HS690",
        f"the servers are of another version: {', '.join(changes)}",
        path=f"environments.{environment}.software",
        hint=f"`hashistack upgrade -e {environment}` replaces the servers, one at a time, and then the clients",
    )


def records_kept(names: Sequence[str], zone: str) -> Diagnostic:
    """Records of another platform stay, and Terraform forgets them."""
    return Diagnostic(
        "HS691",
        f"the records of {', '.join(names)} in {zone} stay: all traffic goes there now",
        severity="warning",
    )


def single_server(environment: str) -> Diagnostic:
    """One server is all there is: replacing it would lose everything that it knows."""
    return Diagnostic(
        "HS663",
        "the only server cannot be replaced: all that the cluster knows is on it",
        path="servers.count",
        hint=f"`servers: {{count: 3}}` and `hashistack up -e {environment}` first",
    )


def not_replaced(server: str, complaints: Sequence[str], left: Sequence[str]) -> Diagnostic:
    """The new server is not what the old one was, in time."""
    rest = f"; not touched: {', '.join(left)}" if left else ""
    return Diagnostic(
        "HS664",
        f"{server} is not replaced yet: {'; '.join(complaints)}{rest}",
        hint="the console output of the new instance says how far its start came; when all servers vote, run "
        "`hashistack upgrade` again: it goes on",
    )
