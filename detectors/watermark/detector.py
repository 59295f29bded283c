"""The `watermark` detector: whether a picture carries the invisible mark of this system, and which identifier.

The reading is `detectors.watermark.reader`'s. What an identifier stands for is not known here: a hit counts only once
the store of signed media has it and the fingerprint kept there agrees.
"""

from __future__ import annotations

from core.media import Kind, Media
from core.watermark import payload, scale
from core.watermark.weights import shipped
from core.weights import PinnedWeights
from detectors.base import Finding
from detectors.single import SingleDetector, version_of
from detectors.watermark.reader import Mark, Reader

_REVISION = 1


class WatermarkDetector(SingleDetector):
    """Looks for marks of the format in `core.watermark`; of others it knows nothing."""

    name = "watermark"
    label = "countersign_watermark"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views: frozenset[str] = frozenset()
    summary = "Reads the invisible watermark that Countersign puts into what is made or improved here."
    limits = (
        "Knows only this format: another system's watermark is not seen. A mark can be removed on purpose, and be lost "
        "to strong compression, to reduction below a few hundred pixels and to crops of a few tiles. A mark can also "
        "be copied from one picture to another, so a hit counts only with the fingerprint's agreement."
    )

    def __init__(self, weights: PinnedWeights | None = None) -> None:
        pinned = shipped() if weights is None else weights
        self._reader = Reader.load(pinned)
        self._false_positives = float(pinned.parameters["false_positives"])
        self.version = version_of(_REVISION, [pinned.sha256, self._reader.threshold])

    def examine(self, media: Media) -> Finding:
        """DETECTED with the identifier among the codes; ABSTAINED where nothing was found in too small a picture."""
        frames = [frame.pixels for frame in media.frames()]
        mark = self._reader.read_frames(frames) if frames else None
        if mark is not None:
            return self._found(mark)
        if not any(scale.large_enough(*pixels.shape[:2]) for pixels in frames):
            reason = f"Too small to carry a watermark: {scale.LEAST_SIDE} pixels a side, {scale.LEAST_AREA} in all."
            return self.abstain(reason, ("picture.too_small",))
        return self.not_detected("No watermark of this system was found.", fpr_at_threshold=self._false_positives)

    def _found(self, mark: Mark) -> Finding:
        several = ("watermark.multiple",) if mark.others else ()
        named = [f"watermark.id.{each:0{payload.ID_BITS // 4}x}" for each in (mark.identifier, *mark.others)]
        again = " More than one identifier was read." if several else ""
        return self.detected(
            f"A watermark of this system was read, correlation {mark.score:.2f}.{again}",
            [*named, *several],
            score=mark.score,
            score_scale="correlation with the word that was read, 0 to 1",
            fpr_at_threshold=self._false_positives,
        )
