"""Writes the card of `near_duplicate` from what `training.evaluation.near_copies` measured.

    python -m training.near.card ANSWERS.json [--output detectors/weights]

Knows words and answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from core.weights import read_tables
from detectors.hashes.tables import RADIUS
from detectors.near.description import NAME
from detectors.near.detector import AGREEING
from detectors.pdq import BITS
from training.evaluation.intervals import wilson
from training.near.__main__ import CARD
from training.near.figures import PEOPLE, Answer, counted, held
from training.near.looks import ByPdq, Near

_HEAD = """\
---
licence: Apache-2.0
summary: >-
  Visual words by which pictures are listed, and found again in crops, frames, captions and collages of them.
limits: >-
  Pictures of few corners are not described; what pictures share by design can look like a copy.
---
# Near duplicates

{words} visual words of RootSIFT, made short to {width} numbers. By them `near_duplicate` describes a picture in a code
of {bits} bits (VLAD, turned, its signs kept), which tells what listed pictures may be in it. Whether one is, the points
themselves say: {agreeing} of the listed picture's have to lie in the picture as one shape. There is no network.

Made by `python -m training.near training/recipes/detectors/{recipe}` in {seconds} seconds, from {photographs}
photographs (`training/corpora/{corpus}`, authors and licences there); recipe {recipe_digest}.

## Measured

`python -m training.evaluation.near_copies --collection DIR --fit`. Copies of photographs of the test split and of a
collection of photographs that nothing was fitted on; every copy is made smaller or not and stored as JPEG 60–90, so
that no way of storing tells them apart. In brackets the 95% interval (Wilson). Found: beyond the look's own threshold,
{agreeing} points or 31 bits of PDQ, which is asked in every orientation and tilt.

"""
_SCOPE = """
The copies of one photograph are not independent: {sources} photographs are behind those that were found or not, and
{strangers} pictures behind the strangers; no false match among so many allows a rate of up to {bound:.1%}.

## Scope and limits

- A picture of few corners has no points: sky, fog, flat drawings, strong blur. Below 24 points it is not described.
- Words, logos, frames of an application and buildings that two pictures share are points that they share. The nearest
  strangers of the measurement are pictures of the same program's windows.
- Listed pictures that fill a small part of another, and crops to less than 0.6 of each side, were not measured.
- Lists of a million were measured with codes that nobody photographed (`tests/bench/near.py`).
"""


def written(found: Sequence[Answer], entry: Mapping[str, Any], shape: tuple[int, int]) -> str:
    """The card in Markdown. entry: of `weights.toml`. shape: of the words."""
    told = {**entry["parameters"], **entry["training"]}
    head = _HEAD.format(words=shape[0], width=shape[1], agreeing=AGREEING, **told)
    looks = list(dict.fromkeys(each.look for each in found))
    limits = {Near.name: float(AGREEING), ByPdq.name: float(BITS - RADIUS)}
    lines = ["| Copy | " + " | ".join(looks) + " |", "|---|" + "---|" * len(looks)]
    rows = {look: counted([each for each in held(found) if each.look == look], limits.get(look)) for look in looks}
    lines += [f"| {name} | " + " | ".join(rows[look][name] for look in looks) + " |" for name in rows[looks[0]]]
    sources = len({each.source for each in held(found) if each.part in PEOPLE})
    strangers = len({each.source for each in held(found)})
    bound = wilson(0, strangers)[1]
    return head + "\n".join(lines) + "\n" + _SCOPE.format(sources=sources, strangers=strangers, bound=bound)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.near.card", description=__doc__)
    parser.add_argument("answers", type=Path, help="of training.evaluation.near_copies --json")
    parser.add_argument("--output", type=Path, default=Path("detectors") / "weights")
    arguments = parser.parse_args()
    found = [Answer(**each) for each in json.loads(arguments.answers.read_text(encoding="utf-8"))]
    entry = read_tables(arguments.output / "weights.toml")[NAME]
    words = load_file(arguments.output / f"{NAME}.safetensors")["words"]
    (arguments.output / CARD).write_text(written(found, entry, words.shape), encoding="utf-8")


if __name__ == "__main__":
    main()
