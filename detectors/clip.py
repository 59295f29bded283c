"""How well captions fit pictures: the in-house CLIP, which `training.clip` made of scenes of drawings.

It shares no weights with any generator, so that it may score what they make. It knows the words of `training.scenes`
and little else: of photographs it says nothing that should be relied on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.media import Pixels
from core.weight_folder import PinnedFolder, read_folders
from core.weights import load_pinned

if TYPE_CHECKING:
    from open_clip import CustomTextCLIP
    from transformers import CLIPTokenizer

NAME = "scene_clip"
MANIFEST = Path(__file__).with_name("weights") / "weights.toml"
WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer"
_BATCH = 64


@dataclass(frozen=True, eq=False, slots=True)
class Scorer:
    """version: digest of all files. side: of the pictures it was trained on, pixels; others are brought to it."""

    network: CustomTextCLIP
    tokens: CLIPTokenizer
    side: int
    version: str

    def similarity(self, pictures: Sequence[Pixels], captions: Sequence[str]) -> NDArray[np.float32]:
        """float32 (pictures, captions): cosines, -1 to 1."""
        similarity: NDArray[np.float32] = self.of_pictures(pictures) @ self.of_captions(captions).T
        return similarity

    def of_pictures(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """float32 (n, width) of length 1, of pictures RGB uint8 (h, w, 3). Others than squares are squeezed."""
        with torch.inference_mode():
            made = [
                self.network.encode_image(as_input(batch, self.side), normalize=True) for batch in _batches(pictures)
            ]
        return _rows(made)

    def of_captions(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, width) of length 1. What is beyond the window of the tokenizer is not read."""
        with torch.inference_mode():
            made = [
                self.network.encode_text(tokenise(self.tokens, batch), normalize=True) for batch in _batches(captions)
            ]
        return _rows(made)


def load(pinned: PinnedFolder | None = None) -> Scorer:
    """The scorer of a pinned folder, or the shipped one. Raises as `PinnedFolder.verified` does."""
    from transformers import CLIPTokenizer

    pinned = pinned or read_folders(MANIFEST)[NAME]
    with pinned.verified() as folder:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tokens = CLIPTokenizer.from_pretrained(folder / TOKENIZER, local_files_only=True)
        tensors = load_pinned(folder / WEIGHTS, pinned.files[WEIGHTS])
    return scorer_of(config, tensors, tokens, pinned.digest)


def scorer_of(
    config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], tokens: CLIPTokenizer, version: str
) -> Scorer:
    """config: "model" builds open_clip's class, "side" is that of the pictures."""
    from open_clip import CustomTextCLIP

    network = CustomTextCLIP(**config["model"])
    network.load_state_dict(dict(tensors))
    return Scorer(network.float().eval().requires_grad_(False), tokens, int(config["side"]), version)


def as_input(pictures: Sequence[Pixels], side: int) -> torch.Tensor:
    """Pictures RGB uint8 (h, w, 3) → float (n, 3, side, side), -1 to 1."""
    fitted = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in pictures])
    return torch.from_numpy(fitted).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def tokenise(tokens: CLIPTokenizer, captions: Sequence[str]) -> torch.Tensor:
    """int64 (n, window): cut and filled. A caption's meaning is read at its end, so what fills does not matter."""
    ids: torch.Tensor = tokens(list(captions), padding="max_length", truncation=True, return_tensors="pt").input_ids
    return ids


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _rows(made: Sequence[torch.Tensor]) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = torch.cat(list(made)).numpy()
    return rows
