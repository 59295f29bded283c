"""A verdict holds over re-deliveries, or is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.media import Kind, Media
from detectors.base import Finding, Verdict
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.learned import Reading
from detectors.verdicts.redelivery import DELIVERIES, Redelivered
from tests.detectors.making import coded, halved, media, photograph
from tests.detectors.test_contract import ODD, check, odd
from tests.detectors.verdicts.readers import Redness


class Edginess(Redness):
    """Reads how much neighbours differ, which every re-delivery changes."""

    name = "edginess"
    least_side = 48

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        self.asked.append(len(batch))
        return [Reading(min(1.0, self._differences(each) / 64)) for each in batch]

    @staticmethod
    def _differences(item: Media) -> float:
        return float(np.abs(np.diff(item.frames()[0].pixels[..., 1].astype(np.float32), axis=1)).mean())


def plain(level: int = 220, side: int = 64) -> Media:
    return media(coded(np.full((side, side, 3), level, np.uint8)))


def noise(side: int = 96) -> Media:
    return media(coded(np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)))


def figures(finding: Finding) -> dict[str, float]:
    return dict(finding.measurements)


def test_what_no_delivery_changes_keeps_its_verdict_and_says_so() -> None:
    (alone,) = Redness().detect([plain()])
    (finding,) = Redelivered(Redness()).detect([plain()])
    assert (finding.verdict, finding.probability) == (Verdict.DETECTED, alone.probability)
    assert figures(finding)["spread"] < 0.02
    assert figures(finding)["flips"] == 0
    assert finding.evidence == alone.evidence


def test_what_a_delivery_turns_is_an_abstention_that_names_it() -> None:
    (alone,) = Edginess().detect([noise()])
    assert alone.verdict is Verdict.DETECTED
    (finding,) = Redelivered(Edginess()).detect([noise()])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("unstable",))
    assert "half the size and up again" in finding.explanation
    assert figures(finding)["flips"] >= 1
    assert figures(finding)["spread"] > 0.3
    assert (finding.probability, finding.score, finding.log10_lr) == (None, None, None)


def test_deliveries_below_the_receptive_field_are_not_read() -> None:
    inner = Edginess()
    (finding,) = Redelivered(inner).detect([plain(side=50)])
    assert finding.verdict is Verdict.NOT_DETECTED
    assert inner.asked == [1] * len(DELIVERIES)  # the look itself, and all but three quarters of 50 pixels


def test_abstentions_are_left_as_they_are() -> None:
    inner = Redness()
    small, between, dark = plain(side=8), plain(level=128), plain(level=0)
    again = Redelivered(inner)
    findings = again.detect([small, between, dark])
    assert [finding.codes for finding in findings] == [("picture.too_small",), ("between",), ("redness.dark",)]
    assert {finding.version for finding in findings} == {again.version}
    assert inner.asked == [2]


def test_deliveries_are_held_one_at_a_time_and_order_is_kept() -> None:
    inner = Redness()
    batch = [plain(230), plain(128), plain(10), plain(250)]
    findings = Redelivered(inner).detect(batch)
    assert inner.asked == [4] + [1] * (3 * len(DELIVERIES))
    assert findings == [finding for item in batch for finding in Redelivered(Redness()).detect([item])]


def test_every_delivery_is_another_file_of_the_same_picture() -> None:
    pixels = halved("crab")
    made = {name: deliver(pixels) for name, deliver in DELIVERIES.items()}
    assert len({each.digest for each in made.values()}) == len(DELIVERIES)
    assert made["JPEG 60"].view("jpeg").facts["quality"] == 60
    assert made["WebP 75"].view("jpeg").error
    for name, each in made.items():
        seen = each.frames()[0].pixels
        smaller = name == "three quarters of the size"
        assert seen.shape[:2] == tuple(round(side * (0.75 if smaller else 1)) for side in pixels.shape[:2])
        assert abs(float(seen.mean()) - float(pixels.mean())) < 2


@pytest.mark.parametrize("what", ODD)
def test_odd_media_never_raise(what: str) -> None:
    item, chosen = odd(what), Redelivered(Redness())
    for finding in chosen.detect([item] if item.kind in chosen.kinds else []):
        check(finding, chosen)


def test_the_version_tells_the_two_apart() -> None:
    assert Redelivered(Redness()).version != Redness().version


@pytest.mark.parametrize("redeliveries", [False, True])
def test_the_catalog_wraps_learned_detectors_alone(redeliveries: bool) -> None:
    registry = build(HashList(), (Redness(),), redeliveries=redeliveries)
    wrapped = [each.name for each in registry if isinstance(each, Redelivered)]
    assert wrapped == (["manipulation", "generated_image", "redness"] if redeliveries else [])
    assert registry.get("redness").kinds == frozenset((Kind.IMAGE,))


def test_a_photograph_is_not_changed_by_looking() -> None:
    item = media(coded(photograph("fig"), "JPEG"))
    before = item.frames()[0].pixels.tobytes()
    Redelivered(Redness()).detect([item])
    assert item.frames()[0].pixels.tobytes() == before
