"""Image classifiers that transformers saved, prepared as their own image processor says. Loads no other code."""

from __future__ import annotations

import numpy as np
import torch

from core.errors import IntegrityError
from core.media import Pixels
from detectors.own.files import Opened
from detectors.own.network import Network, loading
from detectors.own.settings import OwnCheckpoint
from detectors.verdicts.running import Runner

LIBRARY = "transformers"


def load(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner) -> Network:
    """Its folder: config.json, preprocessor_config.json and safetensors. Raises IntegrityError for another."""
    from transformers import AutoImageProcessor, AutoModelForImageClassification
    from transformers.utils import logging

    logging.disable_progress_bar()  # it would write into the server's output
    with loading(checkpoint.name, LIBRARY):
        model, found = AutoModelForImageClassification.from_pretrained(
            opened.path,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
        )
        processor = AutoImageProcessor.from_pretrained(opened.path, local_files_only=True, trust_remote_code=False)
        classes = tuple(str(model.config.id2label[number]) for number in range(model.config.num_labels))
    # What lacks a tensor is given a random one, with a word in the log: a body without its head would answer, too.
    if missing := sorted(found["missing_keys"]) or sorted(map(str, found["mismatched_keys"])):
        raise IntegrityError(f"the detector {checkpoint.name}: path lacks the tensor {missing[0]} of its classifier")
    runner.place(model)

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (model(pixel_values=pictures).logits,)

    def prepare(pixels: Pixels) -> torch.Tensor:
        # The layout has to be said: a picture of three rows looks like one with channels first.
        made = processor(images=np.array(pixels), return_tensors="pt", input_data_format="channels_last")
        picture: torch.Tensor = made["pixel_values"][0].float()
        return picture

    return Network(classify, prepare, classes)
