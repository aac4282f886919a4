"""Wording of everything that concerns a running cluster: codes HS400 to HS499."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def _names(names: Sequence[str]) -> str:
    return ", ".join(names)


# --- an agent that cannot be reached or says no


def not_running(product: str, url: str) -> Diagnostic:
    """Nothing listens at the address."""
    variable = "NOMAD_ADDR" if product == "Nomad" else "CONSUL_HTTP_ADDR"
    return Diagnostic(
        "HS401",
        f"{product} does not answer at {url}",
        hint=f"start it, or set {variable}; for a `target: local` environment `hashistack up` starts it",
    )


def denied(product: str, doing: str, has_token: bool) -> Diagnostic:
    """The ACL system refused."""
    variable = "NOMAD_TOKEN" if product == "Nomad" else "CONSUL_HTTP_TOKEN"
    hint = f"the token in {variable} lacks the permission" if has_token else f"set {variable}"
    return Diagnostic("HS402", f"{product}: permission denied ({doing})", hint=hint)


def tls_mismatch(product: str, url: str, detail: str) -> Diagnostic:
    """One side speaks TLS and the other does not, or the certificate is not trusted."""
    prefix = "NOMAD" if product == "Nomad" else "CONSUL"
    return Diagnostic(
        "HS403",
        f"{product} at {url}: no TLS connection: {detail}",
        hint=f"check http:// or https:// in the address, {prefix}_CACERT, {prefix}_CLIENT_CERT and {prefix}_CLIENT_KEY",
    )


def timed_out(product: str, url: str, doing: str) -> Diagnostic:
    """The connection stands but no answer came."""
    return Diagnostic(
        "HS404", f"{product} at {url} did not answer in time ({doing})", hint="run the command again"
    )


def no_leader(product: str) -> Diagnostic:
    """The servers have no quorum."""
    return Diagnostic(
        "HS405", f"{product} has no leader", hint=f"see `{product.lower()} operator raft list-peers`"
    )


def rejected(product: str, doing: str, answer: str) -> Diagnostic:
    """The API answered with an error that has no better explanation."""
    return Diagnostic("HS406", f"{product} refused ({doing}): {answer}")


def unsupported_address(product: str, url: str) -> Diagnostic:
    """The address has a scheme that is not HTTP."""
    return Diagnostic(
        "HS407",
        f"{product}: cannot use the address {url}",
        hint="write http://HOST:PORT or https://HOST:PORT",
    )


def changed_meanwhile(what: str) -> Diagnostic:
    """A compare-and-set lost against somebody else."""
    return Diagnostic(
        "HS408", f"{what} was changed by somebody else at the same time", hint="run the command again"
    )


# --- before anything is changed


def not_ours(jobs: Sequence[tuple[str, str | None]], app: str) -> Diagnostic:
    """Jobs of these ids are in the cluster and are somebody else's; pairs of job id and owner."""
    told = _names(
        [f"{job} (of app {owner})" if owner else f"{job} (not made by hashistack)" for job, owner in jobs]
    )
    return Diagnostic(
        "HS410",
        f"Nomad already runs what {app} would overwrite: {told}",
        hint="nothing was changed; rename the app, or take the jobs over with --adopt",
    )


def missing_secrets(names: Sequence[str], app: str) -> Diagnostic:
    """Declared secrets have no value in the cluster and nobody can be asked."""
    return Diagnostic(
        "HS411",
        f"no value for secret {_names(names)}",
        path="secrets",
        hint=f"store it: `hashistack secrets set {names[0]}`; or give a file of NAME=value lines: --secrets-file",
    )


def version_needed(image: str) -> Diagnostic:
    """The image has no tag and no version was given."""
    return Diagnostic(
        "HS412", f"which version of {image}?", path="image", hint="add --version, for example `--version v1`"
    )


def backing_service_absent(names: Sequence[str], services: Sequence[str]) -> Diagnostic:
    """Backing services that hashistack does not run are not in Consul; names and Consul services in the same order."""
    return Diagnostic(
        "HS413",
        f"backing service {_names(names)} is not in Consul",
        path="backing_services",
        hint=f"nothing was changed; register a healthy Consul service {_names(services)} first",
    )


def version_taken(image: str, version: str) -> Diagnostic:
    """A version was given for an image whose tag is in the descriptor."""
    return Diagnostic(
        "HS414",
        f"the image {image} has its tag in the descriptor, --version {version} would not be used",
        path="image",
        hint="leave --version out, or remove the tag from `image`",
    )


def no_version(version: str) -> Diagnostic:
    """A version that no image can have as its tag."""
    return Diagnostic(
        "HS419",
        f"{version!r} cannot be the tag of an image",
        hint="letters, digits, dots, underscores and hyphens, 128 at most: for example `--version v1`",
    )


def bad_secrets_file(file: str, line: int, problem: str) -> Diagnostic:
    """A line of the secrets file cannot be read; never shows the line itself."""
    return Diagnostic(
        "HS415",
        f"{file}:{line}: {problem}",
        hint="write NAME=value, one a line; quotes around the value are removed",
    )


def unreadable_secrets_file(file: str, reason: str) -> Diagnostic:
    """The secrets file cannot be opened or is no text."""
    return Diagnostic("HS417", f"cannot read {file}: {reason}")


def busy(app: str, pid: int) -> Diagnostic:
    """Another command works on the same app."""
    return Diagnostic(
        "HS416", f"another hashistack (process {pid}) is working on {app}", hint="wait until it has ended"
    )


# --- while it runs


_AGAIN = "nothing else was changed; correct it and run `hashistack up` again"


def release_failed(job: str, version: str, *, logged: bool) -> Diagnostic:
    """The release step ended with an error; `logged`: what it wrote has been shown."""
    return Diagnostic(
        "HS420",
        f"the release step of {version} failed ({job}){'' if logged else ', and Nomad has no log of it'}",
        hint=f"{'its log is above; ' if logged else ''}{_AGAIN}",
    )


def release_not_placed(job: str, version: str) -> Diagnostic:
    """No machine took the release step in time."""
    return Diagnostic("HS420", f"no machine ran the release step of {version} ({job})", hint=_AGAIN)


def deployment_failed(job: str, version: str | None, reason: str, surviving: str | None) -> Diagnostic:
    """A job did not become healthy; `surviving` is the version that still runs."""
    what = f"{job} {version}" if version else job
    after = f"; {surviving} still runs" if surviving else ""
    return Diagnostic("HS421", f"{what} failed: {reason}{after}", hint="the findings above say why")


def deployment_superseded(job: str) -> Diagnostic:
    """Somebody submitted the job again while it was being followed."""
    return Diagnostic("HS422", f"{job} was submitted again by somebody else; its deployment was cancelled")


def still_running(job: str, version: str | None) -> Diagnostic:
    """A release step of another version has not ended."""
    return Diagnostic(
        "HS423",
        f"{job} of version {version or 'unknown'} is still running",
        hint=f"wait, or stop it: `nomad job stop {job}`",
    )


def not_stopped(job: str, allocations: int) -> Diagnostic:
    """Instances of a removed job have not ended in time."""
    return Diagnostic(
        "HS424", f"{job}: {allocations} instances have not ended in time", hint="run `hashistack down` again"
    )


def interrupted(doing: str) -> Diagnostic:
    """The user pressed Ctrl-C."""
    return Diagnostic(
        "HS425",
        f"interrupted while {doing}; what was begun in the cluster goes on",
        hint="run the same command again to go on",
    )


def confirmation_needed(app: str) -> Diagnostic:
    """`down` was called without a terminal and without --yes."""
    return Diagnostic("HS426", f"nobody to ask whether {app} may be removed", hint="add --yes")


# --- secrets


def undeclared_secret(name: str, suggestion: str | None) -> Diagnostic:
    """A secret is set that the descriptor does not name."""
    hint = (
        f"did you mean {suggestion}?"
        if suggestion
        else f"add {name} to `secrets:`, or the app will not see it"
    )
    return Diagnostic(
        "HS450",
        f"{name} is not among the secrets of the descriptor",
        path="secrets",
        hint=hint,
        severity="warning",
    )


def bad_secret_name(name: str) -> Diagnostic:
    """A secret's name cannot be the name of an environment variable."""
    return Diagnostic(
        "HS451", f"{name} is no name for a secret", hint="write letters, digits and _, not a digit first"
    )


def no_secret_value() -> Diagnostic:
    """Standard input was empty."""
    return Diagnostic(
        "HS452",
        "no value on standard input",
        hint='for example: printf %s "$VALUE" | hashistack secrets set NAME',
    )


def ingress_of_others(apps: list[str]) -> Diagnostic:
    """Changing the ingress would take it away from other apps."""
    return Diagnostic(
        "HS418",
        f"the ingress also serves {', '.join(apps)}, and this descriptor wants it on other ports",
        hint="give all apps of a cluster the same environments.*.ingress; --adopt changes it all the same",
    )
