"""Measures what attackers can do to learned detectors who have their weights, and what chance does.

    python -m training.evaluation.adversarial [--detectors NAME …] [--pictures 22] [--collection DIR] [--json FILE]

Every picture of both classes is attacked towards the wrong verdict: what a detector looks for is to pass, and what it
does not is to be accused. By gradient (PGD, ten steps, at most 2 and 4 grey levels of 255), by noise as large, and by
sending the picture through the autoencoder of text to image. `generated_image` has no gradient, and is tried with the
attacks on its kin, the branch of decoders' traces, which no verdict rests on; it needs the extra `clip` and a folder of
generators' pictures with `manifest.tsv`. Not measured: `nsfw`, whose network is ONNX and which we have no
pictures for; films. Intervals are 95%.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import torch
from rich.console import Console

from core.media import Pixels
from core.weights import read_manifest
from detectors.generated.artefact import NAME as BRANCH
from detectors.generated.detector import NAME as GENERATED
from detectors.generated.detector import GeneratedDetector
from detectors.manipulation.detector import NAME as MANIPULATION
from training.corpora.photographs import DEFAULT_CACHE
from training.evaluation.adversarial import material
from training.evaluation.adversarial.attacking import STEPS, Score, descended, shaken
from training.evaluation.adversarial.figures import Attacked, counted
from training.evaluation.adversarial.suspects import Case, Suspect
from training.evaluation.detecting.tables import to_terminal
from training.forensics.reconstruct import Reconstruct

REACHES = (2, 4)
NONE, LAUNDERED = "none", "through a decoder"
Attack = Callable[[Case], Pixels]


def attacks_on(suspect: Suspect, launder: Reconstruct, steps: int = STEPS) -> dict[str, Attack]:
    """By name; that without any first, and noise before the gradient that is to do more."""
    name, score = suspect.lent or ("", suspect.score)
    made: dict[str, Attack] = {NONE: lambda case: case.pixels}
    made |= {f"noise {reach}/255": partial(_shaken, reach=reach) for reach in REACHES}
    if score is not None:
        of = f" on {name}" if name else ""
        made |= {f"PGD {reach}/255{of}": partial(_led, score=score, reach=reach, steps=steps) for reach in REACHES}
    return made | {LAUNDERED: lambda case: launder(case.pixels)}


def attacked(suspect: Suspect, attacks: Mapping[str, Attack]) -> Attacked:
    """Verdicts after each attack, beside those without."""
    before = [suspect.judge(case.pixels) for case in suspect.cases]
    rows = {}
    for name, attack in attacks.items():
        pictures = [attack(case) for case in suspect.cases]
        after = before if name == NONE else [suspect.judge(each) for each in pictures]
        rows[name] = counted(suspect.cases, before, after, _psnr(suspect.cases, pictures))
    truths = [case.truth for case in suspect.cases]
    return Attacked(suspect.name, suspect.version, (sum(truths), len(truths) - sum(truths)), rows)


def _led(case: Case, score: Score, reach: int, steps: int) -> Pixels:
    return descended(score, case.pixels, -1 if case.truth else 1, reach, steps)


def _shaken(case: Case, reach: int) -> Pixels:
    return shaken(case.pixels, reach, np.random.default_rng([reach, crc32(case.photograph.encode()), case.truth]))


def _psnr(cases: Sequence[Case], pictures: Sequence[Pixels]) -> float | None:
    """The mean over pictures; None where none was changed."""
    errors = [
        float(np.square(case.pixels.astype(np.float32) - each).mean())
        for case, each in zip(cases, pictures, strict=True)
    ]
    changed = [error for error in errors if error]
    return float(np.mean(10 * np.log10(255**2 / np.array(changed)))) if changed else None


def suspects_of(arguments: argparse.Namespace, launder: Reconstruct) -> Iterator[Suspect]:
    """Those that were asked for, as far as what they need is there."""
    weights = read_manifest(arguments.weights / "weights.toml")
    if MANIPULATION in arguments.detectors:
        yield material.manipulation(weights[MANIPULATION], material.pairs(arguments.cache), arguments.pictures)
    if not {BRANCH, GENERATED} & set(arguments.detectors):
        return
    shown = material.photographs(arguments.cache, arguments.pictures)
    branch = material.branch(weights[BRANCH], shown, launder)
    if BRANCH in arguments.detectors:
        yield branch
    tower = GeneratedDetector.tower(weights)
    if GENERATED in arguments.detectors and arguments.collection is not None and tower is not None:
        detector = GeneratedDetector.load(weights, tower)
        yield material.generated(detector, shown, arguments.collection, branch)


def main() -> None:
    """Command line."""
    names = (MANIPULATION, BRANCH, GENERATED)
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.adversarial", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    parser.add_argument("--detectors", nargs="+", choices=names, default=names)
    parser.add_argument("--pictures", type=int, default=22, help="photographs, from which both classes come")
    parser.add_argument("--collection", type=Path, help="folder with manifest.tsv")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    launder = material.decoder()
    found: dict[str, Attacked] = {}
    for suspect in suspects_of(arguments, launder):
        found[suspect.name] = attacked(suspect, attacks_on(suspect, launder, arguments.steps))
        Console(width=160).print(to_terminal(found[suspect.name].sheet()))
    for name in arguments.detectors:
        if name not in found:
            print(f"not measured: {name} needs the extra clip and --collection")
    if arguments.json:
        arguments.json.write_text(json.dumps({name: asdict(each) for name, each in found.items()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
