"""What the names of files say in the sets of the field: which picture is the large one, and which was made of it.

"baby.png" and "babyx4.png", "img_001_SRF_4_HR.png" and "img_001_SRF_4_LR.png" are partners, and so are pictures of one
name. The module knows names, and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(
    r"[ ._-](?P<large>hr|gt|clean)"
    r"|[ ._-](?P<small>lr(?:bi|bd|dn)?|noisy)[ _-]?(?P<level>\d?)"
    r"|[ ._-]?(?:x|srf[ ._-]?)(?P<factor>\d)(?:[dmw]\d?)?"  # DIV2K's difficult, mild and wild
)
_MARKS_AT_THE_END = re.compile(rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', _MARK.pattern)})+$")


@dataclass(frozen=True, slots=True)
class Name:
    """plain: without ending and marks. large, small: whether it is marked as one. factor: 0 where it tells none."""

    plain: str
    large: bool = False
    small: bool = False
    factor: int = 0


def name_of(path: Path) -> Name:
    """What a file is called; capitals do not count. A name of nothing but marks is taken as it is."""
    stem = path.stem.lower()
    at_the_end = _MARKS_AT_THE_END.search(stem)
    if at_the_end is None or at_the_end.start() == 0:
        return Name(stem)
    marks = [found.groupdict() for found in _MARK.finditer(at_the_end.group())]
    told = [int(digit) for each in marks for digit in (each["factor"], each["level"]) if digit]
    return Name(
        stem[: at_the_end.start()],
        any(each["large"] for each in marks),
        any(each["small"] for each in marks),
        next(iter(told), 0),
    )


def originals(paths: Sequence[Path]) -> list[Path]:
    """The files of a folder that are no small versions of others in it."""
    names = {path: name_of(path) for path in paths}
    if _pairs(names.values()):
        return [path for path in paths if names[path].large]
    whole = {name.plain for name in names.values() if not _made(name)}
    return [path for path in paths if not _made(names[path]) or names[path].plain not in whole]


def made_from_others(paths: Sequence[Path]) -> list[Path]:
    """The files of a folder that are small or spoiled versions, where others are not."""
    names = {path: name_of(path) for path in paths}
    if _pairs(names.values()):
        return [path for path in paths if names[path].small]
    made = {name.plain for name in names.values() if _made(name)}
    return [path for path in paths if _made(names[path]) or names[path].plain not in made]


def agree(large: Path, small: Path) -> bool:
    """Whether both names are of one picture: equal but for the marks, and of one factor where both tell it."""
    one, other = name_of(large), name_of(small)
    return one.plain == other.plain and (not one.factor or not other.factor or one.factor == other.factor)


def _made(name: Name) -> bool:
    return name.small or bool(name.factor and not name.large)


def _pairs(names: Collection[Name]) -> bool:
    """Whether a folder holds both sides under names that say so; what is marked as neither is another's result."""
    return any(name.large for name in names) and any(name.small for name in names)
