"""Media on its way to the server: its size, its bytes, its chunks. It never looks inside."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from countersign.errors import LimitExceeded, UnusableFile
from countersign.v1 import screening_pb2

# What one unary message may carry (screening.proto), and one chunk of a stream.
UNARY_LIMIT = 32 * 1024 * 1024
CHUNK_SIZE = 1024 * 1024

UploadProgress = Callable[[int, int], None]


def no_progress(sent: int, total: int) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Media that can be read from its beginning as often as a call is attempted. size: bytes, at least 1."""

    open: Callable[[], BinaryIO]
    size: int
    name: str

    @classmethod
    def of(cls, media: bytes | Path) -> Upload:
        """Of bytes, or of a file that is not read before it is sent.

        Raises UnusableFile when there is nothing to send.
        """
        if isinstance(media, bytes):
            if not media:
                raise UnusableFile("the media is empty", field="media", limit="at least 1 byte", found="0 bytes")
            return cls(lambda: io.BytesIO(media), len(media), "media")
        return cls(lambda: media.open("rb"), usable_size(media), str(media))

    def read(self, limit: int = UNARY_LIMIT) -> bytes:
        """All bytes. Raises LimitExceeded before it reads anything, and UnusableFile when it cannot read."""
        if self.size > limit:
            raise LimitExceeded(
                f"{self.name} is too large", field="media", limit=f"{limit} bytes", found=f"{self.size} bytes"
            )
        try:
            with self.open() as stream:
                return stream.read()
        except OSError as error:
            raise unreadable(self.name, error) from error


def usable_size(path: Path) -> int:
    """Bytes of a regular, readable file that is not empty."""
    try:
        if not path.is_file():
            what = "is a directory" if path.is_dir() else "is not a file" if path.exists() else "does not exist"
            raise UnusableFile(f"{path} {what}", field="file")
        size = path.stat().st_size
        with path.open("rb"):
            pass  # only to learn now, not in the middle of a call, whether it may be read
    except OSError as error:
        raise unreadable(str(path), error) from error
    if not size:
        raise UnusableFile(f"{path} is empty", field="file", limit="at least 1 byte", found="0 bytes")
    return size


def unreadable(name: str, error: OSError) -> UnusableFile:
    """The client error of a failed read."""
    return UnusableFile(f"cannot read {name}: {error.strerror}", field="file")


class ScreenParts:
    """The messages of one ScreenStream attempt: header, chunks, digest of all chunks.

    gRPC draws them on a thread of its own, where an exception would be lost; a failed read ends the stream without
    its digest, which the server refuses, and is kept in `failure` for the caller.
    """

    def __init__(self, upload: Upload, header: screening_pb2.ScreenStreamHeader, progress: UploadProgress) -> None:
        self._upload = upload
        self._header = header
        self._progress = progress
        self.failure: UnusableFile | None = None

    def __iter__(self) -> Iterator[screening_pb2.ScreenStreamRequest]:
        yield screening_pb2.ScreenStreamRequest(header=self._header)
        running, sent = hashlib.sha256(), 0
        for chunk in self._chunks():
            running.update(chunk)
            yield screening_pb2.ScreenStreamRequest(chunk=chunk)
            sent += len(chunk)
            self._progress(sent, self._upload.size)
        if not self.failure:
            yield screening_pb2.ScreenStreamRequest(digest=f"sha256:{running.hexdigest()}")

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self._upload.open() as stream:
                while chunk := stream.read(CHUNK_SIZE):
                    yield chunk
        except OSError as error:
            self.failure = unreadable(self._upload.name, error)
