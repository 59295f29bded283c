"""RFC 3161 timestamps of checkpoints: an authority's word that a tree existed at a time.

The token (DER, a CMS SignedData) is over SHA-256 of the checkpoint's note text, the part that the log signs: so it
holds whatever signatures the note carries. With the authority's root it is checked offline; the authority's
certificate needs to have been valid at the time of the stamp, not today. Reading CMS takes `rfc3161-client`, which is
not part of the light installation: without it nothing here is checked, and that is said.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509

from countersign.verify.checks import Check
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

NAME = "timestamp"
INSTALL = "pip install 'countersign[timestamps]'"
# An authority's token with its certificates has 2 to 10 KB.
MAX_TOKEN = 64 * 1024
# TimeStampResp is a SEQUENCE of a status and the token; this is the status "granted".
_GRANTED = bytes.fromhex("3003020100")


def check_timestamp(token: bytes, note: str, roots: bytes | None) -> Check:
    """One check, "timestamp": whether `token` says when the checkpoint in `note` existed. Never raises.

    token: DER TimeStampToken. note: signed note of the checkpoint. roots: PEM certificates of authorities that the
    reader trusts; None where the reader asks for no timestamp: then the check is ok, and says that nothing was checked.
    It is not ok where a timestamp was asked for and `rfc3161-client` is not installed.
    """
    if roots is None:
        return Check(NAME, True, "NOT CHECKED: there is a timestamp; name the root of its authority to check it")
    try:
        time = open_timestamp(token, note, roots)
    except ModuleNotFoundError:
        return Check(NAME, False, f"NOT CHECKED: this takes rfc3161-client; {INSTALL}")
    except VerificationError as error:
        return Check(NAME, False, str(error))
    return Check(NAME, True, f"the checkpoint existed at {time.isoformat()}, by a trusted time-stamping authority")


def open_timestamp(token: bytes, note: str, roots: bytes, nonce: int | None = None) -> datetime:
    """When the checkpoint in `note` existed at the latest, by `token`: aware, UTC.

    nonce: what the request asked to be repeated, if the caller made it. VerificationError unless the token is about
    this note text, and an authority under one of `roots` (PEM) signed it with a certificate for time-stamping.
    ModuleNotFoundError where rfc3161-client is not installed.
    """
    return open_stamp(token, parse_note(note).text.encode(), roots, nonce)


def open_stamp(token: bytes, data: bytes, roots: bytes, nonce: int | None = None) -> datetime:
    """As `open_timestamp`, of a token over SHA-256 of any `data`."""
    import rfc3161_client

    response = _parse(token)
    verifier = rfc3161_client.VerifierBuilder(roots=load_roots(roots), nonce=nonce).build()
    try:
        verifier.verify(response, hashlib.sha256(data).digest())
    except (rfc3161_client.VerificationError, ValueError, TypeError) as error:
        raise VerificationError(f"the timestamp does not hold: {error}") from error
    return response.tst_info.gen_time


def load_roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates in `pem`, at least one; VerificationError otherwise."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise VerificationError("the roots of the time-stamping authority are not PEM certificates") from error


def _parse(token: bytes) -> TimeStampResponse:
    import rfc3161_client

    if len(token) > MAX_TOKEN:
        raise VerificationError(f"a timestamp has at most {MAX_TOKEN} bytes")
    body = _GRANTED + token
    try:
        response = rfc3161_client.decode_timestamp_response(b"\x30" + _length(len(body)) + body)
        # Trailing bytes would make two spellings of one timestamp.
        if response.time_stamp_token() != token:
            raise VerificationError("the timestamp is followed by something else")
        return response
    except (ValueError, TypeError) as error:
        raise VerificationError("the timestamp cannot be read") from error


def _length(count: int) -> bytes:
    """DER's definite length (X.690, section 8.1.3)."""
    if count < 0x80:
        return bytes([count])
    data = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(data)]) + data
