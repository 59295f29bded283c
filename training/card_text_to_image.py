"""Writes the model card of text to image from what its training, its evaluations and its corpus recorded.

    python -m training.card_text_to_image [--evaluation FILE.json …] [--model generators/weights/text_to_image]

FILE.json is what `training.evaluation.text_to_image --json` printed, one a mode. Every figure in the card comes from
files; only the words on scope and limits are fixed here. An evaluation of other weights is refused.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from core.errors import ConfigurationError
from core.weight_folder import PinnedFolder
from training.corpora import sprites
from training.corpora.emoji import NAMES
from training.corpora.photographs import DEFAULT_CACHE
from training.corpora.sprites import Sprite
from training.evaluation.text_to_image import report
from training.evaluation.text_to_image.figures import Evaluation
from training.evaluation.text_to_image.makers import pinned
from training.harness.export import MADE, read_made
from training.judging.judge import MANIFEST as JUDGE
from training.scenes.vocabulary import read_vocabulary
from training.shipping import MEMORISED
from training.text_to_image_card_words import HEADER, JUDGED, MEMORY, SCOPE, SHEET

AIMS: Mapping[str, float] = {"single object": 0.8, "colour": 0.8, "two objects": 0.6, "position": 0.6}
"""Of the ceiling, what was aimed at before training."""
QUALITY, FAST = "quality", "fast"
_FARTHER = 1.1  # aimed at: the few-step mode's distance, as a multiple of the other's
_PARTS = ("text_encoder", "vae", "unet", "unet_fast", "controlnet")


def render(weights: PinnedFolder, evaluations: Sequence[Evaluation], rows: Iterable[Sprite], judge: Path) -> str:
    """The card in Markdown, opening with the YAML lines that `generators.cards` reads.

    rows: of the corpus. judge: the folder of the judge's weights. Raises ConfigurationError for an evaluation of other
    weights, and for two of one mode.
    """
    by_mode = {evaluation.mode: evaluation for evaluation in evaluations}
    for evaluation in evaluations:
        if evaluation.digest != weights.digest:
            raise ConfigurationError(f"evaluated were the weights {evaluation.digest}, these are {weights.digest}")
    if len(by_mode) != len(evaluations):
        raise ConfigurationError("two evaluations of one mode: a card states one")
    sections = [_header(by_mode), SHEET, "## Measured\n", *_measured(by_mode), _aims(by_mode), _judge(judge)]
    return "\n".join([*sections, MEMORY.format(threshold=MEMORISED), SCOPE, _training(weights), _data(rows)])


def _header(by_mode: Mapping[str, Evaluation]) -> str:
    reached = "it has not been evaluated yet"
    if QUALITY in by_mode:
        tasks = by_mode[QUALITY].tasks
        told = ", ".join(f"{name} {tasks[name].of_ceiling:.0%}" for name in AIMS if name in tasks)
        reached = f"on combinations it was not trained on it reaches, of what composites score: {told}"
    return HEADER.format(reached=reached)


def _measured(by_mode: Mapping[str, Evaluation]) -> Iterable[str]:
    for mode in (QUALITY, FAST):
        opening, closing = report.markers(mode)
        yield f"### Mode `{mode}`\n"
        text = report.markdown(by_mode[mode]) if mode in by_mode else "Not evaluated.\n"
        yield f"{opening}\n{text}{closing}\n"


def _aims(by_mode: Mapping[str, Evaluation]) -> str:
    """What was aimed at and whether it was reached, from the figures above."""
    lines = ["### Aims\n"]
    if QUALITY in by_mode:
        quality = by_mode[QUALITY]
        for name, aim in AIMS.items():
            found = quality.tasks[name].of_ceiling
            lines.append(f"- {name}: {found:.0%} of the ceiling, aim {aim:.0%}: {_verdict(found >= aim)}.")
        if FAST in by_mode:
            far, near = by_mode[FAST].distances.made.value, quality.distances.made.value
            verdict = _verdict(far <= near * _FARTHER)
            lines.append(f"- few steps: KID {far / near:.2f} times the other mode's, aim {_FARTHER}: {verdict}.")
    else:
        lines.append("- not evaluated.")
    return "\n".join([*lines, ""])


def _verdict(reached: bool) -> str:
    return "reached" if reached else "**not reached**"


def _judge(folder: Path) -> str:
    if not (folder / MADE).is_file():
        return ""
    found = read_made(folder)["measured"]
    kinds = ("found", "whole", "colour", "style", "gender", "tone")
    told = ", ".join(f"{kind} {float(found[kind]):.1%} ({found[f'{kind}_count']})" for kind in kinds)
    return JUDGED.format(told=told)


def _training(weights: PinnedFolder) -> str:
    lines = ["## Training", ""]
    for part in _PARTS:
        if (weights.path / part / MADE).is_file():
            made = read_made(weights.path / part)
            run, measured = made["training"], made["measured"]
            told = "".join(f", {name} {value:.3g}" for name, value in measured.items() if isinstance(value, float))
            lines.append(
                f"- `{part}`: {run['steps']:,} steps of {run['batch']} scenes in {float(run['seconds']) / 60:.0f} "
                f"minutes on `{run['device']}`, recipe `{run['recipe']}` (`{run['recipe_digest']}`), prior "
                f"`{run['prior']}`, seed {run['seed']}{told}."
            )
    return "\n".join([*lines, "", f"All files together: sha256 `{weights.digest}`.", ""])


def _data(rows: Iterable[Sprite]) -> str:
    wanted = set(read_vocabulary().keys())
    counts = Counter((f"{row.package} {row.version}", row.licence, row.source) for row in rows if row.key in wanted)
    return "\n".join(
        [
            "## Data",
            "",
            "Captioned scenes, composed from these drawings by the grammar in `training/scenes/`. Scenes with a",
            "held-out combination were not trained on. Who a role is drawn as follows the declared prior where the",
            "caption does not say.",
            "",
            "| Package | Licence | Drawings | Source |",
            "|---|---|---|---|",
            *(
                f"| {package} | {licence} | {count} | {source} |"
                for (package, licence, source), count in sorted(counts.items())
            ),
            f"| {NAMES.name} {NAMES.version} | {NAMES.licence} | names and tags | {NAMES.source} |",
            "",
        ]
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.card_text_to_image", description=__doc__)
    parser.add_argument("--evaluation", type=Path, nargs="*", default=[])
    parser.add_argument("--model", type=Path, default=Path("generators") / "weights" / "text_to_image")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.sprites built")
    parser.add_argument("--card", type=Path, default=Path("generators") / "cards" / "text_to_image.md")
    arguments = parser.parse_args()
    reader = TypeAdapter(Evaluation)
    evaluations = [reader.validate_python(json.loads(path.read_text())) for path in arguments.evaluation]
    judge = JUDGE.with_name("judge")
    card = render(pinned(arguments.model), evaluations, sprites.read(arguments.cache), judge)
    arguments.card.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
