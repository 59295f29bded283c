"""Command line: see the package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from core.media import Pixels
from detectors import clip
from generators.base import CONTROL, Value
from training.corpora.photographs import DEFAULT_CACHE
from training.evaluation import text_to_image
from training.evaluation.between import parts, write_between
from training.evaluation.text_to_image import bias, measuring, report
from training.evaluation.text_to_image.figures import Evaluation, Steering
from training.evaluation.text_to_image.makers import Composites, Maker, Served, known_pictures, pinned, served
from training.evaluation.text_to_image.measuring import Gallery
from training.evaluation.text_to_image.sheet import draw_sheet
from training.evaluation.text_to_image.steering import CONTROLS, Trial, steered
from training.evaluation.text_to_image.tasks import TASKS, Prompt, prompts
from training.judging import judge as judging
from training.judging.judge import Judge
from training.scenes.source import Source, open_source

_SHOWN = 64
_SIDE = 64
_QUALITY = "quality"


def main(argv: Sequence[str] | None = None) -> None:
    """Command line."""
    arguments = _parser().parse_args(argv)
    torch.set_num_threads(arguments.threads)
    source = open_source(arguments.cache, arguments.prior, arguments.seed, _SIDE)
    weights = pinned(arguments.model)
    maker = served(weights, _settings(arguments), arguments.device)
    if arguments.sheet:
        asked = prompts(source.grammar, _SHOWN // len(TASKS), arguments.seed)
        draw_sheet(_make(maker, asked, "sheet"), [prompt.caption for prompt in asked], arguments.sheet)
    if arguments.control_sheet:
        _draw_controls(arguments.control_sheet, maker, source, arguments.seed)
    if arguments.sheet or arguments.control_sheet:
        return
    if arguments.write:
        parts(arguments.write, report.markers(arguments.mode))  # before the long work, whose figures go there
    evaluation = _evaluate(arguments, source, maker)
    if arguments.write:
        write_between(arguments.write, report.markers(arguments.mode), report.markdown(evaluation))
    if arguments.json:
        print(json.dumps(report.values(evaluation), indent=2))
    else:
        Console().print(Markdown(report.markdown(evaluation)))


def _evaluate(arguments: argparse.Namespace, source: Source, maker: Served) -> Evaluation:
    weights, judge = pinned(arguments.model), judging.load()
    asked = prompts(source.grammar, arguments.count, arguments.seed)
    gallery = Gallery(
        asked,
        _make(maker, asked, "pictures"),
        _make(Composites(source), asked, "composites"),
        _make(Composites(source, 1), asked, "others"),
    )
    known = known_pictures(weights)
    roles = bias.unsaid(source.grammar, arguments.roles, arguments.seed)
    return Evaluation(
        model=weights.name,
        digest=weights.digest,
        mode=arguments.mode,
        count=arguments.count,
        seed=arguments.seed,
        tasks=measuring.score_tasks(judge, gallery),
        distances=measuring.distances(judge, gallery),
        closeness=measuring.closeness(clip.load(), gallery),
        memorised=measuring.memorised(known, gallery) if known else None,
        steering=_steering(arguments, source, judge, maker),
        bias=bias.bias(judge, source.grammar, roles, _make(maker, roles, "roles")) if roles else (),
    )


def _steering(arguments: argparse.Namespace, source: Source, judge: Judge, maker: Served) -> tuple[Steering, ...]:
    """Nothing where the model takes no control picture, and in the fast mode, whose student learned without."""
    if CONTROL not in maker.generator.inputs or arguments.mode != _QUALITY:
        return ()
    asked = prompts(source.grammar, arguments.steered, arguments.seed)
    with _bar() as bar:
        task = bar.add_task("steered", total=len(asked) * (len(CONTROLS) + 1))
        trial = Trial(judge, Composites(source), asked, lambda more: bar.advance(task, more))
        return trial.of(maker)


def _draw_controls(path: Path, maker: Served, source: Source, seed: int) -> None:
    """Two scenes of each task, the one by its boxes and the other by its edges, each beside what was made of it."""
    asked = prompts(source.grammar, 2, seed)
    kinds = [CONTROLS[at % 2] for at in range(len(asked))]
    controls = [steered(kind, Composites(source), each).control for kind, each in zip(kinds, asked, strict=True)]
    made = maker.follow(asked, controls, lambda _: None)
    pictures = [picture for pair in zip(controls, made, strict=True) for picture in pair]
    words = [word for kind, each in zip(kinds, asked, strict=True) for word in (kind, each.caption)]
    draw_sheet(pictures, words, path)


def _make(maker: Maker, asked: Sequence[Prompt], label: str) -> list[Pixels]:
    """The pictures, with a bar on the terminal's other stream."""
    with _bar() as bar:
        task = bar.add_task(label, total=len(asked))
        return maker.make(asked, lambda more: bar.advance(task, more))


def _bar() -> Progress:
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr))


def _settings(arguments: argparse.Namespace) -> dict[str, Value]:
    settings: dict[str, Value] = {}
    if arguments.mode != _QUALITY:
        settings["mode"] = arguments.mode
    if arguments.steps:
        settings["steps"] = arguments.steps
    if arguments.guidance:
        settings["guidance"] = arguments.guidance
    return settings


def _parser() -> argparse.ArgumentParser:
    name = "python -m training.evaluation.text_to_image"
    parser = argparse.ArgumentParser(prog=name, description=text_to_image.__doc__)
    parser.add_argument("--model", type=Path, default=Path("generators/weights/text_to_image"), help="its folder")
    parser.add_argument("--mode", choices=(_QUALITY, "fast"), default=_QUALITY)
    parser.add_argument("--steps", type=int, default=0, help="0 takes the model's own")
    parser.add_argument("--guidance", type=float, default=0.0, help="0 takes the model's own")
    parser.add_argument("--count", type=int, default=64, help="prompts of each task")
    parser.add_argument("--roles", type=int, default=32, help="pictures of each role, for the table of bias")
    parser.add_argument("--steered", type=int, default=16, help="prompts of each task, for the table of controls")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prior", default="balanced", help="the declared prior that the model was trained on")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.sprites built")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one object on stdout, and nothing else")
    parser.add_argument("--write", type=Path, metavar="CARD", help="also put the tables into a model card")
    parser.add_argument("--sheet", type=Path, help=f"only draw a contact sheet of {_SHOWN} held-out prompts")
    parser.add_argument("--control-sheet", type=Path, help="only draw control pictures and what was made of them")
    return parser


if __name__ == "__main__":
    main()
