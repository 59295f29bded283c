"""Which emoji packages the sprites come from, and what each emoji is called.

It knows packages, code points and names. It does not know how a drawing becomes pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.corpora.npm import NpmPackage, unpacked

NAMES = NpmPackage(
    "emojibase-data",
    "17.0.0",
    "Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==",
    "MIT",
    "https://github.com/milesj/emojibase",
)
"""English names, tags and skin variants of every emoji."""
STYLES: Mapping[str, NpmPackage] = {
    "3d": NpmPackage(
        "@lobehub/fluent-emoji-3d",
        "1.1.0",
        "Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    "flat": NpmPackage(
        "@iconify-json/fluent-emoji-flat",
        "1.2.6",
        "RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    "cartoon": NpmPackage(
        "@iconify-json/noto",
        "1.2.9",
        "DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
        "Apache-2.0",
        "https://github.com/googlefonts/noto-emoji",
    ),
}
"""The package that draws each style. Marks of other people's (flags of companies, their logos) are in none of them."""
_VARIATION = "-fe0f"  # asks for a coloured drawing (Unicode 17, 23.4): all of ours are
_FLAGS, _COMPONENTS = 9, 2


@dataclass(frozen=True, slots=True)
class Emoji:
    """One emoji. code: its code points in hexadecimal, lower case, joined by hyphens, without variation selectors.

    name: in English, without the skin tone. group: Unicode's number of its group. tone: 0 for none, 1 (light) to 5
    (dark). gender: "man", "woman" or "" where the name says neither.
    """

    code: str
    name: str
    tags: tuple[str, ...]
    group: int
    tone: int = 0
    gender: str = ""


def code_of(text: str) -> str:
    """Code points as `Emoji.code` writes them: "1F468-1F3FB-200D-2695-FE0F" → "1f468-1f3fb-200d-2695"."""
    return text.lower().replace(_VARIATION, "")


def emoji(packages: Path) -> Iterator[Emoji]:
    """Every emoji with one skin tone or none; flags and parts of emoji are left out.

    packages: folder of unpacked packages.
    """
    rows: list[dict[str, Any]] = json.loads((unpacked(NAMES, packages) / "en" / "data.json").read_bytes())
    for row in rows:
        if row.get("group") in {None, _FLAGS, _COMPONENTS}:
            continue
        yield _emoji(row, row, 0)
        yield from (_emoji(row, skin, skin["tone"]) for skin in row.get("skins", ()) if isinstance(skin["tone"], int))


def drawings(style: str, packages: Path) -> dict[str, bytes]:
    """The drawings of a style by code: WebP of 256×256 px for "3d", SVG for the others."""
    folder = unpacked(STYLES[style], packages)
    if style == "3d":
        return {code_of(path.stem): path.read_bytes() for path in sorted((folder / "assets").glob("*.webp"))}
    icons: dict[str, Any] = json.loads((folder / "icons.json").read_bytes())
    codes: dict[str, str] = json.loads((folder / "chars.json").read_bytes())
    side = icons["height"]
    bodies = icons["icons"]
    return {code_of(code): _svg(bodies[name]["body"], side) for code, name in codes.items() if name in bodies}


def _svg(body: str, side: int) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{body}</svg>'.encode()


def _emoji(row: Mapping[str, Any], variant: Mapping[str, Any], tone: int) -> Emoji:
    name: str = row["label"]
    words = name.split()
    gender = next((word for word in ("man", "woman") if word in words), "")
    return Emoji(code_of(variant["hexcode"]), name, tuple(row.get("tags", ())), row["group"], tone, gender)
