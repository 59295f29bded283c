r"""Canonical JSON: the one spelling of a log entry, so that equal entries have equal hashes.

Rules, those of RFC 8785 (JCS): UTF-8; no white space; object keys sorted by UTF-16 code units; strings with the
short escapes and lower-case \u00xx for other control characters, everything else as it is; numbers as
ECMAScript prints them. Narrower than RFC 8785 in one point: a number beyond ±(2**53 - 1) is refused, because readers
of JSON disagree about it. Refused as well: NaN, unpaired surrogates, keys that are not strings, any other type.

This module does not know what an entry means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, NoReturn

from countersign.verify.errors import VerificationError

_MAX_NUMBER = 2**53 - 1


def canonical_json(value: Any) -> bytes:
    """`value` (dict, list, tuple, str, int, float, bool, None, nested) in its canonical form.

    VerificationError if `value` has none.
    """
    try:
        return _encode(value).encode()
    except RecursionError as error:
        raise VerificationError("the JSON is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise VerificationError("a string holds an unpaired surrogate") from error


def parse_canonical(data: bytes) -> Any:
    """The value of `data`; VerificationError unless `data` is exactly the canonical form of it."""
    value = parse_json(data)
    if canonical_json(value) != data:
        raise VerificationError("the JSON is not in canonical form")
    return value


def parse_json(data: bytes) -> Any:
    """The value of UTF-8 JSON; VerificationError for malformed JSON, duplicate keys, NaN and infinities."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"not valid JSON: {error}") from error


def _encode(value: Any) -> str:
    # By exact type first: it is several times faster than asking abstract classes, and entries are plain JSON.
    encode = _ENCODERS.get(type(value))
    if encode is not None:
        return encode(value)
    for kind, encode in _ENCODERS.items():
        if isinstance(value, kind):
            return encode(value)
    raise VerificationError(f"{type(value).__name__} has no JSON form")


def _literal(value: bool | None) -> str:
    return "null" if value is None else "true" if value else "false"


def _array(value: Sequence[Any]) -> str:
    return "[" + ",".join([_encode(item) for item in value]) + "]"


def _object(value: Mapping[Any, Any]) -> str:
    try:
        # Code points and UTF-16 code units sort alike in ASCII.
        keys = sorted(value) if "".join(value).isascii() else sorted(value, key=_utf16)
    except TypeError as error:
        raise VerificationError("a JSON key is a string") from error
    return "{" + ",".join([f"{encode_basestring(key)}:{_encode(value[key])}" for key in keys]) + "}"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _integer(value: int) -> str:
    if abs(value) > _MAX_NUMBER:
        raise VerificationError("a number lies beyond ±(2**53 - 1)")
    return int.__repr__(value)


def _float(value: float) -> str:
    """Number::toString of ECMA-262; Python's repr has the same shortest digits but another layout."""
    if not abs(value) <= _MAX_NUMBER:  # NaN compares false
        raise VerificationError("a number is NaN or lies beyond ±(2**53 - 1)")
    if value == int(value):
        return _integer(int(value))
    mantissa, _, exponent = float.__repr__(abs(value)).partition("e")
    sign = "-" if value < 0 else ""
    if not exponent:
        return sign + mantissa
    # Python writes 1.5e-05 from 1e-4 downwards, ECMAScript 0.000015 down to 1e-6 and 1.5e-7 below.
    digits, zeros = mantissa.replace(".", ""), -int(exponent) - 1
    if zeros < 6:
        return f"{sign}0.{'0' * zeros}{digits}"
    return f"{sign}{mantissa}e{int(exponent)}"


# bool stands before int, which it inherits from.
_ENCODERS: Mapping[type, Callable[[Any], str]] = {
    dict: _object,
    str: encode_basestring,
    bool: _literal,
    type(None): _literal,
    int: _integer,
    float: _float,
    list: _array,
    tuple: _array,
    Mapping: _object,
}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise VerificationError("a JSON object repeats a key")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise VerificationError(f"{name} is not JSON")
