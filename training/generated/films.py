"""Makes the probe and the calibration of the detector `generated_video`, and their card.

    python -m training.generated.films training/recipes/detectors/generated_video.yaml --collection DIR
        [--profile smoke] [--without-tower] [--run DIR] [--output DIR]

Pictures are those of `training.generated`, as stills and filmed: see `training.generated.filmed`. Figures are taken
once, into the run's folder, and are found there again. Weights, calibration, card and the entry in `weights.toml` go to
`--output`, which is the run's own folder unless said otherwise.
"""

from __future__ import annotations

from pathlib import Path

from detectors.generated.tower import Tower
from training.generated import film_card, material
from training.generated.__main__ import gather, pictures
from training.generated.export import export
from training.generated.features import Figures, read
from training.generated.film_fit import HELD, Films, variant
from training.generated.filmed import alone, take_films, threes, together
from training.generated.options import asked, parser_of
from training.generated.plan import GeneratedPlan
from training.recipe import file_digest

FILMS = 4
"""Of several shots, a fold and a kind."""
ALONE, TOGETHER = "films-alone.safetensors", "films-together.safetensors"


def film(plan: GeneratedPlan, run: Path, cache: Path, collection: Path, tower: Tower | None) -> Films:
    """The figures of films; takes those that are not in the run's folder yet. Drawings are not filmed."""
    paths = run / ALONE, run / TOGETHER
    if not all(path.is_file() for path in paths):
        everything = list(pictures(plan.model_copy(update={"drawings": 0}), cache, collection))
        learned = [each for each in everything if not each.name.startswith(HELD)]
        held = [each for each in everything if each.name.startswith(HELD)]
        if not paths[0].is_file():
            take_films(alone(everything), tower, 0, plan.seed, paths[0])
        take_films([*together(learned, FILMS), *threes(held)], tower, 1, plan.seed, paths[1])
    return Films(read(paths[:1]), read(paths[1:]))


def make(
    recipe: Path, plan: GeneratedPlan, stills: Figures, films: Films, output: Path, collection: Path
) -> tuple[float, float]:
    """Fits, writes and measures; the calibration's two limits."""
    fitted = variant(stills, films, plan)
    learned = films.learned()
    training = {
        "recipe": recipe.name,
        "recipe_digest": file_digest(recipe),
        "collection_digest": file_digest(collection / "manifest.tsv"),
        "pictures_made": len(set(learned.names[learned.made])),
        "pictures_by_people": len(set(learned.names[~learned.made])),
        "shots": len(learned.names),
    }
    export(output, fitted.variant, plan, training, film_card.CARD)
    text = film_card.written(fitted, stills, films, material.attributions(collection))
    (output / film_card.CARD).write_text(text, encoding="utf-8")
    return fitted.variant.calibration.absent_to, fitted.variant.calibration.detected_from


def main() -> None:
    """Command line."""
    parser = parser_of("training.generated.films", __doc__, run="generated_video")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    plan, tower = asked(arguments)
    places = (arguments.run, arguments.cache, arguments.collection)
    stills, films = gather(plan, *places, tower), film(plan, *places, tower)
    output = arguments.output or arguments.run
    absent_to, detected_from = make(arguments.recipe, plan, stills, films, output, arguments.collection)
    print(f"absent to {absent_to:.3f}, detected from {detected_from:.3f}")


if __name__ == "__main__":
    main()
