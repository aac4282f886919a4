from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from hashistack.credentials import authority as certificates
from hashistack.credentials.authority import Leaf
from hashistack.credentials.values import Identity
from tests.unit.credentials.stacks import NOW

LEAF = Leaf("n1", ("n1", "server.global.nomad"), ("127.0.0.1", "10.0.0.11"))


@pytest.fixture(scope="module")
def trust() -> Identity:
    return certificates.new_authority("shop@factory", NOW)


def certificate(identity: Identity) -> x509.Certificate:
    return x509.load_pem_x509_certificate(identity.certificate.encode())


def verifier(trust: Identity, days: int = 1) -> PolicyBuilder:
    """Return what TLS libraries do, as RFC 5280 has it, `days` after the certificates were made."""
    return PolicyBuilder().store(Store([certificate(trust)])).time(NOW + timedelta(days=days))


def test_a_leaf_is_good_on_both_ends_of_a_connection(trust: Identity) -> None:
    leaf = certificate(certificates.issue(trust, LEAF, NOW))
    for name in (x509.DNSName("server.global.nomad"), x509.IPAddress(ip_address("10.0.0.11"))):
        verifier(trust).build_server_verifier(name).verify(leaf, [])
    verifier(trust).build_client_verifier().verify(leaf, [])


def test_it_is_good_for_no_other_name(trust: Identity) -> None:
    leaf = certificate(certificates.issue(trust, LEAF, NOW))
    with pytest.raises(VerificationError):
        verifier(trust).build_server_verifier(x509.DNSName("client.global.nomad")).verify(leaf, [])


def test_it_ends_after_a_year_and_began_an_hour_ago(trust: Identity) -> None:
    leaf = certificate(certificates.issue(trust, LEAF, NOW))
    assert leaf.not_valid_before_utc == NOW - timedelta(hours=1)
    assert leaf.not_valid_after_utc == NOW + timedelta(days=365)
    with pytest.raises(VerificationError):
        verifier(trust, days=366).build_client_verifier().verify(leaf, [])


def test_it_does_not_outlive_its_authority(trust: Identity) -> None:
    late = certificates.expires(trust) - timedelta(days=40)
    assert certificates.expires(certificates.issue(trust, LEAF, late)) == certificates.expires(trust)


def test_a_leaf_signs_nothing(trust: Identity) -> None:
    first = certificates.issue(trust, LEAF, NOW)
    second = certificates.issue(first, LEAF, NOW)
    with pytest.raises(VerificationError):
        verifier(trust).build_client_verifier().verify(certificate(second), [certificate(first)])


@pytest.mark.parametrize("serves", [True, False])
def test_a_leaf_for_one_end_is_refused_at_the_other(trust: Identity, serves: bool) -> None:
    made = certificates.issue(trust, Leaf("x", ("x.example.com",), serves=serves, asks=not serves), NOW)
    server = verifier(trust).build_server_verifier(x509.DNSName("x.example.com"))
    client = verifier(trust).build_client_verifier()
    good, bad = (server, client) if serves else (client, server)
    good.verify(certificate(made), [])
    with pytest.raises(VerificationError):
        bad.verify(certificate(made), [])


def test_the_extensions_are_those_of_an_authority_and_of_a_leaf(trust: Identity) -> None:
    leaf = certificate(certificates.issue(trust, LEAF, NOW)).extensions
    own = certificate(trust).extensions
    constraints = own.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = own.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    assert leaf.get_extension_for_class(x509.BasicConstraints).value.ca is False
    ends = leaf.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(ends) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    signer = leaf.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert signer == own.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_serial_numbers_differ(trust: Identity) -> None:
    made = [certificate(certificates.issue(trust, LEAF, NOW)).serial_number for _ in range(5)]
    assert len(set(made)) == 5
    assert all(number.bit_length() > 64 for number in made)


@pytest.mark.parametrize(
    "other",
    [
        Leaf("n2", LEAF.names, LEAF.addresses),
        Leaf("n1", LEAF.names[:1], LEAF.addresses),
        Leaf("n1", (*LEAF.names, "more"), LEAF.addresses),
        Leaf("n1", LEAF.names, ("127.0.0.1", "10.0.0.99")),
        Leaf("n1", LEAF.names, LEAF.addresses, asks=False),
    ],
)
def test_what_a_certificate_has_to_say_is_compared(trust: Identity, other: Leaf) -> None:
    made = certificates.issue(trust, LEAF, NOW)
    assert certificates.is_good_for(made, LEAF)
    assert not certificates.is_good_for(made, other)


def test_another_authority_of_the_same_name_is_another_one(trust: Identity) -> None:
    made = certificates.issue(trust, LEAF, NOW)
    assert certificates.is_issued_by(made, trust)
    assert not certificates.is_issued_by(made, certificates.new_authority("shop@factory", NOW))


def test_a_key_of_another_certificate_is_noticed(trust: Identity) -> None:
    one, two = (certificates.issue(trust, LEAF, NOW) for _ in range(2))
    assert not certificates.is_issued_by(Identity(one.certificate, two.key), trust)
