"""Trust lists: what each kind vouches for, in files of every combination, and which files of lists are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from core.credential import CredentialState
from core.errors import ConfigurationError
from core.media import digest_of
from core.parsers.catalog import PARSERS as CORE_PARSERS
from core.sandbox import Sandbox
from server.provenance import PARSERS, Identity, Provenance, Trust
from server.provenance.certificates import claim_signer, intermediate_authority, pem, root_authority
from server.provenance.signatures import signer
from server.provenance.trust import CLAIM_SIGNING, EMAIL_PROTECTION, TIME_STAMPING, ListKind, TrustList
from server.provenance.trustfiles import load_list
from server.provenance.vouching import roots_of, vouching
from tests.provenance.files import make
from tests.provenance.signers import CLAIM, EDIT, embed, judged, stranger

PNG = "image/png"
EMAIL = x509.ObjectIdentifier(EMAIL_PROTECTION)


@pytest.fixture(scope="module")
def other() -> Identity:
    return stranger()


@pytest.fixture(scope="module")
def old() -> Identity:
    """A certificate from before the C2PA purpose."""
    return stranger(purpose=EMAIL)


@pytest.mark.parametrize(
    ("kind", "signer", "state"),
    [
        (ListKind.OWN, "other", CredentialState.TRUSTED),
        (ListKind.C2PA, "other", CredentialState.TRUSTED),
        (ListKind.LEGACY, "other", CredentialState.TRUSTED),
        (ListKind.TSA, "other", CredentialState.VALID_UNTRUSTED),
        (ListKind.OWN, "old", CredentialState.TRUSTED),
        (ListKind.C2PA, "old", CredentialState.VALID_UNTRUSTED),
        (ListKind.LEGACY, "old", CredentialState.TRUSTED),
        (ListKind.TSA, "old", CredentialState.VALID_UNTRUSTED),
    ],
)
def test_what_each_kind_of_list_vouches_for(
    trust: Trust, request: pytest.FixtureRequest, kind: ListKind, signer: str, state: CredentialState
) -> None:
    identity: Identity = request.getfixturevalue(signer)
    believed = Trust(trust.anchors_pem, lists=(TrustList.of("a-list", kind, identity.root_pem),))
    found = judged(embed(make(PNG), PNG, identity), PNG, believed)
    assert found.state is state
    assert found.trusted_by == ("a-list" if state is CredentialState.TRUSTED else "")


def test_c2pa_alone_takes_an_authority_of_time_for_a_signer(trust: Trust, other: Identity) -> None:
    """Why the list is looked at, and not only whether c2pa trusts the file."""
    believed = Trust(trust.anchors_pem, lists=(TrustList.of("time", ListKind.TSA, other.root_pem),))
    found = judged(embed(make(PNG), PNG, other), PNG, believed)
    assert '"validation_state": "Trusted"' in found.store_json
    assert found.state is CredentialState.VALID_UNTRUSTED


def test_a_root_on_two_lists_may_sign_under_the_one_that_says_so(trust: Trust, other: Identity) -> None:
    lists = tuple(TrustList.of(kind.value, kind, other.root_pem) for kind in (ListKind.TSA, ListKind.C2PA))
    found = judged(embed(make(PNG), PNG, other), PNG, Trust(trust.anchors_pem, lists=lists))
    assert (found.state, found.trusted_by) == (CredentialState.TRUSTED, "c2pa")


def test_the_list_is_that_of_the_file_and_not_of_what_it_was_made_from(
    identity: Identity, trust: Trust, other: Identity
) -> None:
    believed = Trust(trust.anchors_pem, lists=(TrustList.of("a-list", ListKind.C2PA, other.root_pem),))
    part = embed(make(PNG), PNG, other)
    assert judged(embed(make(PNG), PNG, identity, EDIT, (part, PNG)), PNG, believed).trusted_by == "own"
    part = embed(make(PNG), PNG, identity)
    assert judged(embed(make(PNG), PNG, other, EDIT, (part, PNG)), PNG, believed).trusted_by == "a-list"


def test_a_list_may_be_narrower_than_its_kind(trust: Trust, other: Identity) -> None:
    narrow = TrustList("a-list", ListKind.LEGACY, other.root_pem, ("1.2.3.4",))
    found = judged(embed(make(PNG), PNG, other), PNG, Trust(trust.anchors_pem, lists=(narrow,)))
    assert found.state is CredentialState.VALID_UNTRUSTED


def chain(identity: Identity) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(identity.chain_pem.encode())


def test_only_issuers_of_the_leaf_are_followed(identity: Identity, other: Identity) -> None:
    """A hostile chain brings along the public certificate of somebody who is trusted."""
    lists = roots_of([{"trust_uri": "urn:other", "trust_anchors": other.root_pem}])
    assert vouching(chain(other), lists) == ["urn:other"]
    assert vouching([*chain(identity), *chain(other)[1:]], lists) == []
    assert vouching(chain(other)[:1], lists) == []


def test_a_chain_without_end_ends(identity: Identity) -> None:
    loop = root_authority().certificate
    assert vouching([loop, loop, loop], roots_of([{"trust_uri": "urn:x", "trust_anchors": identity.root_pem}])) == []


def test_a_leaf_may_be_on_a_list_itself(other: Identity) -> None:
    leaf = pem(chain(other)[0])
    assert vouching(chain(other), roots_of([{"trust_uri": "urn:x", "trust_anchors": leaf}])) == ["urn:x"]


async def test_lists_hold_in_the_sandbox_and_for_every_kind_of_root(other: Identity) -> None:
    """Libraries that load code at first use fail there alone."""
    key = rsa.generate_private_key(65537, 2048)
    root = root_authority().certificate
    now = datetime.now(UTC)
    rsa_root = (
        x509.CertificateBuilder(root.subject, root.subject, key.public_key(), 7, now, now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    believed = Trust(pem(rsa_root), lists=(TrustList.of("a-list", ListKind.C2PA, other.root_pem),))
    options = {"credentials": believed.options()}
    async with await Sandbox.start({**CORE_PARSERS, **PARSERS}, workers=1, options=options) as sandbox:
        media = await sandbox.open(embed(make(PNG), PNG, other), {"credentials"})
        found = await Provenance(sandbox, other, believed).read(media)
    assert (found.state, found.trusted_by) == (CredentialState.TRUSTED, "a-list")


def test_the_text_names_every_list_and_the_digest_covers_all(other: Identity) -> None:
    plain = Trust("roots")
    assert plain.text == plain.own.text, "a server without lists keeps the digest that it had"
    lists = tuple(TrustList.of(kind.value, kind, other.root_pem) for kind in (ListKind.C2PA, ListKind.TSA))
    both = replace(plain, lists=lists)
    for one in lists:
        assert f"# {one.name}, {one.kind}, {one.digest}" in both.text
    assert both.digest == digest_of(both.text.encode())
    assert len({plain.digest, both.digest, replace(plain, lists=lists[:1]).digest}) == 3


def write(folder: Path, text: str) -> Path:
    file = folder / "list.pem"
    file.write_text(text)
    return file


def test_a_file_of_a_list_may_have_comments(tmp_path: Path, other: Identity, identity: Identity) -> None:
    file = write(tmp_path, f"# one\n{other.root_pem}\n# two\n{identity.root_pem}")
    found = load_list("official", ListKind.C2PA, file)
    assert found.anchors_pem == other.root_pem + identity.root_pem
    assert found.purposes == (CLAIM_SIGNING,)
    assert load_list("official", ListKind.LEGACY, file, ("1.2.3",)).purposes == ("1.2.3",)


def expired_root(_: Identity) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = root_authority().certificate.subject
    dates = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    return pem(x509.CertificateBuilder(subject, subject, key.public_key(), 7, *dates).sign(key, hashes.SHA256()))


@pytest.mark.parametrize(
    ("name", "kind", "text", "purposes", "message"),
    [
        ("own", ListKind.C2PA, lambda one: one.root_pem, (), "cannot be named 'own'"),
        ("a", ListKind.C2PA, lambda _: "nothing", (), "no certificate in PEM"),
        ("a", ListKind.C2PA, expired_root, (), "every certificate .* is expired"),
        ("a", ListKind.LEGACY, lambda one: one.root_pem, (TIME_STAMPING,), "must not let the purposes"),
        ("a", ListKind.TSA, lambda one: one.root_pem, (EMAIL_PROTECTION,), "vouches for time alone"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(
    tmp_path: Path,
    other: Identity,
    name: str,
    kind: ListKind,
    text: Callable[[Identity], str],
    purposes: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_list(name, kind, write(tmp_path, text(other)), purposes)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem"):
        load_list("a", ListKind.C2PA, tmp_path / "nowhere.pem")


def test_after_a_rotation_old_files_stay_trusted_while_their_root_is_on_a_list() -> None:
    """A new root, and the old one put on a list of kind own."""
    before, after = stranger(), stranger()
    files = [embed(make(PNG), PNG, signer) for signer in (before, after)]
    rotated = Trust(after.root_pem, lists=(TrustList.of("before-2027", ListKind.OWN, before.root_pem),))
    found = [judged(file, PNG, rotated) for file in files]
    assert [(each.state, each.trusted_by) for each in found] == [
        (CredentialState.TRUSTED, "before-2027"),
        (CredentialState.TRUSTED, "own"),
    ]
    assert judged(files[0], PNG, Trust(after.root_pem)).state is CredentialState.VALID_UNTRUSTED


def test_a_new_leaf_under_the_same_root_needs_no_list() -> None:
    root = root_authority()
    intermediate = intermediate_authority(root)
    model = stranger()
    files = []
    for _ in range(2):
        leaf = claim_signer(intermediate)
        identity = replace(model, chain_pem=pem(leaf.certificate, intermediate.certificate), sign=signer(leaf.key))
        files.append(embed(make(PNG), PNG, replace(identity, root_pem=pem(root.certificate)), CLAIM))
    for file in files:
        assert judged(file, PNG, Trust(pem(root.certificate))).state is CredentialState.TRUSTED
