"""The set that anybody can make again, and the figures of a real detector on it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from detectors.catalog import build
from detectors.hash_list import HashList
from tests.detectors.making import photograph
from training.evaluation.detecting import scripted, tables
from training.evaluation.detecting.command import measured
from training.evaluation.detecting.listing import Label, read_listing
from training.evaluation.detecting.tasks import chosen

NAMES = ("crab", "fig", "stream")


def test_the_set_is_the_same_twice_and_one_encoding(tmp_path: Path) -> None:
    photographs = {name: photograph(name) for name in NAMES}
    made, again = (list(scripted.files(photographs, seed=1)) for _ in range(2))
    assert [each.data for each in made] == [each.data for each in again]
    for name in NAMES:
        own = [each for each in made if each.photograph == name]
        quantised = [Image.open(io.BytesIO(each.data)).quantization for each in own]  # type: ignore[attr-defined]
        assert all(table == quantised[0] for table in quantised)
        assert [each.mask is None for each in own] == [True] + [False] * (len(own) - 1)
    narrow = np.zeros((24, 900, 3), np.uint8)
    assert [each.name for each in scripted.files({"narrow": narrow}, seed=1)] == ["narrow.jpg"]
    rows = read_listing(scripted.write(tmp_path / "set", iter(made)))
    assert sum(row.label is Label.REAL for row in rows) == 3
    assert all(row.mask is not None and row.mask.is_file() for row in rows if row.label is Label.MANIPULATED)


def test_copies_are_found_and_located_and_stand_in_the_document(tmp_path: Path) -> None:
    photographs = {name: photograph(name) for name in NAMES}
    data = scripted.write(tmp_path, scripted.files(photographs, seed=2))
    found = measured(data, chosen(build(HashList()), ["copy_move"]), robustness=False, normalise=False)
    (evaluation,) = found.evaluations
    figures = evaluation.whole.figures
    assert figures.auc.value > 0.7
    assert figures.fpr.value == 0
    assert evaluation.located is not None
    assert evaluation.located.f1.value > evaluation.located.everything
    for part in evaluation.whole.baselines.values():
        assert part.auc.value < 0.8  # forgeries have the sizes, formats and about the colours of their photographs
    assert "copy_move: where it was changed" in tables.to_markdown(found)
