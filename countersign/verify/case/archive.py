"""The zip around a case, in one spelling only: the same files give the same bytes, and no other bytes are read.

Files are stored, never compressed, so that nothing can unfold beyond its size; times are fixed; names are lower-case
ASCII; there are no extra fields, comments or gaps. Each header is held against the one that `pack` would have written.
So no byte of a case can change unnoticed, and no two readers of zip files can see different contents in it.
Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

This module does not know what the files say.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping

from countersign.verify.errors import VerificationError

MAX_BYTES = 256 * 1024**2
MAX_FILES = 4096
MAX_NAME = 128
MAGIC = b"PK"
"""What every zip begins with."""

# Components begin with a letter or digit: no absolute path, no "..", no hidden file. Lower case only: no two names
# that a file system without case would take for one.
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*(\.[a-z0-9]+)?")
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 10  # plain files (4.4.3.2)
_MADE_BY = 3 << 8 | _VERSION  # Unix, whose permissions follow
_DATE = 1 << 5 | 1  # 1980-01-01, the first day that a zip can name
_PERMISSIONS = 0o100644 << 16
_ENCRYPTED = 0x2041  # bits 0, 6 and 13: encryption, strong encryption, masked headers (4.4.4)


def is_archive(head: bytes) -> bool:
    """Whether data that begins with `head` is meant as a zip."""
    return head.startswith(MAGIC)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip with `files` in their order. VerificationError for names, counts or sizes that `unpack` would refuse."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, content in files.items():
        _check_name(name)
        if at + len(content) > MAX_BYTES:
            raise VerificationError(f"a case has at most {MAX_BYTES} bytes")
        local, central = _headers(name, content, at)
        parts += [local, content]
        directory.append(central)
        at += len(local) + len(content)
    data = b"".join([*parts, _directory(directory, at)])
    _check_sizes(len(data), len(files))
    return data


def unpack(data: bytes) -> dict[str, bytes]:
    """The files in `data`, in their order; VerificationError unless `pack` would have written exactly these bytes.

    Looks at sizes and counts before it copies anything.
    """
    _check_sizes(len(data), 0)
    if len(data) < _END.size or data[-_END.size :][:4] != b"PK\x05\x06":
        raise VerificationError("the zip does not end where its directory does: it was cut off or added to")
    count = _END.unpack_from(data, len(data) - _END.size)[4]
    _check_sizes(len(data), count)
    files: dict[str, bytes] = {}
    directory: list[bytes] = []
    at = 0
    for _ in range(count):
        name, content, end, central = _read(data, at)
        if name in files:
            raise VerificationError(f"{name} is there twice")
        files[name] = content
        directory.append(central)
        at = end
    if data[at:] != _directory(directory, at):
        raise VerificationError("the directory of the zip does not fit its files")
    return files


def _read(data: bytes, at: int) -> tuple[str, bytes, int, bytes]:
    """The file that starts at `at`: its name, its content, where it ends, and its line of the directory."""
    if len(data) < at + _LOCAL.size or data[at : at + 4] != b"PK\x03\x04":
        raise VerificationError(f"at byte {at} of the zip there is no file where there should be one")
    _, _, flags, method, _, _, _, stored, size, name_size, _ = _LOCAL.unpack_from(data, at)
    begin = at + _LOCAL.size + name_size
    try:
        name = data[at + _LOCAL.size : begin].decode("ascii")
    except UnicodeDecodeError as error:
        raise VerificationError("a name in the zip is not ASCII") from error
    _check_name(name)
    if flags & _ENCRYPTED:
        raise VerificationError(f"{name} is encrypted")
    if method or stored != size:
        raise VerificationError(f"{name} is compressed; a case holds its files as they are")
    if begin + size > len(data):
        raise VerificationError(f"{name} goes beyond the end of the zip")
    content = data[begin : begin + size]
    local, central = _headers(name, content, at)
    if data[at:begin] != local:
        raise VerificationError(f"{name} is not stored as cases are: changed, or unpacked and packed again")
    return name, content, begin + size, central


def _headers(name: str, content: bytes, at: int) -> tuple[bytes, bytes]:
    """The header before a file and its line in the directory."""
    size, spelled, crc = len(content), name.encode(), zlib.crc32(content)
    local = _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(spelled), 0)
    central = _CENTRAL.pack(
        *(b"PK\x01\x02", _MADE_BY, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(spelled)),
        *(0, 0, 0, 0, _PERMISSIONS, at),
    )
    return local + spelled, central + spelled


def _directory(lines: list[bytes], at: int) -> bytes:
    joined = b"".join(lines)
    return joined + _END.pack(b"PK\x05\x06", 0, 0, len(lines), len(lines), len(joined), at, 0)


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise VerificationError(f"{name!r:.80} is no name for a file of a case")


def _check_sizes(size: int, count: int) -> None:
    if size > MAX_BYTES:
        raise VerificationError(f"the zip has {size} bytes, a case has at most {MAX_BYTES}")
    if count > MAX_FILES:
        raise VerificationError(f"the zip names {count} files, a case has at most {MAX_FILES}")
