"""The watermark of this system as the finisher uses it: the embedder that puts it in, and the reader that proves it."""

from __future__ import annotations

from core.media import Pixels
from core.watermark.weights import shipped
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder


class TileWatermarks:
    """`server.finishing.finisher.Watermarks` by the shipped networks."""

    def __init__(self, embedder: Embedder, reader: Reader) -> None:
        self._embedder = embedder
        self._reader = reader

    @classmethod
    def load(cls, device: str) -> TileWatermarks:
        """With the shipped weights, marking on `device`. Raises as `core.weights.load_pinned` does.

        What is read back is read where uploads are read, on the processor: the proof is theirs.
        """
        weights = shipped()
        return cls(Embedder.load(weights, device), Reader.load(weights))

    def embed(self, pixels: Pixels, identifier: int) -> Pixels:
        """RGB uint8 (h, w, 3) → the same, marked. Raises InvalidInput for a picture too small to carry a mark."""
        return self._embedder.embed(pixels, identifier).pixels

    def identifiers(self, pixels: Pixels) -> frozenset[int]:
        """Every identifier that reads in a picture."""
        mark = self._reader.read(pixels)
        return frozenset() if mark is None else frozenset({mark.identifier, *mark.others})
