"""What one signed file is recognised by, as a value made from its pixels.

Words as in C2PA's "Soft Bindings". This module knows pictures and notations; it does not know where anything is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.media import Frame
from detectors.fingerprints import Fingerprint, fingerprint, pixels_digest
from detectors.iscc import text_of
from detectors.sketch import sketch
from server.provenance import SoftBinding

PDQ = "org.countersign.pdq.1"
WATERMARK = "org.countersign.watermark.1"
ISCC = "io.iscc.v0"
"""Names as in a manifest. The last stands in C2PA's list of algorithms; the others are ours, by reverse domain name."""

MOST_FRAMES = 8
"""Pictures of a film or an animation that are remembered."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """pixels: digest of the decoded pictures, None where they need not be ours alone. fingerprints: of those that are
    not too plain, in order; one of a still. sketches: of the same pictures. watermark: 12 hexadecimal digits of the id
    embedded in it, None without one.
    """

    pixels: bytes | None
    fingerprints: tuple[Fingerprint, ...] = ()
    sketches: tuple[bytes, ...] = ()
    watermark: str | None = None

    @classmethod
    def of(cls, frames: Sequence[Frame], watermark: str | None = None, *, uploaded: bool = False) -> Bindings:
        """Of the pictures that the file to be signed decodes to. Takes some 10 ms a megapixel: not for the event loop.

        frames: MUST be decoded from the encoded output, or a stripped copy of it is not recognised for sure. uploaded:
        it was made from an upload. Whoever orders that can choose pixels which come out as those of somebody else's
        file; only a watermark, of which nobody knows the id before, makes them ours.
        """
        found = [(fingerprint(frame), frame) for frame in spread(frames)]
        usable = [(codes, frame) for codes, frame in found if codes is not None]
        return cls(
            pixels=None if uploaded and watermark is None else pixels_digest(frames),
            fingerprints=tuple(codes for codes, _ in usable),
            sketches=tuple(sketch(frame.pixels) for _, frame in usable),
            watermark=watermark,
        )

    @property
    def soft_bindings(self) -> tuple[SoftBinding, ...]:
        """As the manifest says them: the watermark first, then fingerprints, each once."""
        marks = [SoftBinding(WATERMARK, self.watermark)] if self.watermark else []
        pdqs = [SoftBinding(PDQ, f"{each.pdq:064x}") for each in self.fingerprints]
        isccs = [SoftBinding(ISCC, text_of(each.iscc)) for each in self.fingerprints]
        return tuple(dict.fromkeys((*marks, *pdqs, *isccs)))

    @property
    def values(self) -> tuple[tuple[str, bytes], ...]:
        """(kind, value) as the log keeps them, each once: see `server.audit.entries.durable`."""
        values = [("pixels", self.pixels)] if self.pixels else []
        values += [("pdq", each.pdq.to_bytes(32, "big")) for each in self.fingerprints]
        values += [("iscc", each.iscc.to_bytes(32, "big")) for each in self.fingerprints]
        if self.watermark:
            values.append(("watermark", bytes.fromhex(self.watermark)))
        return tuple(dict.fromkeys(values))


def spread(frames: Sequence[Frame]) -> list[Frame]:
    """At most MOST_FRAMES of the pictures, evenly spaced."""
    count = min(len(frames), MOST_FRAMES)
    return [frames[index * len(frames) // count] for index in range(count)]
