"""The outputs of backing services as Go template expressions: one text for a stand-in and for a managed service.

In every expression `$_` is the Consul service (address, port, meta) and `$_Login` its Nomad variable (user, password,
keys); `bind` puts a variable of the service's own name there, `cache` for example: `$cache` and `$cacheLogin`.
What differs between a stand-in and a managed service is in the meta of the Consul service: scheme, region, bucket,
`database` (RDS allows no hyphens), `options` (what follows the path of a URL, with its question mark), `protocol`, and
`ca`: the file in the container with the authorities that can be trusted, where the service's certificate is not signed
by an authority of its own.
"""

from __future__ import annotations

from hashistack.model import BackingService

_HOST = "$_.Address"
_PORT = "$_.Port"
_USER = "$_Login.user.Value"
_PASSWORD = "$_Login.password.Value"  # noqa: S105 - an expression that reads a password


def _url(scheme: str) -> str:
    """Compose the URL of a cache; what is percent-encoded is the password."""
    return f'(printf "%s://:%s@%s:%d" (or $_.ServiceMeta.scheme "{scheme}") (urlquery {_PASSWORD}) {_HOST} {_PORT})'


def _database_url(scheme: str) -> str:
    """Compose the URL of the app's database on a server; user and password are percent-encoded."""
    return (
        f'(printf "%s://%s:%s@%s:%d/%s%s" (or $_.ServiceMeta.scheme "{scheme}") (urlquery {_USER}) '
        f'(urlquery {_PASSWORD}) {_HOST} {_PORT} (or $_.ServiceMeta.database "{{app}}") '
        '(or $_.ServiceMeta.options ""))'
    )


_OWN_CA = '(printf "%s/%s" (env "NOMAD_SECRETS_DIR") "{ca}")'
_CA = f"(or $_.ServiceMeta.ca {_OWN_CA})"
_SERVER = {"host": _HOST, "port": _PORT, "user": _USER, "password": _PASSWORD, "ca": _CA}
_FIRST_BROKER = '(index (service "{service}") 0)'
# The only way to log in to brokers that ask for a login; `and` is empty where its first operand is.
_MECHANISM = f'(and {_USER} "SCRAM-SHA-512")'

EXPRESSIONS: dict[str, dict[str, str]] = {
    "redis": {**_SERVER, "user": '(or $_Login.user.Value "default")', "url": _url("redis")},
    "postgres": {**_SERVER, "url": _database_url("postgres")},
    "mongodb": {**_SERVER, "url": _database_url("mongodb")},
    "kafka": {
        "bootstrap_servers": '(trimPrefix "," $_)',
        "security_protocol": f'(or {_FIRST_BROKER}.ServiceMeta.protocol "PLAINTEXT")',
        "sasl_mechanism": _MECHANISM,
        "user": _USER,
        "password": _PASSWORD,
        "ca": f"(or {_FIRST_BROKER}.ServiceMeta.ca {_OWN_CA})",
    },
    "mqtt": {
        **_SERVER,
        "url": f'(printf "%s://%s:%d" (or $_.ServiceMeta.scheme "mqtt") {_HOST} {_PORT})',
    },
    "object-storage": {
        "endpoint": f'(printf "%s://%s:%d" (or $_.ServiceMeta.scheme "http") {_HOST} {_PORT})',
        "region": '(or $_.ServiceMeta.region "us-east-1")',
        "bucket": '(or $_.ServiceMeta.bucket "{bucket}")',
        "access_key": "$_Login.access_key.Value",
        "secret_key": "$_Login.secret_key.Value",
        "ca": _CA,
    },
}


def expression(app: str, service: BackingService, output: str) -> str:
    """Return the expression of one output, an operand that can stand in any Go template pipeline."""
    bucket = service.buckets[0] if service.buckets else service.name
    text = EXPRESSIONS[service.type][output].replace("{app}", app).replace("{bucket}", bucket)
    text = text.replace("{service}", f"{app}-{service.name}").replace("{ca}", ca_file(service))
    return text.replace("$_", f"${go_variable(service)}")


def needs_login(service: BackingService, output: str) -> bool:
    """Tell whether the output reads the service's Nomad variable."""
    return "$_Login" in EXPRESSIONS[service.type][output]


def needs_ca(service: BackingService, output: str) -> bool:
    """Tell whether the output names the file of the authority: `ca` does, and the URL of a database in its options."""
    return output == "ca" or (output == "url" and service.type in ("postgres", "mongodb"))


def ca_file(service: BackingService) -> str:
    """Return the name of the file, among a task's secrets, with the authority of a service's certificate."""
    return f"{service.name}-ca.pem"


def ca_body(app: str, service: BackingService) -> str:
    """Return the template of that file; it stays empty for a service of the cloud, whose authority is known."""
    variable = f'nomadVar "nomad/jobs/{app}-{service.name}"'
    return f"{{{{ with {variable} }}}}{{{{ if .ca.Key }}}}{{{{ .ca.Value }}}}{{{{ end }}}}{{{{ end }}}}\n"


def bindings(app: str, service: BackingService, *, login: bool) -> tuple[str, ...]:
    """Return the template lines that look the service up.

    A service without a passing instance reads a variable that nobody sets: consul-template then waits, keeps what it
    wrote before, and Nomad's task event names what is missing.
    """
    consul = f"{app}-{service.name}"
    name = f"${go_variable(service)}"
    wait = f'{{{{ else }}}}{{{{ nomadVar "nomad/jobs/{consul}/address" }}}}{{{{ end }}}}'
    if service.type == "kafka":
        every = f'{{{{ {name} = printf "%s,%s:%d" {name} .Address .Port }}}}'
        lines = [f'{{{{ {name} := "" }}}}{{{{ range service "{consul}" }}}}{every}{wait}']
    else:
        first = f"{{{{ if not {name} }}}}{{{{ {name} = . }}}}{{{{ end }}}}"
        lines = [f'{{{{ {name} := false }}}}{{{{ range service "{consul}" }}}}{first}{wait}']
    if login:
        lines.append(f'{{{{ {name}Login := nomadVar "nomad/jobs/{consul}" }}}}')
    return tuple(lines)


def go_variable(service: BackingService) -> str:
    """Return the Go template variable of a service; capitals are free for suffixes, a DNS label has none."""
    return service.name.replace("-", "_")
