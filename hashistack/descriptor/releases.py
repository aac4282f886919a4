"""What is known of the vendor's releases of Nomad and Consul: their files, their checksums, where they lie."""

from __future__ import annotations

SITE = "https://releases.hashicorp.com"
ARCHITECTURES = ("amd64", "arm64")
DEFAULTS = {"nomad": "1.11.3", "consul": "1.22.7"}
"""The version of each product that this release of hashistack is tested with."""

CHECKSUMS = {
    "nomad_1.11.2_linux_amd64.zip": "e042b0f6f6648b149be7cfddac832214cf8ca17725e5f0e420b5b0547532bdcd",
    "nomad_1.11.2_linux_arm64.zip": "c1524421657c97117ffaa5130f8ca54ad10e8e083ecb849e1d864603ceb60825",
    "nomad_1.11.3_linux_amd64.zip": "19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12",
    "nomad_1.11.3_linux_arm64.zip": "902e44260fcd9297af7042fb33ccd5a29cc2202b57199724f17c96fcd67414d2",
    "consul_1.22.6_linux_amd64.zip": "5c2d67c6a364512b3dd0646eaf8bb58fa2fd6b9c890e2f374475deab2a6ec648",
    "consul_1.22.6_linux_arm64.zip": "a760371111ff3e1f0813672b240f833077f73c13ea37e75abc223ede534100b6",
    "consul_1.22.7_linux_amd64.zip": "fe25cecd8dd3552a8e5b0941cde1d79bb6004eac384aa45679dd1398f947201d",
    "consul_1.22.7_linux_arm64.zip": "db54c5fb7c5ceaef97a38ca45dcc0f649ff592a48c73ab320e2d535c78e136cc",
}
"""The SHA-256 of the vendor's zips by name, from Formula/*.rb of github.com/hashicorp/homebrew-tap."""


def zip_name(product: str, version: str, architecture: str) -> str:
    """Return the name of a release's zip, as the vendor's site has it."""
    return f"{product}_{version}_linux_{architecture}.zip"


def known_versions(product: str) -> tuple[str, ...]:
    """Return the versions of a product whose checksums are known, in the order of the table."""
    return tuple(dict.fromkeys(name.split("_")[1] for name in CHECKSUMS if name.startswith(f"{product}_")))


def checksums(product: str, version: str, given: dict[str, str]) -> dict[str, str]:
    """Return the checksums of a version by the names of its zips: those `given`, and those known."""
    names = (zip_name(product, version, architecture) for architecture in ARCHITECTURES)
    return {name: sha256 for name in names if (sha256 := given.get(name) or CHECKSUMS.get(name))}
