from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hashistack.credentials import authority as certificates
from hashistack.credentials.complete import Completed, complete, host_leaf, ingress_leaf
from hashistack.credentials.values import Credentials, Found, Identity
from hashistack.diagnostics import HashistackError
from hashistack.model import Stack
from tests.unit.credentials.stacks import N1, N2, NOW, Counted, stack


@pytest.fixture(scope="module")
def first() -> Completed:
    return complete(Found(), stack(), NOW, Counted())


def found(credentials: Credentials) -> Found:
    """Return what a folder has after the credentials were written to it."""
    return Found(
        authority=credentials.authority,
        operator=credentials.operator,
        ingress=credentials.ingress,
        secrets=credentials.secrets,
        identities={name: host.identity for name, host in credentials.hosts.items()},
        agents={name: host.consul for name, host in credentials.hosts.items()},
    )


def again(first: Completed, wanted: Stack | None = None, days: int = 0) -> Completed:
    return complete(found(first.credentials), wanted or stack(), NOW + timedelta(days=days))


def test_from_nothing_all_is_made(first: Completed) -> None:
    assert set(first.made) == {"authority", "operator", "ingress", "secrets", "n1", "n2"}
    assert (first.renewed, first.dropped, first.warnings) == ((), (), ())


def test_keys_and_tokens_have_the_form_that_the_agents_want(first: Completed) -> None:
    shared = first.credentials.secrets
    assert [len(b64decode(key.reveal())) for key in (shared.gossip.consul, shared.gossip.nomad)] == [32, 32]
    agents = [host.consul for host in first.credentials.hosts.values()]
    tokens = [shared.consul_dns, shared.consul_nomad, shared.consul_snapshot, *agents]
    ids = [token.accessor for token in tokens] + [token.secret.reveal() for token in tokens]
    ids += [shared.consul_management.reveal(), shared.nomad_management.reveal()]
    assert {UUID(each).version for each in ids} == {4}
    assert len(set(ids)) == len(ids) == 12


def test_the_same_randomness_gives_the_same_secrets(first: Completed) -> None:
    assert complete(Found(), stack(), NOW, Counted()).credentials.secrets == first.credentials.secrets
    assert complete(Found(), stack(), NOW).credentials.secrets != first.credentials.secrets


def test_what_is_complete_stays_as_it_is(first: Completed) -> None:
    second = again(first)
    assert not second.changed
    assert second.credentials == first.credentials


def test_certificates_are_renewed_a_month_before_their_end_and_secrets_stay(first: Completed) -> None:
    assert not again(first, days=335).changed
    renewed = again(first, days=336)
    assert set(renewed.renewed) == {"operator", "ingress", "n1", "n2"}
    assert renewed.made == ()
    assert renewed.credentials.secrets == first.credentials.secrets
    assert renewed.credentials.hosts["n1"].consul == first.credentials.hosts["n1"].consul


@pytest.mark.parametrize(
    "host", ["n2: {address: 10.0.0.99, roles: [client]}", "n2: {address: 10.0.0.12, roles: [server, client]}"]
)
def test_a_host_with_another_address_or_role_gets_another_certificate(first: Completed, host: str) -> None:
    changed = again(first, stack(N1, host))
    assert (changed.made, changed.renewed, changed.dropped) == ((), ("n2",), ())


def test_a_new_host_gets_its_own_and_one_that_left_is_dropped(first: Completed) -> None:
    changed = again(first, stack(N1, "n3: {address: 10.0.0.13, roles: [client]}"))
    assert (changed.made, changed.renewed, changed.dropped) == (("n3",), (), ("n2",))
    assert set(changed.credentials.hosts) == {"n1", "n3"}


def test_a_domain_has_a_certificate_for_it_and_all_below(first: Completed) -> None:
    ingress = first.credentials.ingress
    assert ingress is not None
    assert certificates.is_good_for(ingress, ingress_leaf("shop.factory.lan"))
    assert again(first, stack(more="domain: other.lan")).renewed == ("ingress",)
    assert complete(Found(), stack(more="firewall: none"), NOW).credentials.ingress is None


def test_only_a_server_may_act_as_one() -> None:
    both = stack(N1, N2).environment.hosts
    names = {host.name: set(host_leaf(host, stack()).names) for host in both}
    client = {"client.factory.consul", "client.global.nomad"}
    server = {"server.factory.consul", "n1.server.factory.consul", "server.global.nomad"}
    assert names == {"n1": {"n1", "localhost", *server, *client}, "n2": {"n2", "localhost", *client}}
    assert [host_leaf(host, stack()).addresses for host in both] == [
        ("127.0.0.1", "10.0.0.11"),
        ("127.0.0.1", "10.0.0.12"),
    ]


def test_what_others_hold_the_key_of_opens_nothing(first: Completed) -> None:
    """Traefik has the ingress's key, and must not ask Consul with it; the operator's must not pose as a server."""
    made = first.credentials
    assert made.ingress is not None
    assert ends(made.ingress) == {ExtendedKeyUsageOID.SERVER_AUTH}
    assert ends(made.operator) == {ExtendedKeyUsageOID.CLIENT_AUTH}
    assert len(ends(made.hosts["n1"].identity)) == 2


def ends(identity: Identity) -> set[x509.ObjectIdentifier]:
    certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_a_file_that_is_missing_is_made_again_and_nothing_else(first: Completed) -> None:
    kept = found(first.credentials)
    without = replace(kept, identities={"n1": kept.identities["n1"]}, operator=None)
    assert set(complete(without, stack(), NOW).made) == {"n2", "operator"}


def test_a_key_that_does_not_belong_to_its_certificate_is_replaced(first: Completed) -> None:
    kept = found(first.credentials)
    mixed = replace(kept.identities["n1"], key=kept.identities["n2"].key)
    damaged = replace(kept, identities={**kept.identities, "n1": mixed})
    assert complete(damaged, stack(), NOW).renewed == ("n1",)


def test_without_its_authority_all_certificates_are_made_anew_and_the_tokens_stay(first: Completed) -> None:
    fresh = complete(replace(found(first.credentials), authority=None), stack(), NOW)
    assert fresh.made == ("authority",)
    assert set(fresh.renewed) == {"operator", "ingress", "n1", "n2"}
    assert fresh.credentials.secrets == first.credentials.secrets


def test_an_authority_near_its_end_is_a_warning_and_at_its_end_an_error(first: Completed) -> None:
    assert again(first, days=3650 - 181).warnings == ()
    assert [each.code for each in again(first, days=3650 - 179).warnings] == ["HS482"]
    with pytest.raises(HashistackError) as caught:
        again(first, days=3650 - 29)
    assert caught.value.diagnostics[0].code == "HS481"
    assert "ca-key.pem" in caught.value.diagnostics[0].hint


def test_nothing_secret_is_in_what_is_printed(first: Completed) -> None:
    shown = repr(first)
    assert "PRIVATE KEY" not in shown
    assert first.credentials.secrets.consul_management.reveal() not in shown


def test_a_cluster_whose_credentials_are_lost_keeps_the_keys_it_began_with(first: Completed) -> None:
    gossip = first.credentials.secrets.gossip
    saved = complete(Found(rescued=gossip), stack(), NOW).credentials.secrets
    assert saved.gossip == gossip
    assert saved.consul_management != first.credentials.secrets.consul_management
