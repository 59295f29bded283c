"""Brought classifiers: each kind gives the scores that its own library gives, and never more than a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
import open_clip
import pytest
import torch
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from transformers import AutoImageProcessor, AutoModelForImageClassification

from core.media import Media, Pixels
from detectors.base import Detector, Verdict
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.own.detector import LONGEST, OwnDetector, UncalibratedDetector
from detectors.own.loading import load
from detectors.own.settings import IMAGENET_MEAN, IMAGENET_STD, Given, Judging, OwnCheckpoint
from detectors.own.source import OwnSource
from detectors.verdicts.running import Runner
from server.convert import detector_model
from tests.detectors.making import coded, halved, media
from tests.detectors.own import checkpoints
from tests.detectors.own.checkpoints import CLASSES, KINDS, KNOWN, PROMPTS, SIDE, said
from tests.detectors.test_contract import ODD, check, odd

Made: TypeAlias = Callable[[str], OwnCheckpoint]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    there = {name: make(tmp_path_factory.mktemp("own")) for name, make in KINDS.items()}
    return there.__getitem__


@pytest.fixture(scope="module")
def detector(made: Made) -> Callable[[str], Detector]:
    there = {name: load(made(name)) for name in KINDS}
    return there.__getitem__


def score(of: Detector, picture: Pixels) -> float:
    assert isinstance(of, OwnDetector | UncalibratedDetector)
    (reading,) = of.read([media(coded(picture))])
    assert reading.score is not None
    return reading.score


def odds_of(logits: torch.Tensor) -> float:
    return float(logits[0, 1] - logits[0, 0])


def by_transformers(checkpoint: OwnCheckpoint, picture: Pixels) -> float:
    processor = AutoImageProcessor.from_pretrained(checkpoint.path)
    model = AutoModelForImageClassification.from_pretrained(checkpoint.path).eval()
    return odds_of(model(**processor(images=Image.fromarray(picture), return_tensors="pt")).logits)


def by_timm(_: OwnCheckpoint, picture: Pixels) -> float:
    network = checkpoints.timm_network()
    transform: Any = create_transform(**resolve_data_config({}, model=network))  # type: ignore[no-untyped-call]
    return odds_of(network(transform(Image.fromarray(picture))[None]))


def by_clip(checkpoint: OwnCheckpoint) -> Any:
    return open_clip.create_model_from_pretrained(f"local-dir:{checkpoint.path}")


def by_prompts(checkpoint: OwnCheckpoint, picture: Pixels) -> float:
    model, transform = by_clip(checkpoint)
    tokenise: Any = open_clip.get_tokenizer(f"local-dir:{checkpoint.path}")
    seen = torch.nn.functional.normalize(model.eval().encode_image(transform(Image.fromarray(picture))[None]), dim=-1)
    towards = []
    for texts in PROMPTS.values():
        each = torch.nn.functional.normalize(model.encode_text(tokenise(list(texts))), dim=-1).mean(0)
        towards.append(each / each.norm())
    return odds_of(model.logit_scale.exp() * seen @ torch.stack(towards).T)


def by_probe(checkpoint: OwnCheckpoint, picture: Pixels) -> float:
    from safetensors.torch import load_file

    model, transform = by_clip(checkpoint)
    seen = model.eval().encode_image(transform(Image.fromarray(picture))[None])
    assert checkpoint.given.probe is not None
    weight = load_file(checkpoint.given.probe)["weight"]
    return odds_of(seen / seen.norm() @ weight.T)


def by_onnx(checkpoint: OwnCheckpoint, picture: Pixels) -> float:
    session = onnxruntime.InferenceSession(str(checkpoint.path), providers=["CPUExecutionProvider"])
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
    mean, std = (np.array(each, np.float32) for each in (IMAGENET_MEAN, IMAGENET_STD))
    scaled = (small - mean) / std
    return odds_of(torch.from_numpy(session.run(None, {"picture": scaled.transpose(2, 0, 1)[None].copy()})[0]))


LIBRARIES: dict[str, Callable[[OwnCheckpoint, Pixels], float]] = {
    "transformers": by_transformers,
    "timm folder": by_timm,
    "timm file": by_timm,
    "open_clip prompts": by_prompts,
    "open_clip probe": by_probe,
    "onnx": by_onnx,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_the_librarys_own(made: Made, detector: Callable[[str], Detector], kind: str) -> None:
    scores = []
    for name in ("crab", "mountains"):
        picture = halved(name)
        with torch.inference_mode():
            expected = LIBRARIES[kind](made(kind), picture)
        scores.append(score(detector(kind), picture))
        assert scores[-1] == pytest.approx(expected, abs=1e-4)
    assert scores[0] != scores[1]


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_calibration_there_is_a_score_and_no_probability(made: Made, kind: str) -> None:
    picture = coded(halved("dogs"))
    checkpoint = made(kind)
    value = score(load(checkpoint), halved("dogs"))
    wanted = {
        Verdict.DETECTED: (value - 2, value - 1),
        Verdict.NOT_DETECTED: (value + 1, value + 2),
        Verdict.ABSTAINED: (value - 1, value + 1),
    }
    for verdict, (low, high) in wanted.items():
        (finding,) = load(replace(checkpoint, judging=Judging(absent_to=low, detected_from=high))).detect(
            [media(picture)]
        )
        assert finding.verdict is verdict
        assert (finding.probability, finding.log10_lr, finding.fpr_at_threshold) == (None, None, None)
        assert (finding.score is None) == (verdict is Verdict.ABSTAINED)
        assert dict(finding.measurements)["quality.short_side"] == min(halved("dogs").shape[:2])


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("kind", KINDS)
def test_odd_media_never_raise(detector: Callable[[str], Detector], kind: str, what: str) -> None:
    chosen = detector(kind)
    if odd(what).kind in chosen.kinds:
        (finding,) = chosen.detect([odd(what)])
        check(finding, chosen)
        if min(odd(what).frames()[0].pixels.shape[:2]) < 64:
            assert finding.codes == ("picture.too_small",)


@pytest.mark.parametrize("kind", KINDS)
def test_batching_changes_nothing_and_keeps_order(detector: Callable[[str], Detector], kind: str) -> None:
    batch = [media(coded(halved("stream"))), odd("one pixel"), odd("noise"), odd("chessboard"), odd("flat")]
    alone = [finding for item in batch for finding in detector(kind).detect([item])]
    assert detector(kind).detect(batch) == alone
    assert detector(kind).detect(batch[::-1]) == alone[::-1]
    assert detector(kind).detect([]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_calls_of_one_size_in_half_precision_say_nearly_the_same_to_everybody(
    made: Made, detector: Callable[[str], Detector], kind: str
) -> None:
    """As on a GPU, on this processor."""
    half = load(made(kind), Runner(torch.device("cpu"), half=True, batch=4))
    pictures = [halved(name) for name in ("crab", "dogs", "mountains", "fig", "stream")]
    assert isinstance(half, UncalibratedDetector)
    together = [reading.score for reading in half.read([media(coded(each)) for each in pictures])]
    assert together == [score(half, each) for each in pictures]
    exact = [score(detector(kind), each) for each in pictures]
    assert together == pytest.approx(exact, abs=0.02 + 0.03 * max(map(abs, exact)))


def test_a_calibration_makes_a_bounded_probability_of_the_score(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    judging = Judging(calibration=file, calibration_sha256=KNOWN.write(file))
    calibrated = load(replace(made("transformers"), judging=judging))
    assert isinstance(calibrated, OwnDetector)
    value = round(score(calibrated, halved("crab")), 4)
    (finding,) = calibrated.detect([media(coded(halved("crab")))])
    judged = KNOWN.judge(value)
    assert finding.verdict is judged.verdict is not Verdict.ABSTAINED
    assert (finding.probability, finding.log10_lr) == (judged.probability, judged.log10_lr)
    assert (finding.score, finding.calibration, finding.fpr_at_threshold) == (value, KNOWN.digest, KNOWN.fpr)
    check(finding, calibrated)


def test_looking_again_leaves_its_licence_and_what_its_makers_say(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    judging = Judging(calibration=file, calibration_sha256=KNOWN.write(file))
    bound = replace(made("onnx"), judging=judging, licence="cc-by-nc-4.0", accept_licence="cc-by-nc-4.0")
    known = HashList()
    plain, again = (build(known, [load(bound)], redeliveries=each).get(bound.name) for each in (False, True))
    assert type(plain) is not type(again)
    assert [detector_model(each).licence for each in (plain, again)] == ["cc-by-nc-4.0"] * 2
    assert again.detect([media(coded(halved("crab")))])[0].detector == bound.name


def test_the_version_follows_what_decides_and_nothing_else(made: Made) -> None:
    checkpoint = made("timm file")
    same = replace(checkpoint, path=Path("elsewhere"), licence="Apache-2.0", device="cuda:7")
    assert OwnSource(same).version == OwnSource(checkpoint).version == load(checkpoint).version
    others = [
        replace(checkpoint, sha256="0" * 64),
        replace(checkpoint, detected=(0,)),
        replace(checkpoint, judging=Judging(absent_to=-1.0, detected_from=1.0)),
        replace(checkpoint, look="tiles"),
        replace(checkpoint, given=replace(checkpoint.given, classes=CLASSES[::-1])),
    ]
    versions = {OwnSource(each).version for each in (checkpoint, *others)}
    assert len(versions) == len(others) + 1


def test_pieces_are_seen_in_the_pictures_own_resolution(tmp_path: Path) -> None:
    """A network of means: its pieces together see what is only in one of them, which the whole picture drowns."""
    file = checkpoints.onnx_file(tmp_path)
    picture = np.zeros((128, 128, 3), np.uint8)
    picture[:SIDE, -SIDE:] = 255
    scores = {}
    for combine in ("mean", "max"):
        tiled = said("onnx", file, look="tiles", tiles=16, combine=combine, given=Given(classes=CLASSES))
        scores[combine] = score(load(tiled), picture), score(load(replace(tiled, detected=("camera",))), picture)
    white = np.full((SIDE * 2, SIDE * 2, 3), 255, np.uint8)
    plain = said("onnx", file, given=Given(classes=CLASSES))
    dark, bright = score(load(plain), white * 0), score(load(plain), white)
    assert scores["mean"] == pytest.approx(((15 * dark + bright) / 16, -(15 * dark + bright) / 16), abs=1e-4)
    assert scores["max"] == pytest.approx((max(dark, bright), max(-dark, -bright)), abs=1e-4)


def test_pieces_of_a_picture_smaller_than_one_are_not_looked_at(tmp_path: Path) -> None:
    given = Given(classes=CLASSES, side=96)
    tiled = load(said("onnx", checkpoints.onnx_file(tmp_path, side="side"), look="tiles", given=given))
    (finding,) = tiled.detect([media(coded(np.zeros((95, 200, 3), np.uint8)))])
    assert finding.codes == ("picture.too_small",)


def long(times: int) -> Media:
    return media(coded(np.zeros((64, 64 * times, 3), np.uint8)))


def test_a_picture_far_longer_than_wide_is_not_squeezed(detector: Callable[[str], Detector]) -> None:
    fits, beyond = detector("onnx").detect([long(LONGEST), long(LONGEST + 1)])
    assert fits.codes == ()
    assert beyond.codes == ("picture.too_long",)


@pytest.mark.parametrize("batch", [1, "n"])
def test_one_logit_and_probabilities_are_odds_too(tmp_path: Path, batch: int | str) -> None:
    picture = halved("crab")
    logit = load(
        said("onnx", checkpoints.onnx_file(tmp_path / "a", batch, outputs=1), detected=(0,), outputs="sigmoid")
    )
    file = checkpoints.onnx_file(tmp_path / "b", batch, outputs=1, last="Sigmoid")
    chance = load(said("onnx", file, detected=(0,), outputs="probabilities"))
    assert score(chance, picture) == pytest.approx(score(logit, picture), abs=1e-4)
    both = checkpoints.onnx_file(tmp_path / "c", batch, last="Softmax")
    shares = load(said("onnx", both, detected=(1,), outputs="probabilities"))
    logits = load(said("onnx", checkpoints.onnx_file(tmp_path / "d", batch), detected=(1,)))
    assert score(shares, picture) == pytest.approx(score(logits, picture), abs=1e-4)


def test_what_is_no_probability_is_an_abstention(tmp_path: Path) -> None:
    """Logits that are taken for probabilities."""
    detector = load(said("onnx", checkpoints.onnx_file(tmp_path, outputs=1), detected=(0,), outputs="probabilities"))
    (finding,) = detector.detect([media(coded(np.zeros((64, 64, 3), np.uint8)))])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("score.not_finite",))
