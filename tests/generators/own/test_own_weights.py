"""Networks that an operator brings: pinned, licensed, recognised, and honest about what they may invent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.errors import ConfigurationError, IntegrityError, InvalidInput, LimitExceeded, PreconditionFailed
from core.media import Frame, Kind, Media, Pixels
from core.weights import PinnedWeights
from generators import catalog, fidelity, tiling
from generators.base import PHOTO, PROFILES
from generators.own.generator import INVENTED, spread
from generators.own.settings import OwnWeights
from generators.own.weights import load, stated_by
from generators.parameters import parse
from tests import dicoms
from tests.generators.networks import compact, grey_denoiser, safmn
from tests.generators.pictures import job, make, media, noise, photo
from tests.generators.scenes.conftest import opened
from tests.geotiffs import bands, geotiff

MAX_PIXELS = 1_000_000


def brought(folder: Path, network: nn.Module, name: str = "own", licence: str = "", **settings: object) -> OwnWeights:
    """A file as an operator has it, pinned, under MIT. licence: what its own header says."""
    path = folder / f"{name}.safetensors"
    tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, path, {"modelspec.license": licence} if licence else None)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    stated: dict[str, object] = {} if licence else {"licence": "MIT"}
    return OwnWeights(name, path, digest, device="cpu", **{**stated, **settings})  # type: ignore[arg-type]


def test_an_upscaler_is_one_by_its_tensors(tmp_path: Path) -> None:
    model = load(brought(tmp_path, compact(4)), MAX_PIXELS)
    assert (model.name, model.task) == ("own", "upscale")
    assert (model.kinds, model.inputs) == (frozenset({Kind.IMAGE}), frozenset({"source"}))
    assert parse(model.parameters, {})["scale"] == 4
    assert make(model, media(noise(10, 12)))[0].frame.pixels.shape == (40, 48, 3)
    with pytest.raises(LimitExceeded):
        make(model, media(noise(300, 300)))


def test_a_restorer_does_the_task_that_it_is_said_to_do(tmp_path: Path) -> None:
    model = load(brought(tmp_path, grey_denoiser(), task="denoise"), MAX_PIXELS)
    assert model.task == "denoise"
    alpha = noise(9, 13)[..., 0]
    (output,) = make(model, media(photo("fig.jpg", 9, 13), alpha))
    assert output.frame.pixels.shape == (9, 13, 3)
    assert output.frame.alpha is alpha
    assert fidelity.MEAN_CHANGE in output.notes


def test_a_picture_of_16_bits_keeps_them(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65_536, (12, 14, 3), dtype=np.uint16)
    frame = Frame((deep // 257).astype(np.uint8), deep=deep)
    source = replace(media(frame.pixels), pictures=(frame,))
    for network, task, scale in ((compact(2), "", 2), (grey_denoiser(), "denoise", 1)):
        (output,) = make(load(brought(tmp_path, network, task=task), MAX_PIXELS), source)
        made = output.frame.deep
        assert made is not None
        assert made.shape == (12 * scale, 14 * scale, 3)
        assert np.count_nonzero(made % 257) > made.size / 2, "more than 8 bits can say"


@pytest.mark.parametrize(
    ("network", "task", "message"),
    [
        (grey_denoiser(), "", "does not enlarge; set task"),
        (grey_denoiser(), "upscale", "does not enlarge"),
        (compact(2), "denoise", "enlarges ×2"),
    ],
)
def test_a_task_that_the_network_does_not_do_is_refused(
    tmp_path: Path, network: nn.Module, task: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load(brought(tmp_path, network, task=task), MAX_PIXELS)


def test_what_may_invent_says_so_and_is_for_photographs_alone(tmp_path: Path) -> None:
    pleasing = load(brought(tmp_path, compact(2)), MAX_PIXELS)
    assert pleasing.source_type_of({"source"}) == pleasing.source_type == INVENTED
    assert pleasing.card.profiles == {PHOTO}
    assert "invents" in pleasing.card.limits
    notes = make(pleasing, media(photo("fig.jpg", 80, 90)))[0].notes
    assert fidelity.figures_in(notes)[fidelity.RISK_SPREAD] > 0
    faithful = load(brought(tmp_path, compact(2), perceptual=False, profiles=PROFILES), MAX_PIXELS)
    assert faithful.source_type == "algorithmicallyEnhanced"
    assert faithful.card.profiles == PROFILES
    assert fidelity.RISK_SPREAD not in make(faithful, media(photo("fig.jpg", 80, 90)))[0].notes
    with pytest.raises(ConfigurationError, match="may invent"):
        load(brought(tmp_path, compact(2), profiles=PROFILES), MAX_PIXELS)


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("medical", lambda: dicoms.opened(dicoms.real(dicoms.MR))),
        ("satellite", lambda: opened(geotiff(bands("uint16", 1)))),
    ],
)
def test_what_may_invent_is_refused_where_values_are_measured(
    name: str, picture: Callable[[], Media], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=f"own is not for {name} pictures") as refused:
        make(load(brought(tmp_path, compact(2)), MAX_PIXELS), picture())
    assert (refused.value.field, refused.value.limit, refused.value.found) == ("model", PHOTO, name)


def test_tiles_of_a_brought_network_cannot_be_told_from_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAFMN looks 19 pixels far, which the default margin covers, on its grid of eight."""
    model = load(brought(tmp_path, safmn(2), tile=40), MAX_PIXELS)
    source = media(photo("dogs.jpg", 70, 100))
    tiled = make(model, source)[0].frame.pixels.astype(int)
    monkeypatch.setattr(tiling, "spans", lambda length, _: [tiling.Span(0, length, 0, length)])
    assert np.abs(tiled - make(model, source)[0].frame.pixels).max() <= 1


def test_a_pickle_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    torch.save(compact(2).state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for named in (path, path.rename(tmp_path / "disguised.safetensors")):
        with pytest.raises(ConfigurationError, match=r"countersign models convert \w+\.\w+ -o \w+\.safetensors"):
            load(OwnWeights("own", named, digest, licence="MIT"), MAX_PIXELS)


def test_another_digest_a_missing_file_and_no_network_are_refused(tmp_path: Path) -> None:
    sound = brought(tmp_path, compact(2))
    with pytest.raises(IntegrityError, match=sound.sha256):
        load(replace(sound, sha256="0" * 64), MAX_PIXELS)
    with pytest.raises(PreconditionFailed):
        load(replace(sound, path=tmp_path / "no.safetensors"), MAX_PIXELS)
    with pytest.raises(IntegrityError, match="no architecture"):
        load(brought(tmp_path, nn.Linear(2, 2), "linear"), MAX_PIXELS)


def test_the_licence_is_the_headers_or_the_operators_and_is_gated(tmp_path: Path) -> None:
    assert load(brought(tmp_path, compact(2), licence="apache-2.0"), MAX_PIXELS).card.licence == "apache-2.0"
    assert load(brought(tmp_path, compact(2)), MAX_PIXELS).card.licence == "MIT"
    with pytest.raises(ConfigurationError, match="names no licence"):
        load(replace(brought(tmp_path, compact(2)), licence=""), MAX_PIXELS)
    bound = brought(tmp_path, compact(2), licence="cc-by-nc-4.0")
    with pytest.raises(ConfigurationError, match="accept_licence"):
        load(bound, MAX_PIXELS)
    assert load(replace(bound, accept_licence="cc-by-nc-4.0"), MAX_PIXELS).card.licence == "cc-by-nc-4.0"
    with pytest.raises(ConfigurationError, match="its card says cc-by-nc-4.0"):
        load(replace(bound, licence="MIT"), MAX_PIXELS)


def test_the_catalog_has_it_last_and_its_task_keeps_its_default(tmp_path: Path) -> None:
    built = catalog.build(catalog.WEIGHTS, "cpu", brought=[brought(tmp_path, compact(4), "house_x4")])
    assert built.names()[-1] == "house_x4"
    assert catalog.choose(built, "upscale").name == "compact"
    assert catalog.choose(built, "upscale", "house_x4").version != catalog.choose(built, "upscale").version
    job(catalog.choose(built, "upscale", "house_x4"), media(noise(4, 4)), scale="4")


def test_what_follows_from_a_picture_does_not_depend_on_how_it_lies() -> None:
    """The control: a network that treats all directions alike has no spread, one that makes things up has."""

    def doubled(pixels: Pixels) -> Pixels:
        return pixels.repeat(2, axis=0).repeat(2, axis=1)

    def inventive(pixels: Pixels) -> Pixels:
        made = doubled(pixels).astype(int)
        return np.clip(made + np.random.default_rng(0).integers(-8, 9, made.shape), 0, 255).astype(np.uint8)

    pixels = photo("fig.jpg", 200, 150) // 2 + 60
    assert spread(doubled, pixels, lambda: False) == 0
    assert spread(inventive, pixels, lambda: False) == pytest.approx(4.9 * np.sqrt(7 / 8), rel=0.1)
    assert spread(inventive, pixels[:1, :3], lambda: False) > 0


def test_a_file_that_changes_while_it_is_loaded_does_not_speak_for_it(tmp_path: Path) -> None:
    weights = brought(tmp_path, compact(2), licence="mit")
    weights.path.write_bytes(weights.path.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match="changed"):
        stated_by(PinnedWeights("own", weights.path, weights.sha256, ""))
