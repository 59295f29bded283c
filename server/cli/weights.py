"""`countersign models verify`: whether the weights on this machine are the pinned ones; `models digest`: by what to pin
others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import cell, say, say_json
from server.cli.operating import operating

if TYPE_CHECKING:
    from core.weight_folder import PinnedFolder
    from core.weights import PinnedWeights


@dataclass(frozen=True, slots=True)
class Verified:
    """A weight file, or a folder of them with the digest of their list. detail: why it is not ok, else what it is.

    model: what `models list` calls the one that runs on them; None where they run in none, as what scores a training.
    """

    name: str
    sha256: str
    ok: bool
    detail: str
    model: str | None = None


def verify(as_json: AsJson = False) -> None:
    """Hold every weight file against its pinned digest. The exit code is 1 when one differs or is missing."""
    with operating(as_json=as_json):
        from core.watermark.weights import FOLDER as WATERMARK
        from detectors.clip import MANIFEST as SCORER
        from generators.catalog import WEIGHTS

        manifests = (WEIGHTS / "weights.toml", WATERMARK / "weights.toml", SCORER)
        found = [verified_all(manifest) for manifest in manifests]
        models = models_by_weights()
    results = [replace(result, model=models.get(result.name)) for each in found for result in each]
    # A manifest that pins nothing proves nothing.
    passed = all(found) and all(result.ok for result in results)
    if as_json:
        say_json({"ok": passed, "models": [asdict(result) for result in results]})
    else:
        say(*(line_of(result) for result in results))
    if not passed:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def models_by_weights() -> Mapping[str, str]:
    """What `models list` calls that which runs on shipped weights, by their names in the manifests."""
    from detectors.catalog import detectors_by_weights
    from generators.catalog import models_by_weights as generators_by_weights

    return {**detectors_by_weights(), **generators_by_weights()}


def verified_all(manifest: Path) -> list[Verified]:
    """Whether what a manifest pins is what is there, files before folders."""
    from core.weight_folder import read_folders
    from core.weights import read_manifest

    files = [verified(pinned) for pinned in read_manifest(manifest).values()]
    return files + [verified_folder(pinned) for pinned in read_folders(manifest).values()]


def digest(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that a library saved, or a file.")],
    as_json: AsJson = False,
) -> None:
    """Print the digest of a model, all its files together, by which the settings `models` and `classifiers` pin it."""
    with operating(as_json=as_json):
        found = digest_of(model)
    if as_json:
        say_json({"sha256": found})
    else:
        say(found)


def digest_of(model: Path) -> str:
    """What `sha256` has to be for a folder or a file as it is now. Raises PreconditionFailed where there is neither."""
    if not model.is_file():
        from generators.diffusion.checkpoint import digest_of as of_folder

        return of_folder(model)
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(pinned: PinnedWeights) -> Verified:
    """Reads the whole file as the server would."""
    from core.errors import CountersignError

    try:
        pinned.load()
    except CountersignError as error:
        return Verified(pinned.name, pinned.sha256, ok=False, detail=str(error))
    return Verified(pinned.name, pinned.sha256, ok=True, detail=pinned.architecture)


def verified_folder(pinned: PinnedFolder) -> Verified:
    """Reads every file of the folder as the server would."""
    from core.errors import CountersignError

    try:
        with pinned.verified():
            return Verified(pinned.name, pinned.digest, ok=True, detail=f"{len(pinned.files)} files")
    except CountersignError as error:
        return Verified(pinned.name, pinned.digest, ok=False, detail=str(error))


def line_of(result: Verified) -> object:
    """✓ or ✗, the model as `models list` names it, in brackets its weights where they have another name, the digest."""
    mark, style = ("✓", "green") if result.ok else ("✗", "bold red")
    named = result.name if result.model in (None, result.name) else f"{result.model} ({result.name})"
    return cell(f"{mark} {named} sha256:{result.sha256}: {result.detail}", style)


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `models`."""
    group.command("verify")(verify)
    group.command("digest")(digest)
