"""The forms of names, as text types of the schema."""

from __future__ import annotations

from hashistack.descriptor.types import Text

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_RELEASE = r"[0-9]+\.[0-9]+\.[0-9]+([+-][A-Za-z0-9][A-Za-z0-9.+-]*)?"

# A DNS label that begins with a letter, because it becomes part of job, Consul and directory names and of Go
# template variables. Forty characters leave room for the app's name and a role in the 63 of RFC 1035.
NAME = Text(
    "a name of lower-case letters, digits and hyphens that begins with a letter",
    r"^[a-z]([a-z0-9-]*[a-z0-9])?$",
    limit=40,
    example="web",
)
HOST_NAME = Text("a name of lower-case letters, digits and hyphens", rf"^{_LABEL}$", example="n1")
VARIABLE = Text(
    "a name of letters, digits and underscores that begins with no digit",
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    limit=128,
    example="LOG_LEVEL",
)
# Kafka's own rule, org.apache.kafka.common.internals.Topic. What begins with two underscores is its own: settings of
# ours would be put on it. With two hyphens an option of its tools begins.
TOPIC = Text(
    "a topic name of letters, digits, dots, underscores and hyphens that does not begin with __ or --",
    r"^(?!__|--)[A-Za-z0-9_-][A-Za-z0-9._-]*$",
    limit=249,
    example="orders",
)
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, without dots, which TLS cannot do.
BUCKET = Text(
    "a bucket name of 3 to 63 lower-case letters, digits and hyphens",
    r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
    example="uploads",
)
DOMAIN = Text("a domain in lower case", rf"^{_LABEL}(\.{_LABEL})*$", limit=253, example="shop.example.com")
ADDRESS = Text(
    "an IP address or a host name",
    r"^[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?$",
    limit=253,
    example="10.0.0.11",
)
# The agents advertise it and their certificates carry it, so it cannot be a name.
IP_ADDRESS = Text("an IPv4 address", rf"^{_OCTET}(\.{_OCTET}){{3}}$", example="10.0.0.11")
# The "all" pool is Nomad's own: every node is in it and none can be put there.
POOL = Text(
    "the name of a node pool other than all",
    r"^(?!all$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    limit=63,
    example="default",
)
# A line of /etc/ssh/ssh_host_*_key.pub: type, key in base64 and, if need be, a comment.
HOST_KEY = Text(
    "a public host key such as ssh-ed25519 AAAA...",
    r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) AAAA[A-Za-z0-9+/]+={0,2}( [!-~ ]*)?$",
)
# None of it means anything to a shell, to HCL, or to the files that hosts read it from.
FOLDER = Text(
    "the absolute path of a folder", r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$", limit=1024, example="/srv/data"
)
KEY_FILE = Text("the path of a file", r"^[^\x00-\x1f\x7f]+$", limit=1024)
MIRROR = Text(
    "an http or https address without a login",
    r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$",
    limit=1024,
)
# dockerd refuses a path in the address of a mirror (registry.ValidateMirror).
REGISTRY = Text(
    "an http or https address without a login and a path",
    r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$",
    limit=1024,
)
RELEASE = Text("a version such as 1.11.3", rf"^{_RELEASE}$", limit=63)
ZIP = Text(
    "the name of a release's zip for Linux on amd64 or arm64",
    rf"^(nomad|consul)_{_RELEASE}_linux_(amd64|arm64)\.zip$",
    example="nomad_1.11.3_linux_amd64.zip",
)
SHA256 = Text(
    "a SHA-256 checksum: 64 hexadecimal digits in lower case",
    r"^[0-9a-f]{64}$",
    example="19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12",
)
USER = Text("a login name", r"^[a-z_][a-z0-9_-]*$", limit=32, example="admin")
REGION = Text("an AWS region", r"^[a-z]+(-[a-z]+)+-[0-9]$", limit=30, example="eu-west-1")
ZONE = Text("an AWS zone", r"^[a-z]+(-[a-z0-9]+)+[a-z]$", limit=40, example="eu-west-1a")
MACHINE = Text("an EC2 instance type", r"^[a-z0-9-]+\.[a-z0-9-]+$", example="t4g.small")
ACCOUNT = Text("the twelve digits of an AWS account", r"^[0-9]{12}$")
CIDR = Text(
    "a network such as 10.20.0.0/16",
    rf"^{_OCTET}(\.{_OCTET}){{3}}/(3[0-2]|[12]?[0-9])$",
    example="10.20.0.0/16",
)
AMI = Text(
    "debian-12, debian-13, ubuntu-24.04 or the id of an AMI",
    r"^(debian-12|debian-13|ubuntu-24\.04|ami-[0-9a-f]{8,17})$",
)
EMAIL = Text(
    "an e-mail address",
    r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    limit=254,
    example="ops@example.com",
)
GITHUB = Text(
    "a repository of GitHub as owner/name", r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", limit=140
)
BRANCH = Text("the name of a branch", r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$", limit=244)
# docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
REPOSITORY = Text(
    "the name of an image repository in lower case",
    r"^([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*$",
    limit=256,
    example="shop",
)
# The last part of com.amazonaws.REGION.NAME.
ENDPOINT = Text("the name of an AWS service", r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$", limit=64, example="ecr.api")
# docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; `aws:` is AWS's own, and `Name` and
# what begins with `hashistack` are set here.
TAG = Text(
    "the name of a tag other than Name, aws:... and hashistack...",
    r"^(?!aws:|hashistack|Name$)[A-Za-z0-9 +=._:/@-]+$",
    limit=128,
    example="team",
)
TAG_VALUE = Text(
    "a text of letters, digits, blanks and + = . _ : / @ -",
    r"^[A-Za-z0-9 +=._:/@-]*$",
    scalars=True,
    empty=True,
    limit=256,
    example="shop",
)
STATE_KEY = Text(
    "the path of an object",
    r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$",
    limit=512,
)
METRIC = Text(
    "a name of letters, digits, blanks and . _ / # -", r"^[A-Za-z0-9_./# -]+$", limit=255, example="AWS/SQS"
)
MANAGED_MACHINE = Text(
    "an instance type of a managed service",
    r"^(db|cache|kafka)\.[a-z0-9-]+\.[a-z0-9-]+$",
    example="db.t4g.small",
)
