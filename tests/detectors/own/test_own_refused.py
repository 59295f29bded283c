"""What is no classifier, not the pinned one, or not free, is refused with a typed error that names the setting."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from core.errors import ConfigurationError, CountersignError, IntegrityError, PreconditionFailed
from detectors.clip import MANIFEST, NAME, TOKENIZER
from detectors.own import network
from detectors.own.loading import load
from detectors.own.settings import Given, Judging, OwnCheckpoint
from tests.detectors.own import checkpoints
from tests.detectors.own.checkpoints import CLASSES, KINDS, KNOWN, said


def refused(checkpoint: OwnCheckpoint, error: type[CountersignError], *words: str) -> None:
    with pytest.raises(error) as caught:
        load(checkpoint)
    assert type(caught.value) is error
    for word in ("house_look", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_another_digest_and_a_missing_path_are_refused(tmp_path: Path, kind: str) -> None:
    checkpoint = KINDS[kind](tmp_path)
    refused(replace(checkpoint, sha256="0" * 64), IntegrityError, "sha256", checkpoint.sha256)
    refused(replace(checkpoint, path=tmp_path / "nowhere"), PreconditionFailed, "path nowhere is not there")


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_that_the_model_lacks_is_refused_with_those_that_it_has(tmp_path: Path, kind: str) -> None:
    checkpoint = KINDS[kind](tmp_path)
    refused(replace(checkpoint, detected=("fake",)), ConfigurationError, "detected", "'fake'", "'camera', 'machine'")
    refused(replace(checkpoint, detected=(2,)), ConfigurationError, "detected is class 2, the model has 2")
    refused(replace(checkpoint, detected=(0, "machine")), ConfigurationError, "detected names all 2 classes")


@pytest.mark.parametrize("kind", ["transformers", "timm folder", "open_clip probe"])
def test_a_folder_of_pickles_is_refused(tmp_path: Path, kind: str) -> None:
    checkpoint = KINDS[kind](tmp_path)
    assert checkpoint.path is not None
    (file,) = checkpoint.path.glob("*.safetensors")
    torch.save(load_file(file), checkpoint.path / "pytorch_model.bin")
    assert load(checkpoint), "a pickle beside tensors stays where it is"
    file.unlink()
    refused(replace(checkpoint, sha256=checkpoints.tree_of(checkpoint.path)), ConfigurationError, "path", "pickle")


@pytest.mark.parametrize(("kind", "error"), [("timm file", ConfigurationError), ("onnx", IntegrityError)])
def test_a_disguised_pickle_is_refused(tmp_path: Path, kind: str, error: type[CountersignError]) -> None:
    checkpoint = KINDS[kind](tmp_path)
    assert checkpoint.path is not None
    torch.save({"weight": torch.zeros(2)}, checkpoint.path)
    disguised = replace(checkpoint, sha256=checkpoints.sha256_of(checkpoint.path))
    with pytest.raises(error, match=r"can run code|nothing that ONNX Runtime loads"):
        load(disguised)
    bare = checkpoint.path.rename(checkpoint.path.with_suffix(".bin"))
    refused(replace(disguised, path=bare), ConfigurationError, "path", "pickle")


def test_a_body_without_its_head_is_refused(tmp_path: Path) -> None:
    """transformers would give it a random one."""
    folder = checkpoints.vit(tmp_path / "vit")
    tensors = load_file(folder / "model.safetensors")
    del tensors["classifier.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    refused(said("transformers", folder), IntegrityError, "path", "classifier.weight")


def test_other_tensors_than_the_architectures_are_refused(tmp_path: Path) -> None:
    file = checkpoints.timm_file(tmp_path / "timm")
    for given, words in (
        (Given(classes=(*CLASSES, "cat"), architecture="test_resnet"), "classes"),
        (Given(classes=CLASSES, architecture="test_vit"), "architecture"),
    ):
        refused(said("timm", file, given=given), IntegrityError, words)
    unknown = Given(classes=CLASSES, architecture="no_such_net")
    refused(said("timm", file, given=unknown), ConfigurationError, "architecture 'no_such_net'")
    refused(said("timm", file, given=Given(architecture="test_resnet")), ConfigurationError, "set classes")
    folder = checkpoints.timm_folder(tmp_path / "folder")
    refused(said("timm", folder, given=Given(architecture="test_resnet")), ConfigurationError, "architecture is for")


WRONG_COUNT: dict[str, Callable[[Path], OwnCheckpoint]] = {
    "onnx": lambda folder: said(
        "onnx", checkpoints.onnx_file(folder / "x", outputs=3), given=Given(classes=CLASSES), detected=("machine",)
    ),
    "open_clip probe": lambda folder: said(
        "open_clip",
        checkpoints.clip_folder(folder / "clip"),
        given=replace(checkpoints.probe(folder, classes=3), classes=CLASSES),
    ),
    "timm folder": lambda folder: said(
        "timm", checkpoints.timm_folder(folder / "timm"), given=Given(classes=(*CLASSES, "cat"))
    ),
}


@pytest.mark.parametrize("kind", WRONG_COUNT)
def test_as_many_classes_as_outputs(tmp_path: Path, kind: str) -> None:
    refused(WRONG_COUNT[kind](tmp_path), ConfigurationError, "classes are", "the network gives")


def test_a_calibration_is_the_pinned_one_and_one(tmp_path: Path) -> None:
    checkpoint = KINDS["onnx"](tmp_path)
    file = tmp_path / "known.json"
    digest = KNOWN.write(file)
    named = Judging(calibration=file, calibration_sha256=digest)
    assert load(replace(checkpoint, judging=named))
    refused(replace(checkpoint, judging=replace(named, calibration_sha256="0" * 64)), IntegrityError, "known.json")
    file.write_text(json.dumps({"knots": [0], "log10_lrs": [9]}))
    other = replace(named, calibration_sha256=checkpoints.sha256_of(file))
    refused(replace(checkpoint, judging=other), ConfigurationError, "calibration", "known.json")
    missing = replace(named, calibration=tmp_path / "no.json")
    refused(replace(checkpoint, judging=missing), PreconditionFailed, "calibration no.json")
    refused(replace(checkpoint, judging=Judging()), ConfigurationError, "calibration", "absent_to")


@pytest.mark.parametrize("kind", KINDS)
def test_licences_are_gated(tmp_path: Path, kind: str) -> None:
    checkpoint = replace(KINDS[kind](tmp_path), licence="cc-by-nc-4.0")
    refused(checkpoint, ConfigurationError, 'accept_licence = "cc-by-nc-4.0"')
    refused(replace(checkpoint, licence=""), ConfigurationError, "names no licence")
    accepted: Any = load(replace(checkpoint, accept_licence="cc-by-nc-4.0"))
    assert accepted.licence == "cc-by-nc-4.0"


def test_a_folders_card_states_the_licence_and_is_shown(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\nTrained on cats.\n")
    refused(said("transformers", folder), ConfigurationError, "its card says cc-by-nc-4.0")
    made: Any = load(said("transformers", folder, licence="", accept_licence="cc-by-nc-4.0"))
    assert "Trained on cats." in made.card


def test_configurations_that_choose_code_or_fetch_are_refused(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"_attn_implementation": "someone/kernel"}))
    refused(said("transformers", folder), ConfigurationError, "_attn_implementation")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "/somewhere/else"}))
    refused(said("transformers", folder), ConfigurationError, "merge them first")
    (folder / "adapter_config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "own", "auto_map": {"AutoConfig": "x.Y"}}))
    refused(said("transformers", folder), IntegrityError, "path")
    text = checkpoints.CLIP | {"text_cfg": {"hf_model_name": "someone/bert"}}
    refused(said("open_clip", checkpoints.clip_folder(tmp_path / "clip", text)), ConfigurationError, "hf_model_name")


def test_a_tokenizer_of_the_folder_runs_no_code_whatever_its_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    plainly = AutoTokenizer.from_pretrained

    def kept(*arguments: Any, **options: Any) -> Any:
        asked.append(options)
        return plainly(*arguments, **options)

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", kept)
    tower = {"hf_tokenizer_name": "someone/words", "tokenizer_kwargs": {"trust_remote_code": True}}
    config = checkpoints.CLIP | {"text_cfg": checkpoints.CLIP["text_cfg"] | tower}
    folder = checkpoints.clip_folder(tmp_path / "clip", config)
    for file in (MANIFEST.parent / NAME / TOKENIZER).iterdir():
        shutil.copy(file, folder)
    assert load(said("open_clip", folder, given=Given(prompts=checkpoints.PROMPTS)))
    assert [each["trust_remote_code"] for each in asked] == [False]


def test_networks_that_take_or_give_something_else_are_refused(tmp_path: Path) -> None:
    free = checkpoints.onnx_file(tmp_path / "a", side="side")
    refused(said("onnx", free, given=Given(classes=CLASSES)), ConfigurationError, "set side")
    fixed = checkpoints.onnx_file(tmp_path / "b")
    refused(said("onnx", fixed, given=Given(classes=CLASSES, side=64)), ConfigurationError, "side is 64", "32")
    two = checkpoints.onnx_file(tmp_path / "c", batch=2)
    refused(said("onnx", two, given=Given(classes=CLASSES)), IntegrityError, "by 2 alone")
    one = checkpoints.onnx_file(tmp_path / "d", outputs=1)
    refused(said("onnx", one, detected=(0,)), ConfigurationError, "outputs is softmax")
    wide = said("open_clip", checkpoints.clip_folder(tmp_path / "clip"), given=checkpoints.probe(tmp_path, width=17))
    refused(wide, IntegrityError, "cannot be run")


def test_files_and_folders_are_not_taken_for_each_other(tmp_path: Path) -> None:
    file = checkpoints.onnx_file(tmp_path / "a")
    refused(said("transformers", file), ConfigurationError, "path is a file")
    refused(replace(said("onnx", file), path=file.parent), ConfigurationError, "path is a folder")


def test_a_probe_is_pinned_and_one(tmp_path: Path) -> None:
    checkpoint = KINDS["open_clip probe"](tmp_path)
    given = checkpoint.given
    refused(replace(checkpoint, given=replace(given, probe_sha256="0" * 64)), IntegrityError, "probe", "0" * 64)
    refused(replace(checkpoint, given=replace(given, probe=tmp_path / "no.safetensors")), PreconditionFailed, "probe")
    assert given.probe is not None
    save_file({"weights": torch.zeros(2, 16)}, given.probe)
    other = replace(given, probe_sha256=checkpoints.sha256_of(given.probe))
    refused(replace(checkpoint, given=other), IntegrityError, "probe", "`weight`")


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.bias"] = torch.from_numpy(np.array([0, np.nan], np.float32))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    refused(said("transformers", folder), IntegrityError, "not all numbers")


def test_a_package_that_is_not_there_is_named_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "find_spec", lambda _: None)
    refused(KINDS["timm file"](tmp_path), ConfigurationError, "timm", "countersign[checkpoints]")


def test_a_hub_is_its_cache_unless_it_may_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    checkpoint = replace(KINDS["transformers"](tmp_path), path=None, hub="someone/looks")
    with pytest.raises(PreconditionFailed, match="allow_download is not set"):
        load(checkpoint)
    commit = "0" * 40
    model = tmp_path / "hub" / "models--someone--looks"
    shutil.copytree(tmp_path / "vit", model / "snapshots" / commit)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)
    assert load(checkpoint).name == "house_look"
