"""Measures every model and classical method that restores, on any folder of photographs, in one table; and every
detector, on any list of pictures.

    python -m training.evaluate restoration --hr DIR [--scale 2 4] [--noise 25] [--jpeg 10 40] [--blur] [--json]
    python -m training.evaluate restoration --hr DIR --lr DIR [--scale 4] [--noise 25] [--json]
    python -m training.evaluate detectors --data LIST [--detectors NAME …] [--normalise] [--robustness] [--plots DIR]

By default pictures are reduced ×2 and ×4. Beside --lr nothing is spoiled here: one --noise says which σ the noise in
those pictures has, and denoisers are told it. Weights load as they do in serving, pinned digest included, and models
run as they do there. Files that are no pictures are named and left out; a folder or a list without any ends with 2.
How far the work is stands on stderr, and nothing but the result on stdout.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from rich.console import Console

from core.errors import CountersignError
from core.weights import PinnedWeights, read_manifest
from generators import catalog, restoration, upscale
from generators.base import PROMPT, SOURCE, Card, Generator
from generators.burst.generator import LEAST, MOST
from generators.learned import LearnedDenoiser, ToldDenoiser
from training.evaluation import progress
from training.evaluation.between import write_between
from training.evaluation.detecting import command
from training.evaluation.restoring import asking, bursts, conditions, contest, pairing, report
from training.evaluation.restoring.folders import Folder
from training.measure import Enlarger, average, bicubic, measure
from training.metrics import Picture, Score

DEFAULT_WEIGHTS = Path("generators") / "weights" / "weights.toml"
_SPOILING = ("jpeg", "blur", "burst", "crop")


@dataclass(frozen=True, slots=True)
class Row:
    """The mean score of one model at one scale over `pictures` photographs."""

    model: str
    scale: int
    pictures: int
    psnr_y: float
    ssim_y: float


def evaluate(weights: Iterable[PinnedWeights], originals: Mapping[str, Picture]) -> list[Row]:
    """For every scale among the models: bicubic, then each model of that scale."""
    enlargers = [(pinned.name, restoration.load(pinned, device="cpu")) for pinned in weights]
    rows: list[Row] = []
    for scale in sorted({restorer.scale for _, restorer in enlargers if restorer.scale > 1}):
        candidates: list[tuple[str, Enlarger]] = [("bicubic", bicubic(scale))]
        candidates += [(name, as_served(restorer)) for name, restorer in enlargers if restorer.scale == scale]
        rows += [_row(name, scale, measure(enlarger, scale, originals)) for name, enlarger in candidates]
    return rows


def as_served(restorer: restoration.Restorer) -> Enlarger:
    """What a request for this network gets, before encoding."""
    return lambda small: upscale.enlarge(restorer, small, lambda _: None, lambda: False)


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Every picture directly in a folder, by file name: uint8 RGB. Raises InvalidInput when there is none."""
    return dict(Folder(folder).pictures())


def _row(model: str, scale: int, scores: Mapping[str, Score]) -> Row:
    mean = average(scores)
    return Row(model, scale, len(scores), mean.psnr_y, mean.ssim_y)


def models(manifest: Path) -> tuple[Generator, ...]:
    """What takes part: the catalog's own, or the networks of another manifest, each by itself, and what needs none."""
    if manifest.resolve() == (catalog.WEIGHTS / DEFAULT_WEIGHTS.name).resolve():
        shipped = catalog.build(manifest.parent, "cpu")
        return tuple(each for each in shipped if SOURCE in each.inputs and PROMPT not in each.inputs)
    card = Card("", "", "", "")
    kinds = restoration.PICTURES | restoration.TOLD
    loaded = ((name, restoration.load(pinned, "cpu", kinds)) for name, pinned in read_manifest(manifest).items())
    return (*(_by_itself(name, network, card) for name, network in loaded), *catalog.classical())


def _by_itself(name: str, network: restoration.Restorer, card: Card) -> Generator:
    if network.scale > 1:
        return upscale.Upscaler(name, [network], card)
    if network.told:
        return ToldDenoiser(name, network, card, upscale.PLAN)
    return LearnedDenoiser(name, network, card, upscale.PLAN)


def parser_of() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    families = parser.add_subparsers(dest="family", required=True)
    family = families.add_parser("restoration", help="upscalers and denoisers, beside classical methods")
    family.add_argument("--hr", type=Path, required=True, help="folder of large, clean photographs")
    family.add_argument("--lr", type=Path, help="folder of small or spoiled ones of the same names")
    family.add_argument("--scale", type=int, nargs="+", default=[], choices=(2, 3, 4), help="factors, of --lr too")
    family.add_argument("--models", nargs="+", default=[], metavar="NAME", help="only these")
    family.add_argument(
        "--noise",
        type=_sigma,
        nargs="+",
        default=[],
        help="σ of added noise in 8-bit steps; one beside --lr: what its noise has",
    )
    family.add_argument("--jpeg", type=_quality, nargs="+", default=[], help="qualities of JPEG, 1 to 100")
    family.add_argument("--blur", action="store_true", help="Gaussians of σ 1 and 2, a disc of 3 pixels, motion of 9")
    family.add_argument("--burst", type=_frames, nargs="+", default=[], help="pictures of a burst, 2 to 16")
    family.add_argument("--burst-noise", type=_sigma, nargs="+", default=[2.0, 5.0], help="σ of the noise in bursts")
    family.add_argument("--crop", type=int, default=0, help="only the middle square of so many pixels of each picture")
    family.add_argument("--seed", type=int, default=0, help="of the noise")
    family.add_argument("--weights", type=Path, default=catalog.WEIGHTS / DEFAULT_WEIGHTS.name)
    family.add_argument("--plot", type=Path, help="draw quality against cost into this file")
    family.add_argument("--write", type=Path, help="put the table between the marks in this document")
    family.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_family(families)
    return parser


def asked_for(arguments: argparse.Namespace) -> list[conditions.Condition]:
    """The conditions that the options name; ×2 and ×4 where they name none."""
    named = [conditions.reduced(scale) for scale in arguments.scale]
    named += [conditions.noised(sigma) for sigma in arguments.noise]
    named += [conditions.compressed(quality) for quality in arguments.jpeg]
    named += conditions.BLURS if arguments.blur else ()
    for frames, sigma in product(arguments.burst, arguments.burst_noise):
        named += [conditions.burst(frames, sigma, reduction) for reduction in bursts.REDUCTIONS]
    return named or [conditions.reduced(2), conditions.reduced(4)]


def run(arguments: argparse.Namespace) -> None:
    """Measures, prints and writes. Raises as the parts do, before the long part wherever that can be told."""
    originals = Folder(arguments.hr, "hr", arguments.crop)
    small = Folder(arguments.lr, "lr") if arguments.lr else originals
    generators = asking.named(models(arguments.weights), arguments.models)
    asking.check(arguments.write, arguments.plot)
    if arguments.lr:
        wanted = pairing.Wanted(arguments.scale, next(iter(arguments.noise), None))
        pairs = pairing.given_pairs(originals, small, wanted)
        total = sum(map(wanted.fits, pairing.named_pairs(originals, small)))
    else:
        asked = asked_for(arguments)
        pairs = contest.spoiled_pairs(originals, asked, arguments.seed)
        total = len(originals.originals()) * len(asked)
    with progress.shown(total, "pairs" if arguments.lr else "spoiled pictures") as advance:
        rows = contest.hold(progress.followed(pairs, advance), generators)
    skipped = originals.skipped | asking.beside(small, originals)
    if not rows:
        raise asking.nothing(skipped)
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}", file=sys.stderr)
    if arguments.json:
        protocol = report.GIVEN if arguments.lr else report.PROTOCOL
        print(report.to_json(rows, max(row.pictures for row in rows), skipped, protocol))
    else:
        Console().print(report.to_table(rows))
        print(f"{len(skipped)} files skipped")
    if arguments.write:
        write_between(arguments.write, (report.BEGIN, report.END), report.to_markdown(rows))
    if arguments.plot:
        report.plot(rows, arguments.plot)
        print(f"drawn: {arguments.plot}", file=sys.stderr)


def main() -> None:
    """Command line."""
    parser = parser_of()
    arguments = parser.parse_args()
    chosen = command.run if arguments.family == command.NAME else run
    if chosen is run and arguments.lr and any(getattr(arguments, name) for name in _SPOILING):
        parser.error("--lr is spoiled already: --jpeg, --blur, --burst and --crop do not go with it")
    if chosen is run and arguments.lr and len(arguments.noise) > 1:
        parser.error("--lr is spoiled already: beside it --noise says what one σ its noise has")
    try:
        chosen(arguments)
    except CountersignError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _sigma(text: str) -> float:
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError("must be above 0 and at most 100")
    return value


def _frames(text: str) -> int:
    value = int(text)
    if not LEAST <= value <= MOST:
        raise argparse.ArgumentTypeError(f"must be from {LEAST} to {MOST}")
    return value


def _quality(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100:
        raise argparse.ArgumentTypeError("must be from 1 to 100")
    return value


if __name__ == "__main__":
    main()
