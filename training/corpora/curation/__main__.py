"""Says what a built corpus holds, and whether it may be trained on.

    python -m training.corpora.curation [--write docs/data-curation.md] [--check] [--pin]

Ends with 1 and names every fault where a licence is unknown or not permitted, a source or notice is missing, a drawing
or its description is another than was pinned, or scenes do not follow their prior. `--check` looks for the faults of
licences and digests alone, which takes seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.corpora import sprites
from training.corpora.curation import balance, report
from training.corpora.curation.doubles import look
from training.corpora.curation.faults import NOTICES, PINNED, digests, faults, write_pins
from training.corpora.photographs import DEFAULT_CACHE
from training.corpora.sprites import Sprite
from training.scenes.grammar import Grammar
from training.scenes.prior import PRIORS, read_prior
from training.scenes.vocabulary import read_vocabulary

_SEED = 20261128


def curate(cache: Path, rows: Sequence[Sprite], scenes: int = balance.SCENES) -> tuple[str, list[str]]:
    """The report in Markdown, and what does not follow its prior."""
    vocabulary = read_vocabulary()
    lines = [
        "# Data curation: sprites and scenes\n",
        "Written by `python -m training.corpora.curation --write docs/data-curation.md`.\n",
        *report.of_corpus(rows),
        *report.of_doubles(rows, look(cache, rows), vocabulary),
    ]
    unlikely: list[str] = []
    for name in sorted(path.stem for path in PRIORS.glob("*.yaml")):
        text, odd = _scenes(name, Grammar(vocabulary, read_prior(name)), scenes)
        lines += text
        unlikely += odd
    return "\n".join(lines).rstrip() + "\n", unlikely


def _scenes(name: str, grammar: Grammar, count: int) -> tuple[list[str], list[str]]:
    declared = balance.sample(grammar.any, _SEED, count)
    trained = balance.sample(grammar.training, _SEED + 1, count)
    tallies = balance.tally(declared, grammar), balance.tally(trained, grammar)
    roles = balance.roles(declared, grammar, training=False), balance.roles(trained, grammar, training=True)
    odd = [
        f"{name}: {what} is not as declared"
        for what, counts in tallies[0].items()
        if balance.evenness(counts) < balance.UNLIKELY
    ]
    odd += [
        f"{name}: {each.role} is not drawn as declared"
        for both in roles
        for each in both
        if each.chance < balance.UNLIKELY
    ]
    return list(report.of_scenes(name, tallies, roles)), odd


def main() -> int:
    """Command line; 0, or 1 with faults."""
    parser = argparse.ArgumentParser(prog="python -m training.corpora.curation", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.sprites built")
    parser.add_argument("--write", type=Path, help="file that receives the report, instead of the terminal")
    parser.add_argument("--check", action="store_true", help="licences and digests alone")
    parser.add_argument("--pin", action="store_true", help="pin the drawings as they are: the weights are made anew")
    parser.add_argument("--pins", type=Path, default=PINNED)
    parser.add_argument("--notices", type=Path, default=NOTICES)
    arguments = parser.parse_args()
    rows = sprites.read(arguments.cache)
    if arguments.pin:
        write_pins(arguments.pins, digests(rows))
    found = faults(rows, arguments.cache / "packages", arguments.pins, arguments.notices)
    if not arguments.check:
        text, unlikely = curate(arguments.cache, rows)
        found += unlikely
        if arguments.write:
            arguments.write.write_text(text, encoding="utf-8")
        else:
            print(text)
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{len(rows)} drawings, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
