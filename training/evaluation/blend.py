"""Measures the blend network by kind of blend and delivery, beside baselines, on photographs of the test split.

    python -m training.evaluation.blend [--weights detectors/weights] [--rounds 1] [--json FILE]

Every photograph gives `rounds` pairs of squares of each kind, one blended and one not, with the same past and the same
delivery. Under the other conditions, and whole for the verdicts, it gives pairs of one kind that was learned and of one
that never was, which take turns. Baselines: what `manipulation` says of the same squares, and the 99th percentile of
two classical maps.
Intervals are 95%: of areas by a bootstrap over photographs, of rates by Wilson over photographs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.media import Pixels
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.blends.looker import Looker
from detectors.blends.weights import MARKED_FROM, NAME, network_of
from detectors.manipulation import detector as manipulation
from detectors.manipulation.localiser import Localiser
from detectors.verdicts.calibration import Calibration, of_weights
from detectors.verdicts.familiar import Familiar
from detectors.verdicts.running import runner_for
from training.corpora.photographs import DEFAULT_CACHE
from training.evaluation.detecting import localisation
from training.evaluation.detecting.ranking import bootstrapped
from training.evaluation.intervals import wilson
from training.forensics.blended.blends import HELD_OUT, TRAINED
from training.forensics.blended.export import UNTOUCHED, Sample, seen, wholes
from training.forensics.blended.pairs import OTHER, Pairs
from training.forensics.blended.sources import open_pairs
from training.forensics.scripted.histories import Coding, Delivery

SEED = 20261201
"""Of the pictures that are measured."""
MEASURED_SIDE = 224
_HALF = 0.5  # of a pixel
_TOP = 0.99  # quantile of a classical map that is its score of the picture
_STEP = 1000  # pairs a photograph has room for
KNOWN, UNKNOWN = tuple(TRAINED), (*HELD_OUT, OTHER)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "learned": KNOWN,
    "held out": UNKNOWN,
    "all": (*KNOWN, *UNKNOWN),
    **{kind: (kind,) for kind in (*KNOWN, *UNKNOWN)},
}
_JPEG = Coding("jpeg", 75)
CONDITIONS: Mapping[str, Delivery | None] = {
    "drawn": None,
    "JPEG 75": Delivery(1.0, _JPEG),
    "half size, JPEG 75": Delivery(0.5, _JPEG),
}
Score = Callable[[Pixels], float]


def squares(looker: Looker, pairs: Pairs, delivery: Delivery | None, rounds: int) -> Iterator[Sample]:
    """Of every photograph `rounds` pairs a kind; of a given delivery, twice as many of either group's kinds in turn."""
    each = [(kind,) for kind in GROUPS["all"]]
    choices = each * rounds if delivery is None else [KNOWN, UNKNOWN] * (2 * rounds)
    for host in range(len(pairs.hosts)):
        for turn, kinds in enumerate(choices):
            kind = kinds[(host + turn // 2) % len(kinds)]
            yield from seen(looker, host, pairs.pair(host * _STEP + turn, kind, host, delivery))


def ranked(samples: Sequence[Sample], scores: Sequence[float]) -> dict[str, list[float]]:
    """The area under the ROC curve with its interval, of each of `GROUPS` that is there, against all not blended."""
    values, kinds = np.asarray(scores, np.float64), np.array([sample.kind for sample in samples])
    hosts, made = np.array([sample.host for sample in samples]), {}
    for name, wanted in GROUPS.items():
        if not np.isin(kinds, wanted).any():
            continue
        here = np.isin(kinds, (*wanted, UNTOUCHED))
        found = bootstrapped(values[here], kinds[here] != UNTOUCHED, list(hosts[here]))
        made[name] = [round(each, 3) for each in (found.value, found.low, found.high)]
    return made


def measured(
    by_condition: Mapping[str, Sequence[Sample]], baselines: Mapping[str, Score], marked_from: float
) -> dict[str, Any]:
    """Areas of the network and of the baselines by condition, and F1 of its map under the first."""
    areas = {
        condition: {
            "network": ranked(samples, [sample.look.score for sample in samples]),
            **{name: ranked(samples, [score(each.pixels) for each in samples]) for name, score in baselines.items()},
        }
        for condition, samples in by_condition.items()
    }
    first = next(iter(by_condition.values()))
    return {"areas": areas, "f1": {name: _f1(first, wanted, marked_from) for name, wanted in GROUPS.items()}}


def _f1(samples: Sequence[Sample], wanted: tuple[str, ...], marked_from: float) -> float:
    found = [
        localisation.f1(localisation.fitted(each.look.part, each.pixels.shape) >= marked_from, each.truth >= _HALF)
        for each in samples
        if each.truth is not None and each.kind in wanted
    ]
    return round(float(np.mean(found)), 3)


def verdicts(samples: Sequence[Sample], calibration: Calibration, familiar: Familiar) -> dict[str, dict[str, float]]:
    """Shares of the three verdicts on whole pictures by group, every photograph counting once."""
    made = {}
    for kind, wanted in {UNTOUCHED: (UNTOUCHED,), "learned": KNOWN, "held out": UNKNOWN}.items():
        here = [sample for sample in samples if sample.kind in wanted]
        given = [_verdict(sample, calibration, familiar) for sample in here]
        hosts = np.array([sample.host for sample in here])
        weights, total = np.array([1 / (hosts == host).sum() for host in hosts]), len(np.unique(hosts))
        rates = {each.value: float(weights[[it is each for it in given]].sum()) / total for each in Verdict}
        low, high = wilson(rates[Verdict.DETECTED] * total, total)
        figures = {**rates, "detected_low": low, "detected_high": high}
        made[kind] = {name: round(value, 4) for name, value in figures.items()} | {"pictures": len(here)}
    return made


def _verdict(sample: Sample, calibration: Calibration, familiar: Familiar) -> Verdict:
    if familiar.distance(sample.look.features) > familiar.limit:
        return Verdict.ABSTAINED
    return calibration.judge(sample.look.score).verdict


def baselines_of(weights: Path) -> dict[str, Score]:
    """Scores of a picture by what is no blend network."""
    network, _ = manipulation.read(read_manifest(weights / "weights.toml")[manipulation.NAME])
    localiser = Localiser(network, torch.device("cpu"))
    return {
        "manipulation": lambda pixels: localiser.look(pixels).score,
        "noise levels": lambda pixels: float(np.quantile(localisation.noise_levels(pixels), _TOP)),
        "error levels": lambda pixels: float(np.quantile(localisation.error_levels(pixels), _TOP)),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.blend", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    parser.add_argument("--baselines", type=Path, default=Path("detectors") / "weights", help="of `manipulation`")
    parser.add_argument("--rounds", type=int, default=1, help="pairs a kind, condition and photograph")
    parser.add_argument("--json", type=Path, help="write every figure to this file, for the card")
    arguments = parser.parse_args()
    pinned = read_manifest(arguments.weights / "weights.toml")[NAME]
    network, familiar = network_of(pinned)
    looker, pairs = Looker(network, runner_for("cpu")), open_pairs(arguments.cache, "test", MEASURED_SIDE, SEED)
    samples = {name: list(squares(looker, pairs, how, arguments.rounds)) for name, how in CONDITIONS.items()}
    found = measured(samples, baselines_of(arguments.baselines), float(pinned.parameters[MARKED_FROM]))
    whole = list(wholes(looker, pairs, KNOWN, UNKNOWN))
    found |= {"verdicts": verdicts(whole, of_weights(pinned), familiar), "photographs": len(pairs.hosts)}
    if arguments.json:
        told = json.dumps({"weights": pinned.sha256, **found}, indent=1)
        arguments.json.write_text(told + "\n", encoding="utf-8")
    print(json.dumps(found["areas"], indent=1))


if __name__ == "__main__":
    main()
