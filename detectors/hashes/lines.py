"""The list file of our own: JSON lines, one object a hash. Reads bytes and writes text; knows no path.

{"kind": "pdq" | "sha256", "hex": 64 digits, "list": name, "reason": text, "source": text, "tags": [text, …]}, of which
the last three may be left out. A film has "kind": "vpdq" and, in place of "hex", "frames": [text, …], each
"hash,quality,seconds" as ThreatExchange's vPDQ writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from core.errors import ConfigurationError
from detectors.hashes.columns import BYTES
from detectors.hashes.entry import Entry, FrameHash, HashKind, Said
from detectors.hashes.gathering import Gathered

LONGEST = 4 * 1024 * 1024
"""Bytes of a line: four times a film of the longest that is read, with a picture a second."""
_PLAIN = frozenset({HashKind.PDQ.value, HashKind.SHA256.value})
_TEXTS = ("kind", "hex", "list", "reason", "source")
_ARRAYS = ("tags", "frames")


def read_lines(lines: Iterable[bytes], name: str, gathered: Gathered) -> None:
    """Adds every line. Raises ConfigurationError naming line and column, or line and key, of what is wrong."""
    numbers: dict[Any, int] = {}
    for at, line in enumerate(lines, 1):
        if line.isspace():
            continue
        if len(line) > LONGEST:
            raise ConfigurationError(f"{name}, line {at}: has {len(line)} bytes, allowed are {LONGEST}")
        try:
            _take(_object(line), gathered, numbers)
        except ConfigurationError as error:
            raise ConfigurationError(f"{name}, line {at}: {error}") from error


def write_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A line an entry; what is empty is left out, but for reason and source, which the first release had always."""
    for entry in entries:
        value: dict[str, Any] = {"kind": entry.kind}
        value |= {"frames": [str(frame) for frame in entry.frames]} if entry.frames else {"hex": entry.hex}
        value |= {"list": entry.list, "reason": entry.reason, "source": entry.source}
        value |= {"tags": entry.tags} if entry.tags else {}
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = _slowly(line)
    if not isinstance(value, dict):
        raise ConfigurationError("not an object of texts")
    texts = all(isinstance(value[key], str) for key in value if key not in _ARRAYS)
    arrays = (value[key] for key in _ARRAYS if key in value)
    if not texts or not all(isinstance(each, list) and all(isinstance(text, str) for text in each) for each in arrays):
        raise ConfigurationError("not an object of texts, with tags and frames as arrays of texts")
    return value


def _slowly(line: bytes) -> Any:
    """With Python's own reader, which says where it fails, and takes halves of characters, about which we say more."""
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"column {error.start + 1}: not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"column {error.colno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ConfigurationError("not JSON that is read here: nested too deep") from error


def _take(value: dict[str, Any], gathered: Gathered, numbers: dict[Any, int]) -> None:
    """numbers: of what was said before, by its texts, so that each is checked once."""
    kind = value.get("kind", "")
    held = {"kind", "list", "frames" if kind == HashKind.VPDQ else "hex"}
    if not held <= value.keys() <= held | {"reason", "source", "tags"}:
        raise ConfigurationError("needs kind, hex (of films: frames) and list, and may have reason, source and tags")
    if kind not in set(HashKind):
        raise ConfigurationError(f"kind is pdq, sha256 or vpdq, not {kind!r}")
    if kind not in _PLAIN:
        gathered.add(Entry.film(map(FrameHash.parse, value["frames"]), _said(value)))
        return
    told = (value["list"], value.get("reason", ""), value.get("source", ""), *value.get("tags", ()))
    number = numbers.get(told)
    if number is None:
        number = numbers[told] = gathered.number(_said(value))
    gathered.put(HashKind(kind), digest_of_hex(value["hex"], kind), number)


def digest_of_hex(text: str, kind: str) -> bytes:
    """The 32 bytes of 64 digits, of either case. Raises ConfigurationError for anything else."""
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != BYTES or len(text) != 2 * BYTES:
        raise ConfigurationError(f"hex: a {kind} hash has 64 hexadecimal digits, found are {len(text)} characters")
    return digest


def _said(value: dict[str, Any]) -> Said:
    tags = tuple(sorted(set(value.get("tags", ()))))
    return Said(value["list"], value.get("reason", ""), value.get("source", ""), tags)
