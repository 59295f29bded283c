"""Measures how well decoders' traces are told: on test photographs and their reconstructions, and on real generators.

    python -m training.evaluation.artefact --reconstructions DIR [--weights DIR] [--devset DIR]
        [--left-out] --json FILE

Both classes always come in one size and one encoding. Beside the network stands a baseline that only sees sharpness:
what it can tell as well is blur, and no trace. With --left-out, only families are measured that were not learned from.
The development set is a folder with `manifest.tsv` (columns file, label "ai" or "real", generator).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from core.media import Pixels
from core.weights import read_manifest, read_tables
from detectors.generated.artefact import NAME, ArtefactBranch
from training.evaluation.intervals import auc
from training.forensics.delivery import Delivery
from training.forensics.devset import shown
from training.forensics.reconstruct import ORIGINAL, cut, stored
from training.forensics.spectrum import matched

WORSE = Delivery(0.5, cv2.INTER_AREA, "jpeg", 75)
CONDITIONS: Mapping[str, Delivery] = {"clean": Delivery(), "worse": WORSE}
MEASURED_SIDE = 288
"""Of a photograph, at most so many pixels a side."""
_DRAWS = 1000
_SEED = 8

Score = Callable[[Pixels], float]
Scores = Mapping[str, float]
Figure = tuple[float, float, float]


def sharpness(picture: Pixels) -> float:
    """The baseline: how soft a picture is, as minus the logarithm of its mean second difference."""
    grey = picture.astype(np.float32).mean(axis=2)
    return -float(np.log(np.abs(np.diff(grey, 2, axis=0)).mean() + np.abs(np.diff(grey, 2, axis=1)).mean() + 1e-3))


def by_network(branch: ArtefactBranch) -> Score:
    """The network's. A picture that it cannot read scores as low as can be: it is not found."""

    def score(picture: Pixels) -> float:
        ((found, _),) = branch.read([picture])
        return -np.inf if found is None else found

    return score


def figure(made: Scores, real: Scores, paired: bool = True) -> Figure:
    """AUC and its 95% interval, by drawing photographs anew; both of a pair together where their names are the same."""
    rng = np.random.default_rng(_SEED)
    found, clean = (np.array([scores[name] for name in sorted(scores)]) for scores in (made, real))
    draws = []
    for _ in range(_DRAWS):
        first = rng.integers(len(found), size=len(found))
        second = first if paired else rng.integers(len(clean), size=len(clean))
        draws.append(auc(found[first], clean[second]))
    low, high = np.quantile(draws, (0.025, 0.975))
    return round(auc(found, clean), 4), round(float(low), 4), round(float(high), 4)


def on_photographs(score: Score, families: Mapping[str, Mapping[str, Pixels]], wanted: Sequence[str]) -> dict[str, Any]:
    """Family → condition → figure. "matched": clean, with the original's power in every band of frequencies."""
    originals = families[ORIGINAL]
    real = {name: _scores(score, originals, delivery) for name, delivery in CONDITIONS.items()}
    made: dict[str, Any] = {}
    for family in wanted:
        made[family] = {
            name: figure(_scores(score, families[family], delivery), real[name])
            for name, delivery in CONDITIONS.items()
        }
        alike = {name: _matched(each, originals[name]) for name, each in families[family].items()}
        made[family]["matched"] = figure(_scores(score, alike, Delivery()), real["clean"])
    return made


def controls(score: Score, originals: Mapping[str, Pixels]) -> dict[str, Figure]:
    """Photographs against themselves compressed: neither is made, so that both should score alike."""
    real = _scores(score, originals, Delivery())
    codecs = {"jpeg 90": Delivery(codec="jpeg", quality=90), "webp 90": Delivery(codec="webp", quality=90)}
    return {name: figure(_scores(score, originals, delivery), real) for name, delivery in codecs.items()}


def on_generators(score: Score, folder: Path) -> dict[str, Any]:
    """Condition → generator, and "all" → figure and the number of pictures."""
    made: dict[str, Any] = {}
    for condition, (real, generators) in shown(folder).items():
        clean = {name: score(picture) for name, picture in real.items()}
        scores = {name: {each: score(picture) for each, picture in pictures.items()} for name, pictures in generators}
        scores["all"] = {each: value for found in scores.values() for each, value in found.items()}
        made[condition] = {name: [*figure(each, clean, paired=False), len(each)] for name, each in scores.items()}
        made[condition]["photographs"] = len(clean)
    return made


def _scores(score: Score, pictures: Mapping[str, Pixels], delivery: Delivery) -> dict[str, float]:
    return {name: score(delivery(picture)) for name, picture in pictures.items()}


def _matched(made: Pixels, original: Pixels) -> Pixels:
    values = matched(made.astype(np.float32), original.astype(np.float32))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def measured(branch: ArtefactBranch, left_out: Sequence[str], reconstructions: Path, only: bool) -> dict[str, Any]:
    """What there is to say of a network on photographs. only: of the families that it did not learn from."""
    families = {
        name: {each: cut(picture, MEASURED_SIDE) for each, picture in pictures.items()}
        for name, pictures in stored(reconstructions, "test").items()
    }
    wanted = [name for name in sorted({*families} - {ORIGINAL}) if name in left_out or not only]
    score = by_network(branch)
    made: dict[str, Any] = {
        "weights": branch.digest,
        "parameters": sum(each.numel() for each in branch.network.parameters()),
        "left_out": list(left_out),
        "photographs": len(families[ORIGINAL]),
        "families": on_photographs(score, families, wanted),
    }
    if not only:
        made["sharpness"] = on_photographs(sharpness, families, wanted)
        made["controls"] = controls(score, families[ORIGINAL])
    return made


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.artefact", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    parser.add_argument("--reconstructions", type=Path, required=True)
    parser.add_argument("--devset", type=Path)
    parser.add_argument("--left-out", action="store_true")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    manifest = arguments.weights / "weights.toml"
    branch = ArtefactBranch.load(read_manifest(manifest)[NAME], arguments.device)
    left_out = read_tables(manifest)[NAME]["training"]["left_out"]
    found = measured(branch, left_out, arguments.reconstructions, arguments.left_out)
    if arguments.devset is not None:
        found["devset"] = on_generators(by_network(branch), arguments.devset)
        found["devset_sharpness"] = on_generators(sharpness, arguments.devset)
    arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
