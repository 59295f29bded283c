"""Makes pictures a little worse, as those that a model made are: softer, noisier, with blocks of JPEG."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

_LEFT = 0.25  # share of pictures that stay as they are
_EACH = 0.5  # how often each kind of damage is done to the others
_BLUR = (0.3, 1.2)  # deviation, pixels
_NOISE = (1.0, 9.0)  # deviation, 8-bit steps
_QUALITY = (40, 96)  # of JPEG


def soften(picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """RGB uint8 (h, w, 3) → the same, maybe blurred, noisy and compressed."""
    if rng.random() < _LEFT:
        return picture
    blur, noise, jpeg = rng.random(3) < _EACH
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(*_BLUR))).astype(np.uint8)
    if noise:
        grain = rng.normal(0, rng.uniform(*_NOISE), picture.shape)
        picture = np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)
    if jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*_QUALITY))]
        _, coded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
        picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), np.uint8)
    return picture
