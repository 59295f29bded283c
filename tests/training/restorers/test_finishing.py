"""What makes no burst better does not ship, and nothing of it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import PreconditionFailed
from generators.burst.finishing import share
from generators.tiling import Samples
from tests.generators.pictures import photo
from training.export import to_safetensors
from training.restorers import finishing
from training.restorers.architectures import build
from training.restorers.finishing import Finished
from training.restorers.measuring import Measured
from training.restorers.merged import Pairs

# spandrel's NAFNet asks torch for its saved tensors by their older name.
pytestmark = pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning")
BETTER = Measured(30.0, 0.9, "another", 29.0, 1.0, 0.5, 1.5)
EQUAL = replace(BETTER, gain=0.1, gain_low=-0.1, gain_high=0.3)


def test_what_spoils_merges_is_refused_with_the_figures_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "burst"
    run.mkdir()
    torch.manual_seed(0)
    network = build("NAFNet", {"width": 4, "enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}, 1)
    with torch.no_grad():
        for value in network.ending.parameters():  # type: ignore[union-attr]
            value.normal_(0.0, 0.05)
    (run / "burst.safetensors").write_bytes(to_safetensors(network))
    (run / "training.json").write_text(json.dumps({"recipe": "burst.yaml"}))
    monkeypatch.setattr(finishing, "CONDITIONS", {"area_5": finishing.CONDITIONS["area_5"]})
    monkeypatch.setattr(finishing, "fitted_doubt", lambda *_: 1e-9)
    pictures = {"fig": photo("fig.jpg", 256, 256), "crab": photo("crab.jpg", 256, 256)}
    monkeypatch.setattr(finishing, "FITTED", finishing.FITTED.model_copy(update={"crops": 1, "side": 64}))
    with pytest.raises(PreconditionFailed, match=r"area_5: .*-\d+\.\d\d \[.*to the merge alone"):
        finishing.ship(run, tmp_path / "out", pictures, {name: each[:96, :96] for name, each in pictures.items()})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lost", [Finished(EQUAL, BETTER), Finished(BETTER, EQUAL)])
def test_both_the_merge_and_the_single_picture_have_to_be_beaten(lost: Finished) -> None:
    finishing.refuse_idle("burst", {"area_2": Finished(BETTER, BETTER)})
    with pytest.raises(PreconditionFailed, match="bicubic_2") as refused:
        finishing.refuse_idle("burst", {"area_2": Finished(BETTER, BETTER), "bicubic_2": lost})
    assert "area_2" not in str(refused.value)


class Overshooting:
    """A network of factor 1 that goes towards what is wanted, so many times as far."""

    scale = 1
    multiple_of = 1
    digest = "overshooting"

    def __init__(self, wanted: float, times: float) -> None:
        self._wanted, self._times = wanted, times

    def __call__(self, pixels: Samples) -> Samples:
        return (pixels + self._times * (self._wanted - pixels)).astype(np.float32)


def test_a_network_that_overshoots_is_heeded_less() -> None:
    random = np.random.default_rng(0)
    wanted = np.full((4, 16, 16, 3), 128, np.uint8)
    merged = (wanted + random.normal(0, 6, wanted.shape)).astype(np.uint8)
    pairs = Pairs(merged, wanted, np.full(4, 3.0))
    right, twice = (finishing.fitted_doubt(Overshooting(128 / 255, times), pairs) for times in (1.0, 2.0))
    assert share(3.0, right) > 0.99
    assert share(3.0, twice) == pytest.approx(0.5, abs=0.05)
