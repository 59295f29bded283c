"""Makes the probes of the detector `generated_image`, and their card.

    python -m training.generated training/recipes/detectors/generated.yaml --collection DIR [--profile smoke]
        [--without-tower] [--run DIR] [--output DIR]

The figures of pictures are taken once, a file a round, into the run's folder, and are found there again. `--collection`
is a folder with pictures by generators, and photographs, whose `manifest.tsv` says what each is. Weights, calibrations,
card and entries in `weights.toml` go to `--output`, which is the run's own folder unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from detectors.generated.tower import Tower
from training.generated import card, material
from training.generated.export import CARD, export, variants
from training.generated.features import Figures, read, take
from training.generated.options import asked, parser_of
from training.generated.plan import GeneratedPlan
from training.recipe import file_digest

_HELD = "test/"
"""What the names of photographs begin with that nothing is fitted on."""


def learnable(name: str) -> bool:
    """Whether probes may learn from the picture of that name."""
    return not name.startswith(_HELD)


def pictures(plan: GeneratedPlan, cache: Path, collection: Path) -> Iterator[material.Picture]:
    """All of them, those that are held back as well."""
    yield from material.collected(collection)
    yield from material.photographs(cache, "train")
    yield from material.photographs(cache, "test")
    if plan.drawings:
        yield from material.drawings(cache, plan.drawings)


def gather(plan: GeneratedPlan, run: Path, cache: Path, collection: Path, tower: Tower | None) -> Figures:
    """The figures of all rounds; takes those that are not in the run's folder yet."""
    run.mkdir(parents=True, exist_ok=True)
    paths = [run / f"round-{number}.safetensors" for number in range(plan.rounds)]
    missing = [(number, path) for number, path in enumerate(paths) if not path.is_file()]
    if missing:
        everything = list(pictures(plan, cache, collection))
        for number, path in missing:
            take(everything, tower, number, plan.seed, path)
            print(f"round {number}: {len(everything)} pictures", flush=True)
    return read(paths)


def make(
    recipe: Path, plan: GeneratedPlan, figures: Figures, output: Path, collection: Path
) -> dict[str, tuple[float, float]]:
    """Fits, writes and measures; the limits of every variant's calibration, by name."""
    learned = figures.where(learnable)
    held = figures.where(lambda name: not learnable(name))
    unseen = held if held.names.size else None
    training = {
        "recipe": recipe.name,
        "recipe_digest": file_digest(recipe),
        "collection_digest": file_digest(collection / "manifest.tsv"),
        "pictures_made": len(set(learned.names[learned.made])),
        "pictures_by_people": len(set(learned.names[~learned.made])),
        "deliveries": plan.rounds,
    }
    made = list(variants(learned, plan))
    for variant in made:
        export(output, variant, plan, training)
    text = card.written(made, learned, unseen, material.attributions(collection), plan.rounds)
    (output / CARD).write_text(text, encoding="utf-8")
    return {each.name: (each.calibration.absent_to, each.calibration.detected_from) for each in made}


def main() -> None:
    """Command line."""
    parser = parser_of("training.generated", __doc__)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    plan, tower = asked(arguments)
    figures = gather(plan, arguments.run, arguments.cache, arguments.collection, tower)
    limits = make(arguments.recipe, plan, figures, arguments.output or arguments.run, arguments.collection)
    for name, (absent_to, detected_from) in limits.items():
        print(f"{name}: absent to {absent_to:.3f}, detected from {detected_from:.3f}")


if __name__ == "__main__":
    main()
