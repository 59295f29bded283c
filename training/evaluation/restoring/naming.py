"""What the names of files say in the sets of the field: which picture is the large one, and which was made of it.

"baby.png" and "babyx4.png", "img_001_SRF_4_HR.png" and "img_001_SRF_4_LR.png", "3096.png" and "3096_noisy25.png" are
partners, and so are pictures of one name. The module knows names, and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_WORDS = r"[ ._-](?:(?P<large>hr|gt|clean)|(?P<small>lr(?:bi|bd|dn)?|noisy))"
_MARK = re.compile(
    rf"(?:{_WORDS}"
    r"|[ ._-]lr(?:bi|bd|dn)?[ _-]?(?P<reduced>[2-48])"
    r"|[ ._-](?:noisy|noise|sigma)[ _=-]?(?P<level>\d{1,3})"
    r"|[ ._-]?(?:x|srf[ ._-]?)(?P<factor>[2-48])(?:[dmw]\d?)?)$"  # DIV2K's difficult, mild and wild
)
_APART = re.compile(rf"(?:[ ._-]|\d|{_WORDS})$")
"""What a factor may follow and be one without a doubt: "tex2" may be the second texture."""


@dataclass(frozen=True, slots=True)
class Name:
    """plain: without ending and marks. large, small: whether it is marked as one. factor: of the sides; level: σ of the
    noise, 8-bit steps; None where it tells none.
    """

    plain: str
    large: bool = False
    small: bool = False
    factor: int | None = None
    level: int | None = None


def names_of(paths: Iterable[Path]) -> dict[Path, Name]:
    """What files are called, read together; capitals do not count.

    A factor right behind a letter is one only where a file is called what remains, as "baby" is beside "babyx4". Where
    one name is marked as the large one, the same name without any mark is of what was made from it.
    """
    paths = list(paths)
    known = frozenset(_read(path, frozenset()).plain for path in paths)
    names = {path: _read(path, known) for path in paths}
    marked = {name.plain for name in names.values() if name.large}
    return {
        path: replace(name, small=True) if name == Name(name.plain) and name.plain in marked else name
        for path, name in names.items()
    }


def originals(paths: Sequence[Path]) -> list[Path]:
    """The files of a folder that are no small versions of others in it."""
    names = names_of(paths)
    if _pairs(names.values()):
        return [path for path in paths if names[path].large]
    whole = {name.plain for name in names.values() if not _made(name)}
    return [path for path in paths if not _made(names[path]) or names[path].plain not in whole]


def made_from_others(paths: Sequence[Path]) -> list[Path]:
    """The files of a folder that are small or spoiled versions, where others are not."""
    names = names_of(paths)
    if _pairs(names.values()):
        return [path for path in paths if _made(names[path])]
    made = {name.plain for name in names.values() if _made(name)}
    return [path for path in paths if _made(names[path]) or names[path].plain not in made]


def agree(large: Name, small: Name) -> bool:
    """Whether both are of one picture: equal but for the marks, and of one factor where both tell it."""
    return large.plain == small.plain and (None in (large.factor, small.factor) or large.factor == small.factor)


def _read(path: Path, known: Collection[str]) -> Name:
    """Takes marks off the end, one after another, for as long as something remains."""
    name = Name(path.stem.lower())
    while (mark := _MARK.search(name.plain)) is not None and mark.start() and _counts(mark, name, known):
        factor = mark["factor"] or mark["reduced"]
        name = Name(
            name.plain[: mark.start()],
            name.large or bool(mark["large"]),
            name.small or bool(mark["small"] or mark["reduced"] or mark["level"]),
            int(factor) if factor else name.factor,
            int(mark["level"]) if mark["level"] else name.level,
        )
    return name


def _counts(mark: re.Match[str], name: Name, known: Collection[str]) -> bool:
    """Whether it is one: a name tells no second factor, and a letter before one leaves a doubt."""
    factor = mark["factor"]
    if not factor:
        return True
    remains = name.plain[: mark.start()]
    sure = mark.group()[0] in " ._-" or _APART.search(remains) is not None
    return name.factor in (None, int(factor)) if sure else name.factor is None and remains in known


def _made(name: Name) -> bool:
    return name.small or bool(name.factor and not name.large)


def _pairs(names: Collection[Name]) -> bool:
    """Whether a folder holds both sides under names that say so; what is marked as neither is another's result."""
    return any(name.large for name in names) and any(name.small for name in names)
