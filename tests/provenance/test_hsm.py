"""Keys in a token, with SoftHSM: every kind signs, a lost session is found again, what is wrong is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from core.credential import CredentialState
from core.errors import ConfigurationError, Unavailable
from server.config import Settings
from server.provenance import Identity, Trust
from server.provenance.certificates import Issued, PrivateKey, intermediate_authority, pem, root_authority
from server.provenance.hsm import Slot, TokenKey
from server.provenance.identity import identity_with
from server.sections import Hsm, Signing
from server.signing import signing_identity
from tests.provenance.files import make
from tests.provenance.signers import embed, judged
from tests.provenance.softhsm import LABEL, PIN, Token
from tests.provenance.test_identity import certify

KEYS: dict[str, PrivateKey] = {
    "es256": ec.generate_private_key(ec.SECP256R1()),
    "es384": ec.generate_private_key(ec.SECP384R1()),
    "es512": ec.generate_private_key(ec.SECP521R1()),
    "ps256": rsa.generate_private_key(65537, 2048),
}
PNG = "image/png"


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    made = Token.make(tmp_path_factory.mktemp("token"))
    for label, key in KEYS.items():
        made.put(label, key)
    return made


@pytest.fixture(scope="module")
def authority() -> tuple[Issued, Issued]:
    root = root_authority()
    return root, intermediate_authority(root)


@pytest.fixture
def slot(token: Token) -> Slot:
    return Slot(token.module, LABEL, "es256", PIN)


@pytest.fixture
def key(slot: Slot) -> Iterator[TokenKey]:
    opened = TokenKey.open(slot, KEYS["es256"].public_key())
    yield opened
    opened.close()


def identity(folder: Path, authority: tuple[Issued, Issued], key: TokenKey, secret: PrivateKey) -> Identity:
    chain, root = folder / "chain.pem", folder / "root.pem"
    chain.write_text(pem(certify(secret, authority[1]), authority[1].certificate))
    root.write_text(pem(authority[0].certificate))
    return identity_with(chain, key, root)


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_kind_of_key_signs_in_the_token(
    token: Token, authority: tuple[Issued, Issued], tmp_path: Path, algorithm: str
) -> None:
    opened = TokenKey.open(Slot(token.module, LABEL, algorithm, PIN), KEYS[algorithm].public_key())
    signer = identity(tmp_path, authority, opened, KEYS[algorithm])
    assert signer.algorithm == algorithm
    signed = embed(make(PNG), PNG, signer)
    assert judged(signed, PNG, Trust(signer.root_pem)).state is CredentialState.TRUSTED
    opened.close()


def test_the_pin_is_not_shown(slot: Slot) -> None:
    assert PIN not in repr(slot)


def test_a_lost_session_is_opened_again(key: TokenKey) -> None:
    key._key.session.close()
    assert len(key.sign(b"claim")) == 64
    pkcs11.lib(str(key._slot.module)).reinitialize()  # as when the token is taken out and put back
    assert len(key.sign(b"claim")) == 64


def test_a_key_that_is_gone_is_unavailable_and_comes_back(key: TokenKey, monkeypatch: pytest.MonkeyPatch) -> None:
    key._key.session.close()
    with monkeypatch.context() as patch:
        patch.setattr(key, "_slot", replace(key._slot, key="nothing"))
        for _ in range(2):
            with pytest.raises(Unavailable, match="NoSuchKey"):
                key.sign(b"claim")
    assert len(key.sign(b"claim")) == 64


def test_a_pin_that_is_refused_is_not_tried_again(key: TokenKey, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    class Library:
        def get_token(self, **_: Any) -> Library:
            return self

        def open(self, **_: Any) -> None:
            tries.append(1)
            raise pkcs11.PinIncorrect

    key._key.session.close()
    monkeypatch.setattr(key, "_library", Library())
    for _ in range(3):
        with pytest.raises(Unavailable, match="PinIncorrect"):
            key.sign(b"claim")
    assert len(tries) == 1


def test_threads_share_a_key(key: TokenKey) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(key.sign(b"claim"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [len(each) for each in found] == [64] * 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token": "elsewhere"}, "NoSuchToken"),
        ({"key": "nothing"}, "NoSuchKey"),
        ({"pin": "4321"}, "PinIncorrect"),
        ({"module": Path("nowhere.so")}, "is not there"),
        ({"module": Path(__file__)}, "cannot be loaded"),
        ({"key": "ps256"}, "is RSA, and that of the certificate EC"),
    ],
)
def test_what_is_wrong_is_named(slot: Slot, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        TokenKey.open(replace(slot, **changes), KEYS["es256"].public_key())


def test_a_key_of_another_certificate_is_refused(slot: Slot) -> None:
    with pytest.raises(ConfigurationError, match="does not belong to the first certificate"):
        TokenKey.open(slot, ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_kind_that_tokens_do_not_have_is_refused(slot: Slot) -> None:
    with pytest.raises(ConfigurationError, match="must be EC or RSA"):
        TokenKey.open(slot, ed25519.Ed25519PrivateKey.generate().public_key())


@pytest.fixture
def configured(tmp_path: Path, token: Token, authority: tuple[Issued, Issued]) -> Settings:
    chain, root = tmp_path / "chain.pem", tmp_path / "root.pem"
    chain.write_text(pem(certify(KEYS["es256"], authority[1]), authority[1].certificate))
    root.write_text(pem(authority[0].certificate))
    hsm = Hsm(module=token.module, token=LABEL, key="es256", pin_env="THE_PIN")
    return Settings(data_dir=tmp_path / "data", signing=Signing(chain=chain, root=root, hsm=hsm))


def test_the_configured_key_signs(configured: Settings) -> None:
    signer = signing_identity(configured, {"THE_PIN": PIN})
    signed = embed(make(PNG), PNG, signer)
    assert judged(signed, PNG, Trust(signer.root_pem)).state is CredentialState.TRUSTED


def test_a_pin_that_is_not_there_names_its_variable(configured: Settings) -> None:
    with pytest.raises(ConfigurationError, match="THE_PIN"):
        signing_identity(configured, {})
