"""The fonts of labels hold what their lists say, and set characters as high as they have to be."""

from __future__ import annotations

import io

import pytest
from fontTools.ttLib import TTFont

from generators.marking import typeface

PHRASES = [
    "AI-generated",
    "Made with AI",
    "Généré par IA",
    "KI-generiert: geändert",
    "wygenerowano przez SI",
    "vytvořeno umělou inteligencí",
    "yapay zekâ ile üretildi",
    "Створено ШІ",
    "Δημιουργήθηκε με ΤΝ",
    "Tạo bởi AI",
    "AI生成",
    "人工智能生成合成",
    "人工智慧生成",
    "この画像はAIで作られました",
    "AI 생성",
]


@pytest.mark.parametrize("index", [0, 1])
def test_the_lists_name_what_the_fonts_hold(index: int) -> None:
    face = typeface.faces()[index]
    font = TTFont(io.BytesIO(face.data))
    assert face.characters == {chr(code) for code in font.getBestCmap()}
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    pillow = face.at(40)
    assert all(typeface.ink(pillow, character).size for character in face.characters - {" "})


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize("height", [9, 23, 70])
def test_common_labels_can_be_set_and_are_high_enough(phrase: str, height: int) -> None:
    face = typeface.face_of(phrase)
    assert face is not None
    font = typeface.fitted(face, phrase, height)
    assert typeface.character_height(font, phrase) >= height
    assert typeface.character_height(face.at(int(font.size) - 1), phrase) < height


def test_capitals_count_where_there_are_any_and_small_letters_where_not() -> None:
    face = typeface.faces()[0]
    assert typeface.fitted(face, "AI made", 40).size == typeface.fitted(face, "AI", 40).size
    assert typeface.fitted(face, "made", 40).size > typeface.fitted(face, "Made", 40).size


def test_a_script_without_a_font_is_named() -> None:
    assert typeface.face_of("ذكاء AI") is None
    assert typeface.missing("ذكاء AI") == ["ذ", "ك", "ا", "ء"]
