"""The catalog: what it holds, how one is chosen, and what it says of missing or wrong weights and cards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ConfigurationError, IntegrityError, InvalidInput, NotFound, PreconditionFailed
from core.registry import Registry
from generators import cards, catalog
from generators.base import Generator
from generators.diffusion.checkpoint import Checkpoint, digest_of
from tests.generators import tiny_diffusion
from tests.generators.networks import deblurrer, pin, told_denoiser
from tests.generators.pictures import make, media, noise
from training import export

CARD = "---\nlicence: MIT\nsummary: It does.\nlimits: It cannot.\n---\n# Title\n\ntext --- with dashes\n"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A copy of the shipped weights, to be spoilt."""
    return Path(shutil.copytree(catalog.WEIGHTS, tmp_path / "weights"))


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("upscale", "compact"),
        ("denoise", "nlm"),
        ("contrast", "clahe"),
        ("sharpen", "unsharp"),
        ("deblur", "richardson_lucy"),
    ],
)
def test_the_first_generator_of_a_task_is_its_default(generators: Registry[Generator], task: str, name: str) -> None:
    assert catalog.choose(generators, task).name == name
    assert catalog.choose(generators, task, name) is generators.get(name)


def test_an_unknown_task_is_answered_with_the_known_ones(generators: Registry[Generator]) -> None:
    with pytest.raises(NotFound, match="upscale, denoise"):
        catalog.choose(generators, "colourise")


def test_an_unknown_name_is_answered_with_those_of_the_task(generators: Registry[Generator]) -> None:
    with pytest.raises(InvalidInput) as caught:
        catalog.choose(generators, "upscale", "esrgan")
    assert (caught.value.field, caught.value.limit, caught.value.found) == (
        "model",
        "compact, bicubic, lanczos",
        "esrgan",
    )


def test_a_generator_of_another_task_is_refused(generators: Registry[Generator]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        catalog.choose(generators, "upscale", "nlm")
    assert (refusal.value.field, refusal.value.limit, refusal.value.found) == ("model", "upscale", "denoise")


def test_versions_differ_between_generators_and_not_between_loads(generators: Registry[Generator]) -> None:
    again = catalog.build(catalog.WEIGHTS, "cpu")
    versions = [generator.version for generator in generators]
    assert len(set(versions)) == len(versions)
    assert [generator.version for generator in again] == versions


def test_the_output_budget_is_handed_on() -> None:
    small = catalog.build(catalog.WEIGHTS, "cpu", max_pixels=10)
    with pytest.raises(Exception, match="more pixels than allowed"):
        make(small.get("compact"), media(noise(2, 2)))


def test_weights_that_changed_are_refused_by_name(weights: Path) -> None:
    path = weights / "upscale_x4.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(IntegrityError, match="upscale_x4"):
        catalog.build(weights, "cpu")


def test_missing_weights_are_named(weights: Path) -> None:
    (weights / "upscale_x2.safetensors").unlink()
    with pytest.raises(PreconditionFailed, match="upscale_x2"):
        catalog.build(weights, "cpu")


def test_a_model_missing_from_the_manifest_is_named(weights: Path) -> None:
    manifest = weights / "weights.toml"
    manifest.write_text(manifest.read_text().replace("[upscale_x4", "[other_x4"))
    with pytest.raises(PreconditionFailed, match="upscale_x4"):
        catalog.build(weights, "cpu")


def test_text_to_image_is_there_where_the_manifest_pins_it(weights: Path, tmp_path: Path) -> None:
    folder = tiny_diffusion.build(tmp_path / "own")
    brought = Checkpoint("own", path=folder, sha256=digest_of(folder), licence="MIT", device="cpu")
    built = catalog.build(weights, "cpu", brought=[brought])
    assert built.names()[-2:] == ("text_to_image", "own")
    assert catalog.choose(built, "text_to_image").name == "text_to_image"
    assert catalog.choose(built, "text_to_image", "own").card.licence == "MIT"
    (weights / "text_to_image" / "unet" / "config.json").write_text("{}")
    with pytest.raises(IntegrityError, match="text_to_image"):
        catalog.build(weights, "cpu")


def test_told_denoisers_and_deblurrers_are_there_where_the_manifest_pins_them(weights: Path) -> None:
    manifest = weights / "weights.toml"
    before = catalog.build(weights, "cpu").names()
    told, deblur = pin(weights, "denoise_sigma", told_denoiser()), pin(weights, "deblur", deblurrer())
    for pinned in (told, deblur):
        entry = {"file": pinned.path.name, "sha256": pinned.sha256, "architecture": "NAFNet", "licence": "MIT"}
        export.pin(
            manifest,
            pinned.name,
            entry | {"card": "denoise_nlm.md", "parameters": {"scale": 1, "margin": 32}},
        )
    built = catalog.build(weights, "cpu")
    assert set(built.names()) - set(before) == {"nafnet_sigma", "nafnet_deblur"} - set(before)
    assert "sigma" in {each.name for each in catalog.choose(built, "denoise", "nafnet_sigma").parameters}
    assert catalog.choose(built, "deblur", "nafnet_deblur").task == "deblur"
    for name in ("nafnet_sigma", "nafnet_deblur"):
        assert make(built.get(name), media(noise(20, 20)))[0].frame.pixels.shape == (20, 20, 3)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"weights\.toml"):
        catalog.build(tmp_path, "cpu")


def test_a_card_opens_with_the_lines_that_lists_show(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text(CARD)
    card = cards.read(path)
    assert (card.licence, card.summary, card.limits) == ("MIT", "It does.", "It cannot.")
    assert card.markdown == "# Title\n\ntext --- with dashes\n"


@pytest.mark.parametrize(
    "text",
    ["", "# Title\n", CARD.replace("limits", "limit"), "x" + CARD, "---\n- a\n---\n# T\n", "---\na: [\n---\n# T\n"],
)
def test_a_card_that_lacks_a_line_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.md"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"card\.md"):
        cards.read(path)


def test_a_missing_card_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"none\.md"):
        cards.shipped("none.md")
