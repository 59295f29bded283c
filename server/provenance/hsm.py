"""A signing key in a token: an HSM, a smart card or a cloud's key store, behind PKCS#11.

The key never leaves the token; what goes in is a digest, and what comes out a signature. A session that was lost, say
because the token was taken out and put back, is opened again once for each signature. A PIN that was refused is not
tried again: tokens lock themselves after a few tries. Needs the extra `hsm`.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from core.errors import ConfigurationError, Unavailable
from server.provenance.certificates import PublicKey
from server.provenance.signatures import curve_of

PROBE = b"countersign: does this key belong to this certificate?"
REFUSED = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.exceptions.PinExpired)
PSS = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a key is. module: the PKCS#11 library, a file. token, key: their labels. pin: of the token's user."""

    module: Path
    token: str
    key: str
    pin: str = field(repr=False)


class TokenKey:
    """A key in a token. Made by `open`. One session, which is not shared by two threads at a time."""

    def __init__(self, slot: Slot, public_key: PublicKey) -> None:
        self.public_key = public_key
        self._slot = slot
        self._lock = threading.Lock()
        self._library = load(slot.module)
        self._key: Any = None
        self._refused = False

    @classmethod
    def open(cls, slot: Slot, public_key: PublicKey) -> TokenKey:
        """The key in `slot`, tried out. public_key: of the certificate that it must belong to, EC or RSA.

        Raises ConfigurationError for a library, token or key that is not there, a PIN that is refused, a key that
        cannot sign, and one of another certificate.
        """
        opened = cls(slot, public_key)
        try:
            opened._key = opened._find()
            refuse_another_kind(public_key, opened._key, slot)
            refuse_another(public_key, opened._signed(PROBE), slot)
        except pkcs11.PKCS11Error as error:
            opened.close()
            raise ConfigurationError(f"the key {slot.key!r} in the token {slot.token!r}: {words(error)}") from error
        except ConfigurationError:
            opened.close()
            raise
        return opened

    def sign(self, data: bytes) -> bytes:
        """A COSE signature. Raises Unavailable, with the token's word for it, where it gives none."""
        with self._lock:
            try:
                return self._signed_again(data)
            except pkcs11.PKCS11Error as error:
                self._refused = self._refused or isinstance(error, REFUSED)
                raise Unavailable(f"the token {self._slot.token!r} does not sign: {words(error)}") from error

    def close(self) -> None:
        """Lets go of the session, which may be gone already."""
        key, self._key = self._key, None
        if key is not None:
            with contextlib.suppress(pkcs11.PKCS11Error):
                key.session.close()

    def _signed_again(self, data: bytes) -> bytes:
        """Signs, in a new session where the old one is lost."""
        try:
            if self._key is not None:
                return self._signed(data)
        except pkcs11.PKCS11Error:
            self.close()
        if self._refused:
            raise pkcs11.PinIncorrect("refused before; it is not tried again until the server is started anew")
        self._key = self._find()
        return self._signed(data)

    def _signed(self, data: bytes) -> bytes:
        if not isinstance(self.public_key, ec.EllipticCurvePublicKey):
            mechanism = pkcs11.Mechanism.SHA256_RSA_PKCS_PSS
            return bytes(self._key.sign(data, mechanism=mechanism, mechanism_param=PSS))
        # Not every token hashes for ECDSA; all of them sign digests, and give r and s as COSE has them.
        digest = hashes.Hash(curve_of(self.public_key).digest)
        digest.update(data)
        return bytes(self._key.sign(digest.finalize(), mechanism=pkcs11.Mechanism.ECDSA))

    def _find(self) -> Any:
        """The key, in a new session."""
        token = self._library.get_token(token_label=self._slot.token)
        try:
            session = token.open(user_pin=self._slot.pin)
        except pkcs11.UserAlreadyLoggedIn:  # by another key in this process: the login is the whole process's
            session = token.open()
        try:
            return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self._slot.key)
        except BaseException:
            session.close()
            raise


def load(module: Path) -> Any:
    """The PKCS#11 library in a file. Raises ConfigurationError where it cannot be loaded."""
    if not module.is_file():
        raise ConfigurationError(f"the PKCS#11 module {module} is not there")
    try:
        return pkcs11.lib(str(module))
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise ConfigurationError(f"the PKCS#11 module {module} cannot be loaded: {words(error)}") from error


def refuse_another_kind(public_key: PublicKey, key: Any, slot: Slot) -> None:
    """Raises ConfigurationError unless the certificate's key and the one in the token are both EC or both RSA."""
    kinds = {ec.EllipticCurvePublicKey: pkcs11.KeyType.EC, rsa.RSAPublicKey: pkcs11.KeyType.RSA}
    wanted = next((kind for cls, kind in kinds.items() if isinstance(public_key, cls)), None)
    if wanted is None:
        raise ConfigurationError("a signing key in a token must be EC or RSA, and the certificate has another kind")
    if key.key_type is not wanted:
        kinds_found = f"{key.key_type.name}, and that of the certificate {wanted.name}"
        raise ConfigurationError(f"the key {slot.key!r} in the token {slot.token!r} is {kinds_found}")


def refuse_another(public_key: PublicKey, signature: bytes, slot: Slot) -> None:
    """Raises ConfigurationError unless the certificate's key verifies what the token signed."""
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            public_key.verify(signature, PROBE, scheme, hashes.SHA256())
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            curve = curve_of(public_key)
            r, s = (int.from_bytes(half, "big") for half in (signature[: curve.width], signature[curve.width :]))
            public_key.verify(encode_dss_signature(r, s), PROBE, ec.ECDSA(curve.digest))
    except InvalidSignature as error:
        raise ConfigurationError(
            f"the key {slot.key!r} in the token {slot.token!r} does not belong to the first certificate of the chain"
        ) from error


def words(error: Exception) -> str:
    """What went wrong. PKCS#11 errors often have nothing but a name."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))
