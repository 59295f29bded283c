"""What `generated_video` says of films that somebody has, shot by shot, and the share of each verdict.

    python -m training.evaluation.generated_films DIR

Every MP4, MOV and WebM of the folder is opened in the sandbox, as uploads are; what cannot be read is named. For films
of cameras the share that is detected is the rate of false positives.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from core.errors import ConfigurationError, InvalidInput, LimitExceeded
from core.media import Media
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.weights import read_manifest
from detectors.base import Detector, Finding, Verdict
from detectors.catalog import PARSERS as OWN
from detectors.catalog import WEIGHTS, tower_of
from detectors.generated.video import generated_video
from training.evaluation.intervals import proportion

_FORMS = {".mp4", ".mov", ".webm"}


async def opened(paths: Sequence[Path], detector: Detector) -> AsyncIterator[tuple[Path, Media | str]]:
    """Every film with the views that the detector reads, or why it cannot be read."""
    async with await Sandbox.start({**PARSERS, **OWN}, workers=1) as sandbox:
        for path in paths:
            try:
                yield path, await sandbox.open(await asyncio.to_thread(path.read_bytes), detector.views)
            except (InvalidInput, LimitExceeded) as error:
                yield path, error.message


def held(folder: Path) -> list[Path]:
    """The films of a folder, by name. Raises ConfigurationError where there are none."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _FORMS)
    if not paths:
        raise ConfigurationError(f"no film ({', '.join(sorted(_FORMS))}) in {folder}")
    return paths


async def measure(paths: Sequence[Path], detector: Detector) -> Counter[Verdict]:
    """Prints what is said of each film; how often each verdict was."""
    counted: Counter[Verdict] = Counter()
    async for path, media in opened(paths, detector):
        if isinstance(media, str):
            print(f"{path.name}: left out, {media}")
            continue
        (finding,) = detector.detect([media])
        counted[finding.verdict] += 1
        print(f"{path.name}: {_line(finding)}", flush=True)
    return counted


def _line(finding: Finding) -> str:
    texts = [each.data.decode().replace("\n", "; ") for each in finding.evidence if each.kind == "text"]
    ratio = "" if finding.log10_lr is None else f", log10 ratio {finding.log10_lr:+.2f}"
    return f"{finding.verdict}{ratio} {' '.join(finding.codes)} {finding.explanation} {' '.join(texts)}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.generated_films", description=__doc__)
    parser.add_argument("folder", type=Path)
    detector = generated_video(read_manifest(WEIGHTS), tower_of())
    counted = asyncio.run(measure(held(parser.parse_args().folder), detector))
    for verdict in Verdict:
        print(f"{verdict}: {proportion(counted[verdict], counted.total())}")


if __name__ == "__main__":
    main()
