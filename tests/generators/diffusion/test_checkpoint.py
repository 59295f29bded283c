"""Models that an operator brings: found, pinned, licensed, and run without any code of theirs."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from generators.diffusion import checkpoint, neighbours
from generators.diffusion.checkpoint import Checkpoint, load
from generators.diffusion.text_to_image import TextToImage
from tests.generators import tiny_diffusion
from tests.generators.diffusion.painting import order, paint
from tests.generators.pictures import media, noise

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ALIASES = "\n- &a0 [x]\n" + "\n".join(f"- &a{at} [*a{at - 1}, *a{at - 1}]" for at in range(1, 30))
"""A few hundred bytes that come to gigabytes once they are written out."""
README = "---\nlicense: {licence}\n---\n# A model\n\nIt paints.\n"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_diffusion.build(tmp_path_factory.mktemp("brought") / "house-style")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy with a card, to be spoilt."""
    path = Path(shutil.copytree(saved, tmp_path / "house-style"))
    (path / "README.md").write_text(README.format(licence="apache-2.0"))
    return path


def unpinned(folder: Path, **settings: object) -> Checkpoint:
    return Checkpoint("house_style", folder, unpinned=True, device="cpu", **settings)  # type: ignore[arg-type]


def test_a_folder_that_diffusers_saved_does_all_that_the_shipped_one_does(folder: Path) -> None:
    model = load(Checkpoint("house_style", folder, sha256=checkpoint.digest_of(folder), device="cpu"))
    assert isinstance(model, TextToImage)
    assert (model.name, model.task, model.card.licence) == ("house_style", "text_to_image", "apache-2.0")
    assert model.card.markdown.startswith("# house_style\n")
    assert "It paints." in model.card.markdown
    plain, weighed, edited = paint(
        model, order(), order("a (red:1.5) dog"), order(source=media(noise(64, 64)), strength=0.5)
    )
    assert plain.shape == (64, 64, 3)
    assert len({picture.tobytes() for picture in (plain, weighed, edited)}) == 3


def test_a_brought_folder_that_describes_its_training_pictures_is_compared_with_them(folder: Path) -> None:
    known = neighbours.describe(noise(64, 64))[:1]
    neighbours.save(folder / neighbours.FILE, known, ["noise"], 0.9)
    model = load(unpinned(folder))
    (output,) = model.generate([order()], lambda _: None, lambda: False)
    assert output.notes["nearest_training_item"] == "noise"


def test_the_operators_limits_are_the_models(folder: Path) -> None:
    model = load(unpinned(folder, max_steps=6, max_size=64))
    declared = {parameter.name: parameter for parameter in model.parameters}
    assert declared["steps"].maximum == 6
    assert declared["size"].choices == (64,)
    with pytest.raises(ConfigurationError, match="64 pixels a side, max_size is 32"):
        load(unpinned(folder, max_size=32))


@pytest.mark.parametrize("name", ["unet/config.json", "model_index.json", "README.md"])
def test_a_changed_file_is_another_model(folder: Path, name: str) -> None:
    digest = checkpoint.digest_of(folder)
    (folder / name).write_text((folder / name).read_text() + "\n")
    with pytest.raises(IntegrityError, match=digest):
        load(Checkpoint("house_style", folder, sha256=digest, device="cpu"))


def test_a_missing_and_an_added_file_make_another_model(folder: Path) -> None:
    digest = checkpoint.digest_of(folder)
    (folder / "added.json").write_text("{}")
    with pytest.raises(IntegrityError):
        load(Checkpoint("house_style", folder, sha256=digest, device="cpu"))
    (folder / "added.json").unlink()
    (folder / "unet/config.json").unlink()
    with pytest.raises(IntegrityError):
        load(Checkpoint("house_style", folder, sha256=digest, device="cpu"))


def test_running_unpinned_is_said_aloud_and_by_name(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load(unpinned(folder))
    assert "house_style runs UNPINNED" in caplog.text
    assert checkpoint.digest_of(folder) in caplog.text


@pytest.mark.parametrize("settings", [{}, {"sha256": "0" * 64, "unpinned": True}])
def test_neither_pinned_nor_unpinned_and_both_are_refused(folder: Path, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="sha256"):
        load(Checkpoint("house_style", folder, device="cpu", **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("where", [{}, {"path": Path("x"), "hub": "a/b"}])
def test_a_model_is_in_one_place(where: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="either a path"):
        load(Checkpoint("house_style", unpinned=True, **where))  # type: ignore[arg-type]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="nowhere is not there"):
        load(unpinned(tmp_path / "nowhere"))


def test_pickles_beside_the_tensors_are_not_looked_at_and_pickles_alone_are_no_model(folder: Path) -> None:
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    torch.save({}, folder / "unet/diffusion_pytorch_model.bin")
    assert load(unpinned(folder)).name == "house_style"
    weights.unlink()
    with pytest.raises(IntegrityError, match="house_style"):
        load(unpinned(folder))


def test_code_of_a_model_is_not_run(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "pipeline.py").write_text("raise SystemExit('ran')\n")
    for changed in (
        {"_class_name": ["pipeline", "Evil"]},
        {"_class_name": "Evil"},
        {"_class_name": "StableDiffusionControlNetPipeline"},
        {"unet": ["pipeline", "Evil"]},
    ):
        (folder / "model_index.json").write_text(json.dumps(index | changed))
        with pytest.raises(ConfigurationError, match="house_style"):
            load(unpinned(folder))


@pytest.mark.parametrize("index", ["", "[]", "{}", '"text"'])
def test_a_folder_without_an_index_is_refused(folder: Path, index: str) -> None:
    (folder / "model_index.json").write_text(index)
    with pytest.raises(IntegrityError, match="model_index"):
        load(unpinned(folder))


@pytest.mark.parametrize(
    ("card", "configured", "accept", "licence"),
    [
        ("apache-2.0", "", "", "apache-2.0"),
        ("MIT", "", "", "MIT"),
        ("apache-2.0", "Apache-2.0", "", "apache-2.0"),
        ("other", "Apache-2.0", "", "Apache-2.0"),
        ("", "MIT", "", "MIT"),
        ("cc-by-nc-4.0", "", "CC-BY-NC-4.0", "cc-by-nc-4.0"),
        ("creativeml-openrail-m", "", "creativeml-openrail-m", "creativeml-openrail-m"),
        ("other\nlicense_name: flux-dev", "", "flux-dev", "flux-dev"),
    ],
)
def test_licences_that_are_accepted(folder: Path, card: str, configured: str, accept: str, licence: str) -> None:
    (folder / "README.md").write_text(README.format(licence=card))
    assert load(unpinned(folder, licence=configured, accept_licence=accept)).card.licence == licence


@pytest.mark.parametrize(
    ("card", "configured", "accept", "told"),
    [
        ("cc-by-nc-4.0", "", "", "cc-by-nc-4.0"),
        ("creativeml-openrail-m", "", "", "creativeml-openrail-m"),
        ("cc-by-nc-4.0", "", "flux-dev", "cc-by-nc-4.0"),
        ("cc-by-nc-4.0", "Apache-2.0", "", "leave it out"),
        ("other", "", "", "names no licence"),
        ("other", "", "other", "names no licence"),
        ("", "my own", "", "my own"),
        ("[", "", "", "names no licence"),
        ("\n- list", "", "", "list"),
        ("\n- cc-by-nc-4.0\n- mit", "MIT", "", "leave it out"),
        ("{deep: [mit]}", "MIT", "", "unreadable"),
        ("[" * 5000, "", "", "names no licence"),
        ("2024-99-99", "", "", "names no licence"),
        (ALIASES, "", "", "unreadable"),
    ],
    ids=[
        "nc",
        "openrail",
        "accepted",
        "contradicts",
        "other",
        "nothing",
        "own",
        "broken",
        "list",
        "several",
        "mapping",
        "deep",
        "date",
        "bomb",
    ],
)
def test_licences_that_are_not(folder: Path, card: str, configured: str, accept: str, told: str) -> None:
    (folder / "README.md").write_text(README.format(licence=card))
    with pytest.raises(ConfigurationError, match=told):
        load(unpinned(folder, licence=configured, accept_licence=accept))


@pytest.mark.parametrize("text", ["", "# No header\n", "text\n---\nlicense: mit\n---\n", "---\nlicense: mit\n"])
def test_a_card_that_states_nothing(folder: Path, text: str) -> None:
    (folder / "README.md").write_text(text)
    with pytest.raises(ConfigurationError, match="names no licence"):
        load(unpinned(folder))


@pytest.fixture
def cache(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache, as its own tools lay it out: files once, links to them by name."""
    cache = tmp_path / "cache"
    own = cache / "models--someone--style"
    (own / "refs").mkdir(parents=True)
    (own / "refs/main").write_text(COMMIT)
    (own / "blobs").mkdir()
    for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        link = own / "snapshots" / COMMIT / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = own / "blobs" / str(number)
        shutil.copy(path, blob)
        link.symlink_to(blob)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    return own / "snapshots" / COMMIT


def from_hub(name: str = "someone/style", **settings: object) -> Checkpoint:
    return Checkpoint("house_style", hub=name, unpinned=True, device="cpu", **settings)  # type: ignore[arg-type]


def test_a_model_of_a_hub_is_read_from_the_cache(cache: Path, folder: Path) -> None:
    model = load(from_hub())
    assert model.version == load(unpinned(folder)).version
    assert "someone/style" in model.card.summary


@pytest.mark.parametrize(("name", "revision"), [("someone/else", "main"), ("someone/style", "v2")])
def test_what_is_not_in_the_cache_is_not_fetched(cache: Path, name: str, revision: str) -> None:
    with pytest.raises(PreconditionFailed, match=r"not in the local cache and allow_download is not set"):
        load(from_hub(name, revision=revision))


def test_a_link_out_of_the_models_part_of_the_cache_is_refused(cache: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (cache / "unet/secret.json").symlink_to(secret)
    with pytest.raises(ConfigurationError, match="leads out"):
        load(from_hub())
