"""Every recipe of a restorer learns, can be cut and gone on with, and loads as any user's model does."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from spandrel.architectures.NAFNet import NAFNet
from torch import nn

from core.errors import ConfigurationError
from generators.restoration import PICTURES, TOLD, recognised
from training.export import to_safetensors
from training.metrics import Picture
from training.recipe import read_recipe
from training.restorer import run_training, served
from training.restorers.architectures import build, last_convolution
from training.restorers.learning import Restoring
from training.restorers.merged import Merged, merged_pairs
from training.restorers.pleasing import without_critic
from training.restorers.recipe import RestorerRecipe
from training.restorers.spoiling import Spoiled
from training.restorers.start import inherit, solve_last
from training.run import Run

RECIPES = sorted((Path(__file__).parents[3] / "training" / "recipes" / "restoration").glob("*.yaml"))
pytestmark = [
    # spandrel's NAFNet asks torch for its saved tensors by their older name, and SwinIR for a grid without its order.
    pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:torch.meshgrid:UserWarning"),
]
MEDIA = Path(__file__).parents[2] / "media"


@pytest.fixture(scope="module")
def photographs() -> dict[str, Picture]:
    return {path.name: np.asarray(Image.open(path).convert("RGB")) for path in sorted(MEDIA.glob("*.jpg"))}


def untrained(recipe: RestorerRecipe) -> torch.nn.Module:
    torch.manual_seed(recipe.seed)
    return build(recipe.architecture, recipe.network, recipe.scale)


def held_out(network: torch.nn.Module, recipe: RestorerRecipe, photographs: dict[str, Picture], folder: Path) -> float:
    other = recipe.model_copy(update={"seed": recipe.seed + 1, "batch": 16})
    patches = (
        Merged(merged_pairs(folder, photographs, recipe.bursts, other.seed), other)
        if recipe.bursts
        else Spoiled(photographs, other)
    )
    with torch.no_grad():
        return Restoring(patches, 0.0).loss(network.eval(), 0)[0].item()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_smoke_profile_learns_and_its_weights_load(
    path: Path, photographs: dict[str, Picture], tmp_path: Path
) -> None:
    recipe = read_recipe(path, RestorerRecipe, "smoke")
    before = held_out(untrained(recipe), recipe, photographs, tmp_path)
    network_made = without_critic(run_training(Run(recipe, "digest", tmp_path), photographs).average)
    assert held_out(network_made, recipe, photographs, tmp_path) < 0.9 * before
    shipped = served(recipe, network_made)
    tensors = {name: value.clone() for name, value in shipped.state_dict().items()}
    network = recognised(tensors, path.name, TOLD if recipe.told_noise else PICTURES)
    assert network.scale == recipe.scale
    assert len(to_safetensors(shipped)) < 16 * 2**20


@pytest.mark.parametrize("name", ["denoise", "perceptual_x4"])
def test_a_resumed_run_equals_an_uninterrupted_one(name: str, photographs: dict[str, Picture], tmp_path: Path) -> None:
    """One that has a critic is cut just where that begins to learn."""
    (path,) = (each for each in RECIPES if each.stem == name)
    recipe = read_recipe(path, RestorerRecipe, "smoke")
    recipe = recipe.model_copy(update={"steps": 1000, "budget_seconds": 6, "checkpoint_every": 3})
    ticks, again = count(), count()
    whole = run_training(Run(recipe, "digest", tmp_path / "whole"), photographs, clock=lambda: float(next(ticks)))

    class PowerCut(Exception):
        """Ends a run between two steps."""

    def cut(report: object) -> None:
        raise PowerCut

    run = Run(recipe.model_copy(update={"log_every": 3}), "digest", tmp_path / "cut")
    with pytest.raises(PowerCut):
        run_training(run, photographs, clock=lambda: float(next(again)), report=cut)
    resumed = run_training(run, photographs, resume=True, clock=lambda: float(next(again)))
    assert resumed.step == whole.step == 6
    for made, wanted in ((resumed.average, whole.average), (resumed.network, whole.network)):
        there = wanted.state_dict()
        assert all(torch.equal(value, there[key]) for key, value in made.state_dict().items())


@pytest.mark.parametrize("scale", [1, 2])
def test_the_last_convolution_is_solved_for_exactly_where_it_can_be(scale: int) -> None:
    torch.manual_seed(0)
    wanted, network = (
        nn.Sequential(nn.Conv2d(3, 30, 1), nn.Conv2d(30, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))
        for _ in range(2)
    )
    small = torch.rand(4, 3, 24, 24)
    inside = slice(2, -2)  # at the border a first layer's bias ends, and another one's with it
    with torch.no_grad():
        last = network[1]
        assert isinstance(last, nn.Conv2d)
        solve_last(network, last, [(small, wanted(small))])
        difference = (network(small) - wanted(small))[..., inside, inside]
    assert difference.abs().max() < 0.01


def test_a_network_takes_over_all_but_the_last_convolution() -> None:
    small, large = (build("SAFMN", {"dim": 8, "n_blocks": 1}, scale) for scale in (2, 4))
    last = last_convolution("SAFMN", large)
    before = last.weight.clone()
    inherit(large, last, small.state_dict())
    there, wanted = large.state_dict(), small.state_dict()
    assert all(torch.equal(there[name], wanted[name]) for name in wanted if not name.startswith("to_img"))
    assert torch.equal(last.weight, before)
    with pytest.raises(ConfigurationError, match=r"to_feat\.weight of shape"):
        inherit(large, last, build("SAFMN", {"dim": 12, "n_blocks": 1}, 2).state_dict())


@pytest.mark.parametrize(
    ("name", "configuration", "scale", "message"),
    [
        ("HAT", {}, 2, "no architecture 'HAT'; there are: Compact"),
        ("NAFNet", {"width": 8}, 2, "does not enlarge"),
        ("SAFMN", {"dim": 8, "surprise": 1}, 2, "cannot be built"),
    ],
)
def test_an_impossible_network_is_refused(name: str, configuration: dict[str, int], scale: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build(name, configuration, scale)


def test_the_norm_of_one_pass_says_what_spandrels_says() -> None:
    torch.manual_seed(0)
    configuration = {"width": 8, "enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}
    network = build("NAFNet", configuration, 1)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(0.1 * torch.randn_like(value))
    theirs = NAFNet(**configuration)  # whose gates look at all of the picture, unless their weights are taken over
    theirs.load_state_dict(network.state_dict())
    pixels = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(network(pixels), theirs(pixels))
