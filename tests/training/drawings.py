"""Drawings for tests: packages as npm carries them, filled with coloured shapes for every word of the vocabulary.

They are read by the same code as the real ones, so that tests need neither a network nor the real drawings.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from training.corpora.emoji import NAMES, STYLES
from training.corpora.npm import NpmPackage
from training.scenes.vocabulary import Vocabulary

PEOPLE = 1  # Unicode's group
TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")


def shape(code: str, side: int = 128) -> npt.NDArray[np.uint8]:
    """A disc or a square with a hole, RGBA, in a vivid colour that is the code's own."""
    digest = hashlib.sha256(code.encode()).digest()
    hue, middle = digest[0] * 179 // 255, side // 2
    vivid = cv2.cvtColor(np.array([[[hue, 230, 220]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    red, green, blue = (int(value) for value in vivid)
    drawn = np.zeros((side, side, 4), np.uint8)
    if digest[1] % 2:
        cv2.circle(drawn, (middle, middle), side * 2 // 5, (red, green, blue, 255), -1)
    else:
        cv2.rectangle(drawn, (side // 8, side // 8), (side * 7 // 8, side * 7 // 8), (red, green, blue, 255), -1)
    cv2.circle(drawn, (middle, middle), side * (1 + digest[2] % 4) // 20, (60, 60, 60, 255), -1)
    return drawn


def shapes(vocabulary: Vocabulary) -> dict[str, npt.NDArray[np.uint8]]:
    """A shape for every key that a scene can ask for, as `training.scenes.source.drawings_of` gives them."""
    keys = vocabulary.keys()
    return {key: shape(key) for key in keys}


def write_packages(packages: Path, vocabulary: Vocabulary) -> None:
    """Every package that the sprites come from, as if it had been downloaded and unpacked.

    Codes are written as the real packages write them: in capitals in the names, and with variation selectors.
    """
    things = list(vocabulary.objects.items())
    rows = [{"label": word, "hexcode": code.upper(), "tags": [f"a {word}"], "group": 3} for word, code in things]
    rows += [_role(vocabulary, role, gender) for role in vocabulary.roles for gender in ("man", "woman")]
    rows += [{"label": "flag", "hexcode": "1F3C1", "group": 9}, {"label": "letter", "hexcode": "1F1E6"}]
    _write(packages, NAMES, "en/data.json", json.dumps(rows).encode())
    keys = vocabulary.keys()
    codes = sorted({key.partition(":")[2] for key in keys})
    for code in codes:
        _write(packages, STYLES["3d"], f"assets/{code}-fe0f.webp", _webp(code))
    for style in set(STYLES) - {"3d"}:
        icons = {f"name-of-{code}": {"body": _body(style, code)} for code in codes}
        _write(packages, STYLES[style], "icons.json", json.dumps({"height": 32, "icons": icons}).encode())
        _write(packages, STYLES[style], "chars.json", json.dumps({code: f"name-of-{code}" for code in codes}).encode())
    for package in (NAMES, *STYLES.values()):
        _write(packages, package, "package.json", json.dumps({"license": package.licence}).encode())


def _role(vocabulary: Vocabulary, role: str, gender: str) -> dict[str, object]:
    skins: list[dict[str, object]] = [
        {"hexcode": vocabulary.code(role, gender, tone).upper() + "-FE0F", "tone": tone} for tone in range(1, 6)
    ]
    skins.append({"hexcode": "1F9D1-1F3FB-200D-1F91D-200D-1F9D1-1F3FC", "tone": [1, 2]})
    code = vocabulary.code(role, gender).upper()
    return {"label": f"{gender} {role}", "hexcode": code, "tags": [role], "group": PEOPLE, "skins": skins}


def _webp(code: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(shape(f"3d:{code}", side=64)).save(file, format="WEBP", lossless=True, method=0)
    return file.getvalue()


def _body(style: str, code: str) -> str:
    red, green, blue, _ = shape(f"{style}:{code}", side=8)[4, 1]
    return f'<circle cx="16" cy="16" r="12" fill="rgb({red},{green},{blue})"/>'


def _write(packages: Path, package: NpmPackage, member: str, data: bytes) -> None:
    folder = f"{package.name.replace('/', '-').lstrip('@')}-{package.version}"
    path = packages / folder / "package" / member
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
