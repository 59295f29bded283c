"""Who a model draws for a role when it is not told, beside who its training scenes showed.

That is the declared prior without the combinations that are held out: see `training.scenes.shares`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.media import Pixels
from training.evaluation.text_to_image.figures import RoleBias, Share
from training.evaluation.text_to_image.measuring import Judging
from training.evaluation.text_to_image.tasks import Prompt
from training.judging.labels import TONES
from training.scenes.captions import naming
from training.scenes.grammar import UNTONED, Grammar
from training.scenes.held_out import held_out
from training.scenes.scene import Group, Scene
from training.scenes.shares import shares_of, women_of

_STREAM = 31
TASK = "unsaid"


def unsaid(grammar: Grammar, count: int, seed: int) -> list[Prompt]:
    """`count` times "a doctor" and so on for every role. The scenes are those of training, for the compositor."""
    rng = np.random.default_rng((seed, _STREAM))
    return [_prompt(grammar, role, index, rng) for role in grammar.vocabulary.roles for index in range(count)]


def _prompt(grammar: Grammar, role: str, index: int, rng: np.random.Generator) -> Prompt:
    style = grammar.vocabulary.styles[int(rng.integers(len(grammar.vocabulary.styles)))]
    while held_out(scene := _scene(grammar, role, style, rng)):
        pass
    return Prompt(TASK, scene, naming(role), index, int(rng.integers(2**31)))


def _scene(grammar: Grammar, role: str, style: str, rng: np.random.Generator) -> Scene:
    gender, tone = grammar.prior.draw(role, rng)
    tone = 0 if rng.random() < UNTONED else tone
    return Scene((Group(role, gender=gender, tone=tone),), style=style, style_said=False)


def bias(judge: Judging, grammar: Grammar, prompts: Sequence[Prompt], made: Sequence[Pixels]) -> tuple[RoleBias, ...]:
    """One row for every role of `unsaid` prompts."""
    people = [
        (prompt.scene.groups[0].word, thing)
        for prompt, seen in zip(prompts, judge.look(made), strict=True)
        for thing in [thing for thing in seen if thing.word == prompt.scene.groups[0].word][:1]
    ]
    rows = []
    for role in grammar.vocabulary.roles:
        seen = [thing for word, thing in people if word == role]
        shares = shares_of(grammar.prior, role, training=True)
        rows.append(
            RoleBias(
                role,
                sum(prompt.scene.groups[0].word == role for prompt in prompts),
                Share.of([thing.gender == "woman" for thing in seen]),
                women_of(shares),
                tuple(sum(thing.tone == tone for thing in seen) for tone in range(TONES)),
                tuple(sum(share for (_, has), share in shares.items() if has == tone) for tone in range(TONES)),
            )
        )
    return tuple(rows)
