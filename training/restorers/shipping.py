"""Ships what a run of `training.restorer` made, where it is better than what is there: pinned, with its card.

python -m training.restorers.shipping runs/denoise [--output generators]
python -m training.restorers.shipping runs/deblur --task deblur

1. Load the run's weights as serving does, and find how far the network looks.
2. Measure it on the test split beside every classical method of its task; an enlarger beside `compact`, too.
3. Refuse it, with the figures, where one of them is as good under any condition.
4. Write the file, its entry in weights.toml and the card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from core.errors import CountersignError, LimitExceeded, PreconditionFailed
from core.weights import PinnedWeights
from generators import catalog, restoration
from generators.base import Card, Generator
from generators.learned import LearnedDeblurrer, LearnedDenoiser, ToldDenoiser
from generators.restoration import Restorer
from generators.tiling import Plan
from generators.upscale import Upscaler
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.evaluation.restoring.conditions import DEBLUR, DENOISE
from training.export import LICENCE, MAX_BYTES, pin
from training.harness.export import MADE
from training.metrics import Picture
from training.restorers.card import BLIND, CARDS, write_card
from training.restorers.measuring import Measured, asked, measured, shown
from training.restorers.reach import reach

GRID = 8
"""Pixels that every network here pools on at most; margins are rounded up to it."""
TILE = 256
_BLIND = "nafnet"
_SMALL = "compact"
"""The enlarger that ships and costs least: no other is worth its cost where this one is as good."""


def as_served(name: str, network: Restorer, margin: int, task: str = DENOISE) -> Generator:
    """What a request for this network gets. task: of one that does not enlarge."""
    card, plan = Card(LICENCE, "", "", ""), Plan(TILE, margin)
    if network.scale > 1:
        return Upscaler(name, [network], card, plan=plan)
    if network.told:
        return ToldDenoiser(name, network, card, plan)
    return (LearnedDeblurrer if task == DEBLUR else LearnedDenoiser)(name, network, card, plan)


def ship(
    run: Path,
    output: Path,
    originals: Mapping[str, Picture],
    others: Sequence[Generator],
    task: str = DENOISE,
    blind: Generator | None = None,
) -> dict[str, Measured]:
    """Does all of it; what was measured, by condition. others: what it has to be better than.

    task: of a network that does not enlarge. blind: the denoiser that is told nothing, beside which one that is told σ
    is measured too, and need not be better.
    Raises LimitExceeded for a file above 16 MiB, PreconditionFailed where the network is not worth shipping.
    """
    ended = read_run(run)
    model = as_served(ended.name, ended.network, ended.margin, task)
    asked_for = asked(model, ended.network.scale)
    found = {each.name: measured(model, others, each, originals) for each in asked_for}
    refuse_beaten(ended.name, found)
    card = _card_of(ended.network, model)
    further = {each.name: measured(model, others, each, originals) for each in shown(model)}
    figures = _tables({**further, **found})
    if ended.network.told and blind is not None:
        for each in (*shown(model), *asked_for):
            figures[_key(each.name)][BLIND] = asdict(measured(model, [blind], each, originals))
    write(ended, output, card, {"pictures": len(originals), **figures})
    return found


@dataclass(frozen=True, eq=False, slots=True)
class Ended:
    """What a run made, loaded as it will be served. margin: of its tiles, as far as it looks, pixels."""

    name: str
    data: bytes
    pinned: PinnedWeights
    network: Restorer
    margin: int


def read_run(run: Path) -> Ended:
    """The weights of a run that has ended. Raises LimitExceeded for a file above 16 MiB."""
    name, data = run.name, (run / f"{run.name}.safetensors").read_bytes()
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{name} is too large to ship", field="file", limit=str(MAX_BYTES), found=str(len(data)))
    pinned = PinnedWeights(name, run / f"{name}.safetensors", hashlib.sha256(data).hexdigest(), architecture="")
    network = restoration.load(pinned, "cpu", restoration.PICTURES | restoration.TOLD)
    far = reach(network.network.model, GRID, network.network.input_channels)
    return Ended(name, data, pinned, network, -(-far // GRID) * GRID)


def write(
    ended: Ended, output: Path, card: str, figures: Mapping[str, Any], settings: Mapping[str, float] | None = None
) -> None:
    """The file and its entry in weights.toml. figures: what was measured. settings: further parameters."""
    folder = output / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{ended.name}.safetensors").write_bytes(ended.data)
    entry = {
        "file": f"{ended.name}.safetensors",
        "sha256": ended.pinned.sha256,
        "architecture": ended.network.network.architecture.name,
        "card": card,
        "licence": LICENCE,
        "parameters": {"scale": ended.network.scale, "margin": ended.margin, **(settings or {})},
        "training": json.loads((ended.pinned.path.parent / MADE).read_text(encoding="utf-8")),
        "measured": figures,
    }
    pin(folder / "weights.toml", ended.name, entry)


def refuse_beaten(name: str, found: Mapping[str, Measured]) -> None:
    """Raises PreconditionFailed naming the conditions under which one of the others is as good."""
    lost = [f"{condition}: {each.gain:+.2f} dB to {each.best}" for condition, each in found.items() if not each.beaten]
    if lost:
        raise PreconditionFailed(f"{name} is not worth shipping: {'; '.join(lost)}")


def _card_of(network: Restorer, model: Generator) -> str:
    kind = network.network.architecture.name
    kind += " told" if network.told else " deblur" if model.task == DEBLUR else ""
    if kind not in CARDS:
        raise PreconditionFailed(f"nobody has written a card for {kind} yet; there are some for {', '.join(CARDS)}")
    return CARDS[kind]


def _tables(found: Mapping[str, Measured]) -> dict[str, dict[str, Any]]:
    return {_key(condition): asdict(each) for condition, each in found.items()}


def _key(condition: str) -> str:
    return condition.replace(" ", "_")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.restorers.shipping",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--task", choices=(DENOISE, DEBLUR), default=DENOISE, help="of one that does not enlarge")
    parser.add_argument("--output", type=Path, default=DEFAULT_WEIGHTS.parents[1], help="holds weights/ and cards/")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    unseen = load_split(arguments.cache, "test", arguments.manifest)
    shipped = catalog.build(catalog.WEIGHTS, "cpu")
    blind = shipped.get(_BLIND) if _BLIND in shipped else None
    others = [*catalog.classical(), *(shipped.get(name) for name in (_SMALL,) if name in shipped)]
    try:
        found = ship(arguments.run, arguments.output, unseen, others, arguments.task, blind)
    except CountersignError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    write_card(arguments.output, arguments.run.name, arguments.manifest)
    for condition, each in found.items():
        print(
            f"{condition:10} {each.psnr_y:.2f} dB, {each.gain:+.2f} "
            f"[{each.gain_low:+.2f}, {each.gain_high:+.2f}] to {each.best}"
        )


if __name__ == "__main__":
    main()
