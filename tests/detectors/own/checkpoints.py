"""Tiny classifiers of every kind, saved to disk as their libraries save them. Their weights are random, but seeded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import open_clip
import timm
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from timm.models import save_for_hf
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from core.weight_folder import files_of, private_copy, tree_digest
from detectors.own.settings import Given, Judging, OwnCheckpoint
from detectors.verdicts.calibration import Calibration

CLASSES = ("camera", "machine")
LIMITS = Judging(absent_to=-1e-3, detected_from=1e-3)
SIDE = 32
PROMPTS = {"camera": ("a photograph", "a photo of a place"), "machine": ("a rendering",)}
KNOWN = Calibration(
    knots=(-1.0, 1.0),
    log10_lrs=(-1.0, 1.0),
    detected_from=0.01,
    absent_to=-0.01,
    fpr=0.02,
    fpr_low=0.01,
    fpr_high=0.05,
    photographs=100,
)


def tree_of(folder: Path) -> str:
    with private_copy(files_of(folder)) as (_, found):
        return tree_digest(found)


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def said(kind: str, path: Path, **settings: Any) -> OwnCheckpoint:
    """What an operator says of it: pinned as it is now, free, and looking for the second class."""
    usual: dict[str, Any] = {
        "name": "house_look",
        "label": "machine_made",
        "detected": ("machine",),
        "judging": LIMITS,
        "licence": "MIT",
        "device": "cpu",
        "sha256": sha256_of(path) if path.is_file() else tree_of(path),
    }
    return OwnCheckpoint(kind=kind, path=path, **usual | settings)  # type: ignore[arg-type]


def vit(folder: Path, classes: tuple[str, ...] = CLASSES) -> Path:
    """A folder of transformers."""
    torch.manual_seed(1)
    names = dict(enumerate(classes))
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=SIDE,
        patch_size=8,
        id2label=names,
        label2id={v: k for k, v in names.items()},
        initializer_range=0.5,
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def timm_folder(folder: Path) -> Path:
    save_for_hf(timm_network(), str(folder), {"label_names": list(CLASSES)}, safe_serialization=True)
    return folder


def timm_file(folder: Path) -> Path:
    folder.mkdir()
    file = folder / "network.safetensors"
    save_file({name: each.contiguous() for name, each in timm_network().state_dict().items()}, file)
    return file


def timm_network() -> torch.nn.Module:
    torch.manual_seed(2)
    network: torch.nn.Module = timm.create_model("test_resnet", pretrained=False, num_classes=2)
    return network.eval()


CLIP: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": SIDE, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


def clip_folder(folder: Path, config: Mapping[str, Any] = CLIP) -> Path:
    torch.manual_seed(3)
    folder.mkdir()
    network = open_clip.CLIP(**CLIP)
    save_file(
        {name: each.contiguous() for name, each in network.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    looks = {"mean": list(open_clip.OPENAI_DATASET_MEAN), "std": list(open_clip.OPENAI_DATASET_STD)}
    text = json.dumps({"model_cfg": config, "preprocess_cfg": looks})
    (folder / "open_clip_config.json").write_text(text)
    return folder


def probe(folder: Path, classes: int = 2, width: int = 16) -> Given:
    torch.manual_seed(4)
    file = folder / "probe.safetensors"
    save_file({"weight": torch.randn(classes, width), "bias": torch.zeros(classes)}, file)
    return Given(classes=CLASSES[:classes], probe=file, probe_sha256=sha256_of(file), normalise=True)


def onnx_file(folder: Path, batch: int | str = "n", side: int | str = SIDE, outputs: int = 2, last: str = "") -> Path:
    """The mean of each channel, weighed. last: an operator on the outputs."""
    folder.mkdir(exist_ok=True)
    weights = np.random.default_rng(5).normal(size=(3, outputs)).astype(np.float32)
    tensors = [numpy_helper.from_array(weights, "weights")]
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores" if last else "out"]),
        *([helper.make_node(last, ["scores"], ["out"])] if last else []),
    ]
    taken = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [batch, 3, side, side])
    given = helper.make_tensor_value_info("out", TensorProto.FLOAT, [batch, outputs])
    graph = helper.make_graph(nodes, "tiny", [taken], [given], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    file = folder / "network.onnx"
    onnx.save(model, str(file))
    return file


def of_transformers(folder: Path) -> OwnCheckpoint:
    return said("transformers", vit(folder / "vit"))


def of_timm_folder(folder: Path) -> OwnCheckpoint:
    return said("timm", timm_folder(folder / "timm"))


def of_timm_file(folder: Path) -> OwnCheckpoint:
    return said("timm", timm_file(folder / "file"), given=Given(classes=CLASSES, architecture="test_resnet"))


def of_prompts(folder: Path) -> OwnCheckpoint:
    return said("open_clip", clip_folder(folder / "clip"), given=Given(prompts=PROMPTS))


def of_probe(folder: Path) -> OwnCheckpoint:
    return said("open_clip", clip_folder(folder / "clip"), given=probe(folder))


def of_onnx(folder: Path) -> OwnCheckpoint:
    return said("onnx", onnx_file(folder / "onnx"), given=Given(classes=CLASSES))


KINDS: Mapping[str, Callable[[Path], OwnCheckpoint]] = {
    "transformers": of_transformers,
    "timm folder": of_timm_folder,
    "timm file": of_timm_file,
    "open_clip prompts": of_prompts,
    "open_clip probe": of_probe,
    "onnx": of_onnx,
}
