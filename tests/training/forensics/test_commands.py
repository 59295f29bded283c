"""Both recipes run from the command line, one on the other's result, and end in weights that load, and a card."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import ConfigurationError, PreconditionFailed
from core.weights import read_manifest, read_tables
from detectors.generated.artefact import NAME, ArtefactBranch
from tests.training.conftest import manifest_line, textured, write_manifest
from training import artefact, decoders
from training.corpora.manifest import read_manifest as read_photographs
from training.evaluation import artefact as evaluation
from training.forensics import card
from training.forensics.reconstruct import ORIGINAL, stored

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "training" / "recipes" / "detectors"


def command(main: Callable[[], None], *words: object) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["training", *map(str, words)])
        patched.chdir(ROOT)
        threads = torch.get_num_threads()
        try:
            main()
        finally:
            torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs to learn from and two to measure on, and their cache beside."""
    folder = tmp_path_factory.mktemp("photographs")
    names = {f"{split}-{number}": split for split in ("train", "test") for number in range(2)}
    for number, (name, split) in enumerate(names.items()):
        path = folder / "photographs" / split / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(textured(number, side=144)).save(path)
    return write_manifest(
        folder / "photographs.tsv", *(manifest_line(name=n, split=s, sha256=n, member=n) for n, s in names.items())
    )


@pytest.fixture(scope="module")
def reconstructions(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reconstructions")
    common = ("--profile", "smoke", "--threads", 1, "--cache", manifest.parent, "--runs", folder / "runs")
    recipe = RECIPES / "decoders.yaml"
    command(decoders.main, recipe, *common, "--manifest", manifest, "--output", folder / "made")
    return folder / "made"


@pytest.fixture(scope="module")
def weights(reconstructions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    common = ("--profile", "smoke", "--threads", 1, "--runs", folder / "runs", "--reconstructions", reconstructions)
    command(artefact.main, RECIPES / "generated_artefact.yaml", *common, "--output", folder)
    return folder


@pytest.fixture(scope="module")
def devset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("devset")
    rows = ["file\tlabel\tgenerator"]
    for number, label in enumerate(["real", "real", "ai", "ai"]):
        Image.fromarray(textured(number, side=400)).save(folder / f"{number}.png")
        rows.append(f"{number}.png\t{label}\tsome")
    (folder / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_every_family_reconstructs_every_photograph(reconstructions: Path) -> None:
    families = stored(reconstructions, "test")
    assert len(families) == 10
    for pictures in families.values():
        assert pictures.keys() == families[ORIGINAL].keys() == {"test-0", "test-1"}
        assert all(each.shape == (96, 96, 3) for each in pictures.values())
    sharper = families["upscale_x2"]["test-0"].astype(np.float32)
    assert np.abs(sharper - families[ORIGINAL]["test-0"]).mean() < 25


def test_a_family_that_lacks_a_photograph_is_refused(reconstructions: Path, tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match=r"training\.decoders"):
        stored(tmp_path, "train")
    for family in (ORIGINAL, "vq"):
        (tmp_path / family).symlink_to(reconstructions / family)
    (tmp_path / "half" / "train").mkdir(parents=True)
    with pytest.raises(PreconditionFailed, match="half has 0 of 2"):
        stored(tmp_path, "train")


def test_weights_are_pinned_with_how_they_were_made(weights: Path) -> None:
    branch = ArtefactBranch.load(read_manifest(weights / "weights.toml")[NAME])
    ((score, heat),) = branch.read([textured(9, side=120)])
    assert score is not None
    assert heat is not None
    made = read_tables(weights / "weights.toml")[NAME]["training"]
    assert made["steps"] == 3
    assert made["families"] == ["bilinear", "kl", "nearest", "shuffle", "upscale_x2", "upscale_x4"]
    assert set(made["left_out"]) == {"denoising", "transposed", "vq"}


def test_what_is_measured_stands_on_the_card(
    weights: Path, reconstructions: Path, devset: Path, manifest: Path, tmp_path: Path
) -> None:
    target = tmp_path / "found.json"
    common = ("--weights", weights, "--reconstructions", reconstructions, "--threads", 1)
    command(evaluation.main, *common, "--devset", devset, "--json", target)
    found = json.loads(target.read_text(encoding="utf-8"))
    entry = read_tables(weights / "weights.toml")[NAME]
    written = card.render(entry, found, found["parameters"], list(read_photographs(manifest)))
    assert written.count("(never seen)") == 3
    assert f"{found['families']['vq']['clean'][0]:.2f}" in written
    assert f"| others | 2 | {found['devset']['resized']['others'][0]:.2f}" in written
    with pytest.raises(ConfigurationError, match="pinned are"):
        card.render(entry | {"sha256": "0" * 64}, found, 1, [])


def test_a_card_says_plainly_when_it_is_at_chance() -> None:
    assert "**at chance**" in card.verdict_of("resized", (0.52, 0.44, 0.6))
    assert "**below chance**" in card.verdict_of("resized", (0.3, 0.2, 0.4))
    assert "above chance, with an AUC of 0.80" in card.verdict_of("resized", (0.8, 0.7, 0.9))


def test_only_families_that_were_left_out_are_measured_when_asked(
    weights: Path, reconstructions: Path, tmp_path: Path
) -> None:
    target = tmp_path / "found.json"
    common = ("--weights", weights, "--reconstructions", reconstructions, "--threads", 1)
    command(evaluation.main, *common, "--left-out", "--json", target)
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["families"].keys() == {"denoising", "transposed", "vq"}
    assert "sharpness" not in found
