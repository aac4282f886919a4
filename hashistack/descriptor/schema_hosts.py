"""The keys of an environment that runs on machines of one's own: hosts, SSH, software, snapshots."""

from __future__ import annotations

from hashistack.descriptor import names
from hashistack.descriptor.releases import DEFAULTS
from hashistack.descriptor.types import Choice, Duration, Integer, Key, ListOf, MapOf, Record

ROLES = ("server", "client", "ingress")
_PORT = Integer(1, 65535)
_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ"

HOST = Record(
    "host",
    {
        "address": Key(
            names.IP_ADDRESS,
            "The address that the other hosts reach it at.",
            required=True,
            example="10.0.0.11",
            also=("ip", "host"),
        ),
        "roles": Key(
            ListOf(Choice(ROLES), 1),
            "What runs on it: server, client, ingress.",
            required=True,
            example="[server, client]",
            also=("role",),
        ),
        "rack": Key(
            names.HOST_NAME,
            "Where it stands; instances are spread over racks.",
            default_says="none",
            example="a",
            also=("zone",),
        ),
        "pool": Key(names.POOL, "The Nomad node pool that it is in.", "default", example="default"),
        "host_key": Key(
            names.HOST_KEY,
            "The public key that its SSH server shows, a line of /etc/ssh/ssh_host_ed25519_key.pub.",
            default_says="as in known_hosts",
            example=_HOST_KEY,
        ),
        "volumes": Key(
            MapOf(names.HOST_NAME, names.FOLDER),
            "Folders for what must stay on this host, as Nomad host volumes by name.",
            default_says="none",
            example="{data: /srv/data}",
        ),
    },
)

BASTION = Record(
    "bastion",
    {
        "address": Key(
            names.ADDRESS, "Its address.", required=True, example="bastion.factory.lan", also=("host", "ip")
        ),
        "user": Key(
            names.USER, "The user to log in as.", default_says="the same as `ssh.user`", example="admin"
        ),
        "port": Key(_PORT, "The port of its SSH server.", 22, example="22"),
        "host_key": Key(
            names.HOST_KEY,
            "The public key that its SSH server shows.",
            default_says="as in known_hosts",
            example=_HOST_KEY,
        ),
    },
    short=("address",),
)

SSH = Record(
    "ssh",
    {
        "user": Key(
            names.USER,
            "The user to log in as: root, or one who may do everything with sudo without a password.",
            "root",
            example="admin",
            also=("username", "login"),
        ),
        "port": Key(_PORT, "The port of the SSH servers.", 22, example="22"),
        "key": Key(
            names.KEY_FILE,
            "The file of the private key.",
            default_says="the keys of the SSH agent",
            example="~/.ssh/factory",
            also=("private_key", "key_file", "identity_file"),
        ),
        "bastion": Key(
            BASTION,
            "The machine to go through, where the hosts cannot be reached directly.",
            default_says="none",
            example="bastion.factory.lan",
            also=("jump", "jump_host", "proxy"),
        ),
    },
    short=("user",),
)

SOFTWARE = Record(
    "software",
    {
        "nomad": Key(names.RELEASE, "The version of Nomad.", DEFAULTS["nomad"], example="1.11.3"),
        "consul": Key(names.RELEASE, "The version of Consul.", DEFAULTS["consul"], example="1.22.7"),
        "from": Key(
            Choice(("releases", "push")),
            "Where hosts get the zips: they download them, or they are pushed from your machine.",
            "releases",
            example="push",
        ),
        "mirror": Key(
            names.MIRROR,
            "A mirror of https://releases.hashicorp.com to download from.",
            default_says="none",
            example="https://mirror.factory.lan/hashicorp",
        ),
        "images": Key(
            names.REGISTRY,
            "A mirror of Docker Hub to pull images from.",
            default_says="none",
            example="https://images.factory.lan",
        ),
        "checksums": Key(
            MapOf(names.ZIP, names.SHA256),
            "The SHA-256 of the zips of other versions, by name; a host takes no other file.",
            default_says="those of the versions that this release of hashistack knows",
            example="{nomad_1.11.3_linux_amd64.zip: "
            "19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12}",
        ),
    },
)

SNAPSHOTS = Record(
    "snapshots",
    {
        "every": Key(Duration(), "The pause between two.", 3600, unit="seconds", example="1h"),
        "keep": Key(Integer(1, 10_000), "How many are kept on each server.", 48, example="48"),
    },
    short=("every",),
)
