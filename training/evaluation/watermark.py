"""Measures the invisible watermark: what it costs, what it survives, and whether it ever speaks of an unmarked picture.

    python -m training.evaluation.watermark [--parts sweep baseline unmarked] [--sizes 256 500 1000] [--hr DIR]
        [--attacks NAME …] [--pictures N] [--unmarked 10000] [--json FILE]

Pictures are the test split of the corpus, `tests/media`, and those of `--hr`, none of which training saw. At every size
the longest side is reduced to that many pixels; smaller pictures are left out of a size. Every picture gets one random
identifier; a hit is the exact 48-bit identifier, read without knowing anything of picture or attack. Beside it a
classical watermark of 32 bits at the same PSNR, whose reader is told the step. Intervals are 95% (Wilson).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from core.media import Pixels
from core.watermark import payload
from core.watermark.weights import shipped
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation import dwt_dct_svd
from training.evaluation.attacks import ATTACKS, coded, fitted, resized, rotated
from training.evaluation.intervals import proportion

PARTS = ("sweep", "baseline", "unmarked")
_MEDIA = Path("tests") / "media"
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_CROP = (96, 161)  # pixels: sides of unmarked crops


@dataclass(slots=True)
class Counts:
    """Of one attack at one size."""

    trials: int = 0
    exact: int = 0
    wrong: int = 0
    scores: list[float] = field(default_factory=list)


def pictures_of(cache: Path, folders: Sequence[Path]) -> dict[str, Pixels]:
    """The test split and the pictures of the folders, RGB, by name."""
    found = dict(load_split(cache, "test"))
    for folder in folders:
        found |= pictures_of_folder(folder)
    return found


def pictures_of_folder(folder: Path) -> dict[str, Pixels]:
    """The pictures that lie in a folder, as `folder/name`."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _SUFFIXES:
            with Image.open(path) as picture:
                found[f"{folder.name}/{path.stem}"] = np.array(picture.convert("RGB"), dtype=np.uint8)
    return found


def sized(pictures: Mapping[str, Pixels], size: int) -> dict[str, Pixels]:
    """Those at least `size` pixels long, reduced to it."""
    return {name: fitted(each, size) for name, each in pictures.items() if max(each.shape[:2]) >= size}


def sweep(pictures: Mapping[str, Pixels], attacks: Sequence[str], embedder: Embedder, reader: Reader) -> dict[str, Any]:
    """Cost and hits of one size."""
    counts: dict[str, Counts] = defaultdict(Counts)
    costs = []
    for name, pixels in pictures.items():
        rng = np.random.default_rng([1, *name.encode()])
        identifier = int(rng.integers(1 << payload.ID_BITS))
        marked = embedder.embed(pixels, identifier)
        costs.append(marked.psnr)
        for attack in attacks:
            mark = reader.read(ATTACKS[attack](marked.pixels, rng))
            count = counts[attack]
            count.trials += 1
            count.exact += mark is not None and mark.identifier == identifier
            count.wrong += mark is not None and mark.identifier != identifier
            count.scores.append(mark.score if mark else 0.0)
    return {
        "pictures": len(pictures),
        "psnr_mean": float(np.mean(costs)),
        "psnr_least": float(np.min(costs)),
        "attacks": {
            attack: {
                "exact": count.exact,
                "wrong": count.wrong,
                "trials": count.trials,
                "score_median": float(np.median(count.scores)),
            }
            for attack, count in counts.items()
        },
    }


def compare(pictures: Mapping[str, Pixels], attacks: Sequence[str], embedder: Embedder) -> dict[str, Any]:
    """The baseline at the PSNR that our mark has in the same picture: words read without an error, and bits."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, pixels in pictures.items():
        rng = np.random.default_rng([1, *name.encode()])
        psnr = embedder.embed(pixels, int(rng.integers(1 << payload.ID_BITS))).psnr
        bits = rng.integers(0, 2, dwt_dct_svd.BITS).astype(np.bool_)
        made, step = dwt_dct_svd.embed(pixels, bits, psnr)
        for attack in attacks:
            read = dwt_dct_svd.read(ATTACKS[attack](made, rng), step)
            found[attack].append(float((read == bits).mean()))
    return {
        attack: {"exact": sum(share == 1 for share in shares), "trials": len(shares), "bits": float(np.mean(shares))}
        for attack, shares in found.items()
    }


def unmarked(pictures: Mapping[str, Pixels], count: int, reader: Reader, seed: int = 2) -> dict[str, Any]:
    """Crops at random scales, half of them turned or compressed: accepted words, and scores whatever the check says.

    The check of 16 bits lets one word in 65,536 through, whatever the score; the rate of both together is their
    product, which no count of 10,000 could show.
    """
    scores, accepted = [], 0
    for pixels in _crops(pictures, count, seed):
        score, hit = reader.best_score(pixels)
        scores.append(score)
        accepted += hit
    highest = sorted(scores, reverse=True)
    return {
        "crops": count,
        "accepted": accepted,
        "decoded": sum(score > 0 for score in scores),
        "above_threshold": sum(score >= reader.threshold for score in scores),
        "highest": [round(score, 4) for score in highest[: count // 100 + 1]],
    }


def _crops(pictures: Mapping[str, Pixels], count: int, seed: int) -> Iterator[Pixels]:
    rng = np.random.default_rng(seed)
    names = sorted(pictures)
    for turn in range(count):
        pixels = pictures[names[turn % len(names)]]
        height, width = (int(side) for side in rng.integers(*_CROP, 2))
        least = max(height / pixels.shape[0], width / pixels.shape[1])
        scaled = resized(pixels, max(least + 0.02, float(rng.uniform(0.3, 1.0))))
        top = int(rng.integers(scaled.shape[0] - height + 1))
        left = int(rng.integers(scaled.shape[1] - width + 1))
        crop = scaled[top : top + height, left : left + width].copy()
        kind = turn // len(names) % 4
        if kind == 1:
            crop = rotated(crop, float(rng.uniform(1, 10)), rng)
        yield coded(crop, "JPEG", int(rng.integers(40, 96))) if kind == 2 else crop


def report(found: Mapping[str, Any]) -> None:
    """Tables for people."""
    for size, row in found.get("sweep", {}).items():
        cost = f"PSNR {row['psnr_mean']:.2f} dB, least {row['psnr_least']:.2f}"
        print(f"\n{size} pixels: {row['pictures']} pictures, {cost}")
        for attack, each in row["attacks"].items():
            print(f"  {attack:20} {proportion(each['exact'], each['trials'])}  wrong {each['wrong']}")
    for attack, each in found.get("baseline", {}).items():
        print(f"  baseline {attack:20} {proportion(each['exact'], each['trials'])}  bits {each['bits']:.3f}")
    if "unmarked" in found:
        each = found["unmarked"]
        print(f"\nunmarked: accepted {proportion(each['accepted'], each['crops'])}, decoded {each['decoded']}")
        print(
            f"  above the threshold, whatever the check says: {each['above_threshold']}, highest {each['highest'][:8]}"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.watermark", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 500, 1000])
    parser.add_argument("--attacks", nargs="+", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--hr", type=Path, action="append", default=[], help="a folder of further pictures")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--pictures", type=int, help="only so many")
    parser.add_argument("--unmarked", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=2, help="of the unmarked crops; runs of several seeds add up")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    embedder, reader = Embedder.load(shipped()), Reader.load(shipped())
    pictures = dict(list(pictures_of(arguments.cache, [_MEDIA, *arguments.hr]).items())[: arguments.pictures])
    found: dict[str, Any] = {"weights": shipped().sha256}
    if "sweep" in arguments.parts:
        found["sweep"] = {
            size: sweep(sized(pictures, size), arguments.attacks, embedder, reader) for size in arguments.sizes
        }
    if "baseline" in arguments.parts:
        found["baseline"] = compare(sized(pictures, arguments.sizes[-1]), arguments.attacks, embedder)
    if "unmarked" in arguments.parts:
        found["unmarked"] = unmarked(
            pictures | load_split(arguments.cache, "train"), arguments.unmarked, reader, arguments.seed
        )
    report(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
