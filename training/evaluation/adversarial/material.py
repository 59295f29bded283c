"""Pictures to attack the shipped detectors on: of photographs that none of them learned from, where there are any.

Each detector is asked what it was made for: `manipulation` about squares that scripts changed, the branch of decoders'
traces about photographs and what a decoder makes of them, `generated_image` about photographs and generators' pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from core.devices import multiplies_in_half, pick_device
from core.media import Pixels
from core.weight_folder import read_folders
from core.weights import PinnedWeights
from detectors.generated.artefact import NAME as BRANCH
from detectors.generated.artefact import ArtefactBranch
from detectors.generated.detector import GeneratedDetector
from detectors.manipulation.detector import NAME as MANIPULATION
from detectors.manipulation.detector import ManipulationDetector, read
from training.corpora.photographs import load_split
from training.evaluation.adversarial import suspects
from training.evaluation.adversarial.suspects import Case, Suspect
from training.evaluation.artefact import MEASURED_SIDE as CUT
from training.evaluation.manipulation import SEED
from training.forensics.devset import CONDITIONS
from training.forensics.reconstruct import Reconstruct, by_coder, cut
from training.forensics.scripted.samples import Pairs
from training.forensics.scripted.sources import open_pairs
from training.generated.material import collected
from training.manipulation import MEASURED_SIDE

_FOLDERS = Path(__file__).parents[2] / "weights" / "weights.toml"
_FORM = CONDITIONS["resized"]


def decoder() -> Reconstruct:
    """Through the autoencoder of text to image, coarse colours kept: what an attacker launders pictures with.

    Raises as `PinnedFolder.verified`.
    """
    with read_folders(_FOLDERS)["autoencoder"].verified() as folder:
        return by_coder(folder)


def photographs(cache: Path, count: int) -> dict[str, Pixels]:
    """The first of the test split. Raises FileNotFoundError before the corpus is built."""
    return dict(islice(load_split(cache, "test").items(), count))


def pairs(cache: Path) -> Pairs:
    """Those on which `manipulation` is measured. Raises as `open_pairs`."""
    return open_pairs(cache, "test", MEASURED_SIDE, SEED)


def manipulation(pinned: PinnedWeights, made: Pairs, count: int) -> Suspect:
    """Of each of the first `count` photographs one square that was changed, by another operation each, and its twin."""
    half = multiplies_in_half(pick_device("cpu"))
    detector = ManipulationDetector.load(pinned, "cpu", half)
    network = read(pinned)[0].float().eval().requires_grad_(False)
    cases = [case for host in range(min(count, len(made.hosts))) for case in _twins(made, host)]
    score = suspects.score_of_localiser(network, half)
    return Suspect(MANIPULATION, detector.version, cases, suspects.judge_of(detector), score)


def _twins(made: Pairs, host: int) -> Iterator[Case]:
    one = made.pair(host, made.operations[host % len(made.operations)], host)
    yield Case(one.manipulated, True, str(host))
    yield Case(one.untouched, False, str(host))


def branch(pinned: PinnedWeights, shown: Mapping[str, Pixels], rebuild: Reconstruct) -> Suspect:
    """Photographs, and what the decoder makes of them; both without loss."""
    loaded = ArtefactBranch.load(pinned)
    cases = [case for name, pixels in shown.items() for case in _rebuilt(name, cut(pixels, CUT), rebuild)]
    score = suspects.score_of_branch(loaded.network, loaded.most)
    return Suspect(BRANCH, f"sha256:{loaded.digest}", cases, suspects.judge_of_branch(loaded), score)


def _rebuilt(name: str, pixels: Pixels, rebuild: Reconstruct) -> Iterator[Case]:
    yield Case(rebuild(pixels), True, name)
    yield Case(pixels, False, name)


def generated(detector: GeneratedDetector, shown: Mapping[str, Pixels], collection: Path, of: Suspect) -> Suspect:
    """Photographs, and as many of a collection's pictures by generators, spread over it; all of one size, JPEG 90.

    What ships was fitted on that collection: figures without an attack flatter it. of: whose attacks are tried, since
    neither figures of pixels nor a tower of whole numbers has a gradient.
    """
    made = [(each.name, each.pixels) for each in collected(collection) if each.made]
    chosen = [made[at] for at in np.linspace(0, len(made) - 1, min(len(shown), len(made))).round().astype(int)]
    cases = [Case(_FORM(pixels), truth, name) for truth, some in ((True, chosen), (False, [*shown.items()]))
             for name, pixels in some]  # fmt: skip
    lent = None if of.score is None else (of.name, of.score)
    return Suspect(detector.name, detector.version, cases, suspects.judge_of(detector), lent=lent)
