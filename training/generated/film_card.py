"""The card of `generated_video`, written from what was measured. Knows words and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from detectors.base import Verdict
from training.evaluation.intervals import wilson
from training.generated.features import Figures
from training.generated.film_fit import HELD, Films, Fitted, films_of
from training.generated.filmed import COUNT, SHOTS
from training.generated.fitting import Floats
from training.generated.measure import Row, ranking, verdicts

CARD = "generated_video.md"
_HEAD = """\
---
licence: Apache-2.0
summary: >-
  A linear probe on what CLIP sees in pictures of films: whether a shot is more like the pictures of generators.
limits: >-
  Fitted and measured on still pictures over which a camera moves. No film by a generator of films was to be had. Needs
  the extra `clip`. Never a proof.
---
# Generated video

The probe of [`generated_image`](generated_image.md), fitted on the same stills, with a scale and a calibration of its
own: those of shots of films. A probe that learned from films, too, was no better (.964 against .967 on films of one
shot). At most two pictures a shot and eight a film are looked at. By
`python -m training.generated.films training/recipes/detectors/generated_video.yaml --collection DIR`.

## Measured

A camera moved over every picture, {count} pictures long, both classes alike: the same moves and shapes, no picture
enlarged, a shorter side of at most 360 pixels, two in three coded as H.264 (CRF 18–35) and the others as VP9 (CRF
24–48), then decoded as the server does it. One picture of every shot was scored, by probes that had seen neither the
source of the generated picture (four collections, each left out whole) nor the photograph, as a still or filmed. Areas
under the ROC curve, chance is .5; intervals are 95%, by drawing pictures again.

| Area under the curve | shots of films | the same pictures as stills | Pictures (made / by people) |
|---|---|---|---|
"""
_SHOTS = """
| Said of shots of | detected | not detected | abstained | Pictures |
|---|---|---|---|---|
"""
_FILMS = f"""
Films of {SHOTS} shots, with cuts, by the fusion of their shots, judged by the calibration that ships. Of all films
but those *never seen*, the shots are among those that it was fitted on, by probes that had not seen them: their shares
flatter it. How often it is wrong about films that nothing knows, those *never seen* say alone, and they are few.

| Said of films | detected | not detected | abstained | Films |
|---|---|---|---|---|
"""
_NAMES = {0: "of photographs alone", 1: "with one shot by a generator", SHOTS: "by a generator alone"}
_SCOPE = """
## Scope and limits

- What generators of films make was not measured: none of it was to be had. Its pictures may be smoother, and they move
  otherwise than a still over which a camera moves. Whether it finds any of it, no figure here says.
- The films by people are made in the same way: no crowd moves, no light changes, no focus shifts. What it says of real
  films of cameras is known of a few clips only, see [detectors.md](../../docs/detectors.md#measured).
- Eight pictures of a film are looked at: one of more shots can be detected, and is never called clean. Nor is one of
  which a shot could not be judged. Films of up to {shots} shots were measured.
- Films that people drew or rendered were not learned from; nor were drawings filmed.
- {photographs} photographs stand behind the rate: what they say of rarer errors than one in a hundred is nothing.
- Everything that its [card](generated_image.md) says of the probe of stills.

## Data

That of [`generated_image`](generated_image.md): photographs of the corpus, {drawings} drawings of Open Clip Art as
stills, and a collection from public repositories, under the licences of these:

| Repository | Licence | Pictures |
|---|---|---|
"""


def written(
    fitted: Fitted,
    stills: Figures,
    films: Films,
    sources: Mapping[tuple[str, str], Mapping[str, int]],
) -> str:
    """The card in Markdown."""
    shots, held = films.learned(), films.held()
    known = stills.where(lambda name: not name.startswith(HELD))
    beside = {row.name: _figure(row) for row in ranking(known, fitted.stills)}
    lines = [_HEAD.format(count=COUNT).rstrip()]
    lines += [
        f"| {row.name} | {_figure(row)} | {beside.get(row.name, '')} | {row.made} / {row.taken} |"
        for row in ranking(shots, fitted.variant.scores)
    ]
    lines.append(_SHOTS.rstrip())
    lines += _said(fitted, shots, held)
    lines.append(_FILMS.rstrip())
    lines += _several(fitted, films)
    calibration = fitted.variant.calibration
    rate = f"{calibration.fpr:.3f} [{calibration.fpr_low:.3f}, {calibration.fpr_high:.3f}]"
    lines.append(f"\nFalse positives at the limit, of shots: {rate}.")
    photographs = len(set(shots.names[~shots.made]))
    drawings = len(set(known.names[known.sources == "openclipart"]))
    lines.append(_SCOPE.format(shots=SHOTS, photographs=photographs, drawings=drawings).rstrip())
    for (repository, licence), counts in sorted(sources.items()):
        pictures = ", ".join(f"{count} {generator}" for generator, count in sorted(counts.items()))
        lines.append(f"| https://github.com/{repository} | {licence} | {pictures} |")
    return "\n".join(lines) + "\n"


def _said(fitted: Fitted, shots: Figures, held: Figures) -> Iterable[str]:
    """Of each kind of shot, the shares of the verdicts."""
    variant = fitted.variant
    rows = list(verdicts(shots, variant.calibrated.held.verdicts))
    if len(held.names):
        others = verdicts(held, [variant.calibration.judge(score).verdict for score in variant.judge(held)])
        rows += [(f"{kind}, never seen", verdict, row) for kind, verdict, row in others]
    by_kind: dict[str, dict[Verdict, Row]] = {}
    for kind, verdict, row in rows:
        if row.made + row.taken:
            by_kind.setdefault(kind, {})[verdict] = row
    for kind, each in by_kind.items():
        shares = " | ".join(_figure(each[verdict]) for verdict in Verdict)
        yield f"| {kind} | {shares} | {each[Verdict.DETECTED].made + each[Verdict.DETECTED].taken} |"


def _several(fitted: Fitted, films: Films) -> Iterable[str]:
    """Of each kind of film of several shots, the shares of the verdicts; photographs that nothing knows apart."""
    variant = fitted.variant
    several = films.together.where(lambda name: not name.startswith(HELD))
    unseen = films.together.where(lambda name: name.startswith(HELD))
    yield from _counted("", several, variant.scores[len(variant.scores) - len(several.names) :], fitted)
    if len(unseen.names):
        yield from _counted(", never seen", unseen, variant.judge(unseen), fitted)


def _counted(suffix: str, figures: Figures, scores: Floats, fitted: Fitted) -> Iterable[str]:
    said: dict[int, list[Verdict]] = {}
    for made, _, judged in films_of(figures, scores, fitted.variant.calibration):
        said.setdefault(made, []).append(judged.verdict)
    for made, each in sorted(said.items()):
        shares = " | ".join(_share(each.count(verdict), len(each)) for verdict in Verdict)
        yield f"| {_NAMES.get(made, f'with {made} shots by generators')}{suffix} | {shares} | {len(each)} |"


def _share(count: int, of: int) -> str:
    low, high = wilson(count, of)
    return f"{count / of:.3f} [{low:.3f}, {high:.3f}]"


def _figure(row: Row) -> str:
    return f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
