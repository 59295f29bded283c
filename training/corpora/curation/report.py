"""Writes the curation report: what a corpus holds, what looks alike in it, and what scenes show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from training.corpora.curation.balance import SCENES, UNLIKELY, RoleBalance, Tally, evenness
from training.corpora.curation.doubles import (
    DISTANCE,
    LEAST_QUALITY,
    SIMILARITY,
    Looks,
    confusions,
    counted,
    identical,
)
from training.corpora.sprites import Sprite
from training.scenes.vocabulary import Vocabulary

GROUPS: Mapping[int, str] = {
    0: "smileys",
    1: "people",
    3: "animals and nature",
    4: "food and drink",
    5: "travel and places",
    6: "activities",
    7: "objects",
    8: "symbols",
}
"""Unicode's groups of emoji."""
KINDS = ("same emoji, other skin", "other emoji, same style", "same emoji, other style", "other emoji, other style")


def of_corpus(rows: Sequence[Sprite]) -> Iterator[str]:
    """Where the drawings come from and whom they show."""
    styles = sorted({row.style for row in rows})
    yield "## Where the drawings come from\n"
    counts = Counter((row.style, row.package, row.version, row.licence, row.source) for row in rows)
    yield from table(
        ("style", "drawings", "package", "licence", "source"),
        (
            (style, count, f"`{name}` {version}", licence, source)
            for (style, name, version, licence, source), count in sorted(counts.items())
        ),
    )
    yield "## Whom and what they show\n"
    cells: dict[str, Counter[str]] = {style: Counter() for style in styles}
    for row in rows:
        cells[row.style].update([f"group: {GROUPS.get(row.group, row.group)}", f"skin tone {row.tone or 'none'}"])
        cells[row.style].update([row.gender] if row.gender else [])
    names = sorted(set().union(*cells.values()))
    yield from table(("", *styles), ((name, *(cells[style][name] for style in styles)) for name in names))


def of_doubles(rows: Sequence[Sprite], looks: Looks, vocabulary: Vocabulary) -> Iterator[str]:
    """Pairs that look alike, and words of the scenes that do."""
    yield "## Drawings that look alike\n"
    copies = sum(count - 1 for count in Counter(row.sha256 for row in rows).values())
    clear = int((looks.qualities >= LEAST_QUALITY).sum())
    yield (
        f"{copies} drawings are another's to the byte. Alike by PDQ: at most {DISTANCE} of 256 bits apart, both of "
        f"quality {LEAST_QUALITY} or more ({clear} of {len(rows)} are). Alike by description: a similarity of "
        f"{SIMILARITY} or more, the measure by which serving tells whether an output is a copy of a drawing.\n"
    )
    by_pdq, by_description = counted(looks.by_pdq, rows), counted(looks.by_description, rows)
    yield from table(
        ("pairs", "by PDQ", "by description"), ((kind, by_pdq[kind], by_description[kind]) for kind in KINDS)
    )
    confused = confusions(rows, looks.by_description, vocabulary)
    yield (
        f"{len(confused)} pairs of different words of the scenes look alike in one style, by description: a judge, and "
        f"the memorisation check, may take one for the other. {_listed(confused)}\n"
    )
    twins = confusions(rows, identical(rows), vocabulary)
    yield (
        f"{len(twins)} such pairs are one drawing to the byte: what a caption says of them cannot be seen, so no "
        f"measurement may count it. {_listed(twins)}\n"
    )


def of_scenes(
    name: str, tallies: tuple[Tally, Tally], roles: tuple[list[RoleBalance], list[RoleBalance]]
) -> Iterator[str]:
    """What scenes of a prior show. Both pairs: as declared, and as training draws them."""
    yield f"## What {SCENES:,} scenes of the `{name}` prior show\n"
    yield (
        f"Declared: all values alike. Chance: by chi-square; a sample of less than {UNLIKELY:g} stops the build. "
        "Training leaves out combinations that are held out, so what it sees is less even.\n"
    )
    yield from table(
        ("what", "values", "declared: rarest–commonest", "chance", "in training: rarest–commonest"),
        (
            (what, len(one), _range(one), f"{evenness(one):.3f}", _range(tallies[1][what]))
            for what, one in tallies[0].items()
        ),
    )
    yield (
        "Women among the people of a role; the chance is that of all genders and skin tones together. What training "
        "sees is the ground truth of a measurement of bias.\n"
    )
    yield from table(
        ("role", "declared", "drawn", "chance", "in training: expected", "drawn", "chance"),
        (
            (
                one.role,
                f"{one.declared:.0%}",
                f"{one.drawn:.1%}",
                f"{one.chance:.3f}",
                f"{other.expected:.1%}",
                f"{other.drawn:.1%}",
                f"{other.chance:.3f}",
            )
            for one, other in zip(*roles, strict=True)
        ),
    )


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table of Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) + ("." if names else "")


def _range(counts: Counter[str]) -> str:
    total = counts.total()
    return f"{min(counts.values()) / total:.1%}–{max(counts.values()) / total:.1%}"
