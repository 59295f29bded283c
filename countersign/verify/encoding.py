"""Strict readings of the few encodings that C2SP formats are made of.

Each decoder accepts exactly one spelling of a value, so that no byte of a proof can change unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import re

from countersign.verify.errors import VerificationError

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
# Indexes and sizes are signed 64-bit integers in the API.
MAX_INTEGER = 2**63 - 1


def encode_base64(data: bytes) -> str:
    """Standard alphabet with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, what: str) -> bytes:
    """The bytes of `text`; VerificationError names `what` unless it is the one canonical encoding of them."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VerificationError(f"{what} is not base64") from error
    # RFC 4648, section 3.5: trailing bits that are not zero would give one value several spellings.
    if encode_base64(data) != text:
        raise VerificationError(f"{what} is not canonical base64")
    return data


def decode_hash(text: str, what: str) -> bytes:
    """A SHA-256 hash in base64: 32 bytes."""
    data = decode_base64(text, what)
    if len(data) != 32:
        raise VerificationError(f"{what} has {len(data)} bytes, a SHA-256 hash has 32")
    return data


def decode_decimal(text: str, what: str) -> int:
    """ASCII decimal without leading zeroes, 0 to 2**63 - 1."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_INTEGER:
        raise VerificationError(f"{what} is not a plain decimal number")
    return int(text)
