"""Figures as Markdown, for the model card and the terminal, and as values for a file. It measures nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from training.evaluation.text_to_image.figures import Evaluation, Mean, Share
from training.evaluation.text_to_image.kernel import Distance

_SCALE = 1000  # kernel distances are small: they are told in thousandths


def values(evaluation: Evaluation) -> dict[str, Any]:
    """As JSON takes it, with shares and means worked out."""
    made = asdict(evaluation)
    for name, score in evaluation.tasks.items():
        made["tasks"][name]["of_ceiling"] = round(score.of_ceiling, 4)
        for column in ("made", "ceiling", "shuffled"):
            made["tasks"][name][column]["value"] = round(getattr(score, column).value, 4)
    for row, own in zip(made["bias"], evaluation.bias, strict=True):
        row["far"] = round(own.far, 4)
    return made


def markdown(evaluation: Evaluation) -> str:
    """All tables, with how to read them."""
    return "\n".join(
        [
            f"{evaluation.count} prompts of each task, every one of a combination that training left out, seed "
            f"{evaluation.seed}, mode `{evaluation.mode}`. Seen by an independent detector, `training/weights/judge`.",
            "Shares with 95% Wilson intervals; the ceiling is what it sees on composites of the same scenes.",
            "",
            *_tasks(evaluation),
            "",
            *_sets(evaluation),
            *(["", *_steering(evaluation)] if evaluation.steering else []),
            *(["", *_bias(evaluation)] if evaluation.bias else []),
            "",
        ]
    )


def markers(mode: str) -> tuple[str, str]:
    """What an evaluation stands between."""
    return f"<!-- evaluation: {mode} -->", f"<!-- end of evaluation: {mode} -->"


def _tasks(evaluation: Evaluation) -> Iterator[str]:
    yield "| Task | Model | Compositor (ceiling) | Captions shuffled | Of the ceiling |"
    yield "|---|---|---|---|---|"
    for name, score in evaluation.tasks.items():
        cells = (_share(each) for each in (score.made, score.ceiling, score.shuffled))
        yield f"| {name} | {' | '.join(cells)} | {score.of_ceiling:.0%} |"


def _sets(evaluation: Evaluation) -> Iterator[str]:
    apart = evaluation.distances
    yield "| Of all pictures | Model | Compositor | Baseline |"
    yield "|---|---|---|---|"
    cells = f"{_distance(apart.made)} | {_distance(apart.composites)} | {_distance(apart.blurred)}, composites blurred"
    yield f"| KID × {_SCALE}, on the judge's features | {cells} |"
    if evaluation.closeness:
        close = evaluation.closeness
        cells = f"{_mean(close.made)} | {_mean(close.ceiling)} | {_mean(close.shuffled)}, captions shuffled"
        yield f"| CLIP score, in-house | {cells} |"
    if evaluation.memorised:
        made, composites = evaluation.memorised
        yield f"| as near to a training drawing as to count as it | {_share(made)} | {_share(composites)} | |"


def _steering(evaluation: Evaluation) -> Iterator[str]:
    yield "How well a control picture of a held-out scene is followed, 0 to 1. Boxes: F1 of things that stand in one of"
    yield "their own (intersection over union from .5). Edges: F1 of edge pixels, with one pixel of tolerance."
    yield ""
    yield "| Control | Model | Compositor (ceiling) | Same seeds, no control | Another scene's control |"
    yield "|---|---|---|---|---|"
    for row in evaluation.steering:
        yield f"| {row.control} | {' | '.join(map(_mean, (row.made, row.ceiling, row.unsteered, row.shuffled)))} |"


def _bias(evaluation: Evaluation) -> Iterator[str]:
    yield "Who is drawn when a prompt names a role and no more, beside what training saw. Tones: none (yellow), then"
    yield "light to dark, as percentages; distance: total variation between the two."
    yield ""
    yield "| Role | Seen | Women | Trained | Tones | Trained | Distance |"
    yield "|---|---|---|---|---|---|---|"
    for row in evaluation.bias:
        total = max(1, sum(row.tones))
        drawn = " ".join(f"{count / total:.0%}".rstrip("%") for count in row.tones)
        wanted = " ".join(f"{share:.0%}".rstrip("%") for share in row.trained_tones)
        women = f"{_share(row.women)} | {row.trained_women:.2f}"
        yield f"| {row.role} | {row.women.trials}/{row.pictures} | {women} | {drawn} | {wanted} | {row.far:.2f} |"


def _share(share: Share) -> str:
    return f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def _mean(mean: Mean) -> str:
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def _distance(distance: Distance) -> str:
    value, low, high = (_SCALE * each for each in (distance.value, distance.low, distance.high))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
