"""Builds the cache of further drawings: Open Clip Art, each under the licence that it states itself.

    python -m training.corpora.clipart [--cache DIR]

The probes of `generated_image` and `generated_video` learned from 60 of them, and no other shipped weight from any:
they have a manifest of their own, `clipart.tsv`, with the columns of the sprites'. A drawing that states no licence, or
one that is not permitted, is left out and counted: the package is public domain as a whole, and two of its drawings say
GPL.

Left out altogether are the stamps of Tux Paint (GPL-2): a model that is as small as ours remembers drawings, and what
it makes would have to be under their licence. So is FxEmoji (Apache-2.0): its package has lost the code points, so that
half of its drawings cannot be told from their names, and none says whom it shows.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import CorruptMedia, InvalidInput, LimitExceeded
from training.corpora import sprites
from training.corpora.debian import DebianPackages
from training.corpora.photographs import DEFAULT_CACHE
from training.corpora.sprites import SIDE, Sprite
from training.corpora.svg import Rasteriser

PACKAGE, VERSION = "openclipart-svg", "1:0.18+dfsg-19"
FOLDER = "usr/share/openclipart/svg"
SOURCE = "https://openclipart.org"
STYLE = "clipart"
PUBLIC_DOMAIN = "LicenseRef-public-domain"
_NO_GROUP = -1
_STATED = {
    "http://web.resource.org/cc/PublicDomain": PUBLIC_DOMAIN,
    "http://creativecommons.org/licenses/publicdomain/": PUBLIC_DOMAIN,
    "Public Domain": PUBLIC_DOMAIN,
}
"""How drawings write their licence."""
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True, slots=True)
class Said:
    """What a drawing says of itself. licence: an SPDX identifier, or what it wrote where that is none we know."""

    title: str
    tags: tuple[str, ...]
    licence: str


def build(cache: Path, packages: DebianPackages) -> tuple[tuple[Sprite, ...], Counter[str]]:
    """Stores what is missing, writes `clipart.tsv`; its rows, and why how many others were left out."""
    rows: dict[str, Sprite] = {}
    left_out: Counter[str] = Counter()
    with Rasteriser(SIDE) as rasteriser:
        for data in _drawings(packages):
            try:
                row = _build_one(cache, data, rasteriser)
            except (InvalidInput, LimitExceeded) as error:
                left_out[error.message.partition(":")[0]] += 1
            else:
                rows[row.key] = row
    sprites.write(manifest(cache), rows.values())
    return tuple(rows.values()), left_out


def manifest(cache: Path) -> Path:
    """Where the rows of the cache lie."""
    return cache / "sprites" / "clipart.tsv"


def said(svg: bytes) -> Said:
    """What the metadata of a drawing say. Raises CorruptMedia for what is no XML, or no harmless one."""
    try:
        root = fromstring(svg)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise CorruptMedia(f"no XML that may be read: {error}", field="svg") from error
    titles = (_text(work.find(f"{_DC}title")) for work in root.iter() if work.tag.endswith("}Work"))
    return Said(
        title=next(titles, ""),
        tags=tuple(sorted({tag for each in root.iter(f"{_RDF}li") if (tag := _text(each))})),
        licence=_licence(root),
    )


def _build_one(cache: Path, data: bytes, rasteriser: Rasteriser) -> Sprite:
    metadata = said(data)
    if metadata.licence not in sprites.PERMITTED_LICENCES:
        raise InvalidInput("states no licence that permits training", field="licence", found=metadata.licence)
    if not metadata.title:
        raise InvalidInput("has no title", field="title")
    digest = hashlib.sha256(data).hexdigest()
    path = sprites.picture(cache, STYLE, digest[:16])
    if not path.is_file():
        sprites.store(path, rasteriser.draw(data))
    return Sprite(
        key=f"{STYLE}:{digest[:16]}",
        style=STYLE,
        code=digest[:16],
        name=metadata.title,
        tags=" ".join(metadata.tags),
        group=_NO_GROUP,
        tone=0,
        gender="",
        package=PACKAGE,
        version=VERSION,
        licence=metadata.licence,
        source=SOURCE,
        sha256=digest,
    )


def _licence(root: Element) -> str:
    stated = [each.get(f"{_RDF}resource", "") for each in root.iter() if each.tag.rpartition("}")[2] == "license"]
    # One that contradicts itself is under the stricter of its licences: it is left out.
    found = {_STATED.get(each, each) for each in stated}
    return found.pop() if len(found) == 1 else " and ".join(sorted(found))


def _text(element: Element | None) -> str:
    return " ".join(("" if element is None else element.text or "").split())


def _drawings(packages: DebianPackages) -> Iterator[bytes]:
    for member in packages.members(PACKAGE, VERSION, FOLDER):
        if member.endswith(".svg"):
            yield packages.read(PACKAGE, VERSION, member)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.corpora.clipart", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    rows, left_out = build(cache, DebianPackages(cache / "packages"))
    print(f"{len(rows)} drawings, {len({row.name for row in rows})} titles")
    for why, count in left_out.most_common():
        print(f"{count:5} left out: {why}")


if __name__ == "__main__":
    main()
