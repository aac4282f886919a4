"""A certificate authority in memory: P-256 keys, signed with SHA-256; time and nothing else comes from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hashistack.credentials.values import Identity
from hashistack.plan.sensitive import Sensitive

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
# A host whose clock is behind must not take a new certificate for one of the future.
_CLOCK_SKEW = timedelta(hours=1)
_COMMON_NAME_LENGTH = 64  # X.520, ub-common-name


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate is for: its subject, its names and addresses, and the ends of a connection it may stand at."""

    subject: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    serves: bool = True
    asks: bool = True


def new_authority(subject: str, now: datetime) -> Identity:
    """Make an authority that signs leaves and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(subject)
    builder = (
        _dated(now, AUTHORITY_LIFE)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _identity(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Identity, leaf: Leaf, now: datetime) -> Identity:
    """Make a key and a certificate for it that is good for a year, and never longer than its authority."""
    issuer, issuer_key = _certificate(authority), _key(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    life = min(LEAF_LIFE, issuer.not_valid_after_utc - now)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        _dated(now, life)
        .subject_name(_name(leaf.subject))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(_ends(leaf), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(_alternatives(leaf), critical=False)
    )
    return _identity(builder.sign(issuer_key, hashes.SHA256()), key)


def is_good_for(identity: Identity, leaf: Leaf) -> bool:
    """Tell whether a certificate says exactly what `leaf` wants said."""
    certificate = _certificate(identity)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ends = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return (
        certificate.subject == _name(leaf.subject)
        and set(found.get_values_for_type(x509.DNSName)) == set(leaf.names)
        and set(found.get_values_for_type(x509.IPAddress)) == {ip_address(each) for each in leaf.addresses}
        and ends == _ends(leaf)
    )


def alternatives(identity: Identity) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names and the addresses that a certificate is for; raise ValueError where it cannot be read."""
    try:
        found = _certificate(identity).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset(), frozenset()
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset(found.get_values_for_type(x509.DNSName)), frozenset(map(str, addresses))


def is_issued_by(identity: Identity, authority: Identity) -> bool:
    """Tell whether `authority` signed a certificate, and the key beside the certificate belongs to it."""
    certificate = _certificate(identity)
    try:
        certificate.verify_directly_issued_by(_certificate(authority))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return certificate.public_key() == _key(identity).public_key()


def expires(identity: Identity) -> datetime:
    """Return until when a certificate is good."""
    return _certificate(identity).not_valid_after_utc


def check_key(identity: Identity) -> None:
    """Raise ValueError unless the key of `identity` can be used."""
    _key(identity)


def _dated(now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(subject: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hashistack")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, subject[:_COMMON_NAME_LENGTH])])


def _alternatives(leaf: Leaf) -> x509.SubjectAlternativeName:
    addresses = (x509.IPAddress(ip_address(each)) for each in leaf.addresses)
    return x509.SubjectAlternativeName([*map(x509.DNSName, leaf.names), *addresses])


def _ends(leaf: Leaf) -> x509.ExtendedKeyUsage:
    serves = [ExtendedKeyUsageOID.SERVER_AUTH] if leaf.serves else []
    asks = [ExtendedKeyUsageOID.CLIENT_AUTH] if leaf.asks else []
    return x509.ExtendedKeyUsage([*serves, *asks])


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Identity:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM).decode(), Sensitive(private.decode())
    )


def _certificate(identity: Identity) -> x509.Certificate:
    return x509.load_pem_x509_certificate(identity.certificate.encode())


def _key(identity: Identity) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(identity.key.reveal().encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key of an elliptic curve")
    return key
