"""Trains the in-house CLIP: pictures and captions of scenes in one space, to score what generators make.

    python -m training.clip training/recipes/scenes/clip.yaml [--profile smoke] [--resume] [--output detectors/weights]

Besides telling captions of a batch apart (Radford et al. 2021), it learns from near misses, which differ from the truth
in one colour, count, relation, …, and names the words of every picture among all words. Held-out combinations are not
trained on, and what it makes of them is measured and written beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack, cast

import numpy as np
import torch
from open_clip import CustomTextCLIP
from pydantic import Field
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTokenizer

from detectors import clip as scoring
from detectors.clip import tokenise
from training.checkpoint import State
from training.evaluation.clip import measured
from training.harness import tokenizer as language
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources
from training.harness.folder import pin_folder, save_folder
from training.harness.models import ModelSpec, build
from training.harness.pictures import Ahead, as_tensor
from training.harness.plan import ScenePlan
from training.run import Run, parser_of
from training.scenes.captions import naming
from training.scenes.near_misses import near_misses
from training.scenes.scene import Scene
from training.scenes.soften import soften
from training.scenes.source import Source

_MEASURED = 1024
_MISSED, _SOFTER = 21, 22  # streams of chance beside the source's own
_SHARPEST = 100.0  # of the similarities' scale, as in Radford et al. 2021


class ClipPlan(ScenePlan):
    """misses: wrong captions beside each true one. words: weight of naming the words. measured: scenes, at the end."""

    model: ModelSpec
    misses: int = Field(ge=0)
    words: float = Field(ge=0)
    measured: int = _MEASURED


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """pictures: float (n, 3, side, side), -1 to 1. captions: int64 (n·(1 + misses), tokens), the n true ones first.

    present: float (n, words), shares that add up to 1: which words a picture shows.
    """

    pictures: torch.Tensor
    captions: torch.Tensor
    present: torch.Tensor


class Matching:
    """Pictures and captions → one space."""

    def __init__(self, plan: ClipPlan, source: Source, tokens: CLIPTokenizer) -> None:
        self._plan = plan
        self._source = source
        self._tokens = tokens
        vocabulary = source.grammar.vocabulary
        self._words = (*vocabulary.objects, *vocabulary.roles)
        self._naming = tokenise(tokens, [naming(word) for word in self._words])
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`. Figures: the shares of pictures whose caption, and one of whose words, is the nearest."""
        batch = self._batches(step)
        clip, device = cast(CustomTextCLIP, network), next(network.parameters()).device
        # Plain products: torch's fused attention has a backward on CPUs that takes longer than all the rest.
        with sdpa_kernel(SDPBackend.MATH):
            pictures = functional.normalize(clip.encode_image(batch.pictures.to(device)).float(), dim=-1)
            captions = read_captions(clip, batch.captions.to(device))
            words = read_captions(clip, self._naming.to(device))
        scale = clip.logit_scale.exp().clamp(max=_SHARPEST)
        truth = torch.arange(len(pictures), device=device)
        to_captions = scale * pictures @ captions.T
        to_pictures = to_captions[:, : len(pictures)].T
        to_words = scale * pictures @ words.T
        present = batch.present.to(device)
        loss = (functional.cross_entropy(to_captions, truth) + functional.cross_entropy(to_pictures, truth)) / 2
        loss = loss + self._plan.words * functional.cross_entropy(to_words, present)
        named = present.gather(1, to_words.detach().argmax(dim=1, keepdim=True)).gt(0)
        matched = to_captions.detach().argmax(dim=1).eq(truth)
        return loss, {"matched": matched.float().mean().item(), "named": named.float().mean().item()}

    def _batch(self, step: int) -> Pairs:
        pictures, captions = [], []
        wrong: list[str] = []
        present = torch.zeros(self._plan.batch, len(self._words))
        for at, index in enumerate(range(step * self._plan.batch, (step + 1) * self._plan.batch)):
            example = self._source.example(index)
            pictures.append(soften(example.picture, np.random.default_rng((self._source.seed, _SOFTER, index))))
            captions.append(example.caption)
            wrong += self._wrong(example.scene, index)
            for group in example.scene.groups:
                present[at, self._words.index(group.word)] = 1 / len(example.scene.groups)
        return Pairs(as_tensor(np.stack(pictures)), tokenise(self._tokens, captions + wrong), present)

    def _wrong(self, scene: Scene, index: int) -> Sequence[str]:
        """Captions of near misses, in the words of the true one."""
        rng = np.random.default_rng((self._source.seed, _MISSED, index))
        misses = list(near_misses(scene, self._source.grammar.vocabulary, rng).values())
        chosen = rng.choice(len(misses), self._plan.misses, replace=len(misses) < self._plan.misses)
        return [self._source.caption(misses[int(at)], index) for at in chosen]


def read_captions(network: CustomTextCLIP, captions: torch.Tensor) -> torch.Tensor:
    """float32 (n, width) of length 1 of ids (n, window), as `encode_text` has them, without reading what only fills.

    Nothing after a caption's end is seen by what stands before it, so columns that hold no caption are left out, and
    with them most of the work.
    """
    text = network.text
    whole = text.attn_mask
    ends = captions.eq(text.eos_id).int().argmax(dim=1)
    longest = int(ends.max()) + 1
    text.attn_mask = whole[:longest, :longest]
    try:
        return functional.normalize(network.encode_text(captions[:, :longest]).float(), dim=-1)
    finally:
        text.attn_mask = whole


def run_training(
    run: Run[ClipPlan],
    source: Source,
    tokens: CLIPTokenizer,
    **following: Unpack[Following],
) -> State:
    """See `conduct`."""
    return conduct(run, lambda: _network(run.recipe), lambda _: Matching(run.recipe, source, tokens), **following)


def _network(plan: ClipPlan) -> CustomTextCLIP:
    network = build(plan.model)
    if not isinstance(network, CustomTextCLIP):
        raise TypeError("what learns to score is a CustomTextCLIP")
    return network


def export(
    folder: Path, run: Run[ClipPlan], source: Source, tokens: CLIPTokenizer, state: State, recipe: Path
) -> dict[str, float]:
    """Measures, writes `folder` and pins it; what was measured."""
    config = {"model": dict(run.recipe.model.config), "side": run.recipe.side}
    tensors = {name: value.half().float() for name, value in state.average.state_dict().items()}
    scorer = scoring.scorer_of(config, tensors, tokens, "not shipped yet")
    found = measured(scorer, source, run.recipe.measured)
    save_folder(
        folder,
        state.average,
        config,
        Sources.of(run, recipe, state),
        found,
        lambda partial: tokens.save_pretrained(partial / scoring.TOKENIZER),
    )
    pin_folder(scoring.NAME, folder)
    return found


def main() -> None:
    """Command line."""
    parser = parser_of("training.clip", __doc__)
    parser.add_argument("--output", type=Path, help="folder of weights that receives and pins it")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, ClipPlan)
    tokens = language.learn(language.texts(source, arguments.cache))
    state = run_training(run, source, tokens, **following)
    folder = (arguments.output or run.folder) / scoring.NAME
    for name, value in export(folder, run, source, tokens, state, arguments.recipe).items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
