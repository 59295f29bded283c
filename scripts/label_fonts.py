"""Cuts the two fonts of visible labels out of Noto Sans: `python scripts/label_fonts.py LATIN CJK`.

LATIN: NotoSans-Bold.ttf, of Debian's fonts-noto-core. CJK: NotoSansCJK-Bold.ttc, of fonts-noto-cjk. Beside each font a
text file names the characters that it has, because Pillow does not say so and draws boxes for those that it lacks.
Chinese, Japanese and Korean come with the characters of the phrases below: whoever needs others adds a phrase.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "generators/marking/fonts"
SIMPLIFIED_CHINESE = 2
"""The face of the collection whose shapes are those of the mainland, where the standard that asks for them holds."""

LATIN = (range(0x20, 0x7F), range(0xA0, 0x180), range(0x218, 0x21C), range(0x1E80, 0x1EFA), range(0x2010, 0x2040))
GREEK_AND_CYRILLIC = (range(0x384, 0x3CF), range(0x400, 0x460), range(0x490, 0x494))
KANA = (
    range(0x3001, 0x3003),
    range(0x300C, 0x3010),
    range(0x3041, 0x3097),
    range(0x30A1, 0x30FD),
    range(0xFF01, 0xFF5F),
)
PHRASES = (
    "AI生成 AI合成 AI生成合成 人工智能生成 人工智能合成 人工智能生成合成 由人工智能生成 本内容由人工智能生成合成",
    "可能为疑似人工智能生成合成 本图片视频音频文字虚拟场景 部分内容 经过AI修改编辑增强处理",
    "仅供参考 请注意甄别 水印标识",
    "人工智慧生成 人工智慧合成 由人工智慧生成 本圖片影片內容由人工智慧生成合成 經過修改編輯增強處理",
    "可能為疑似 標識 僅供參考",
    "AIで生成 AI生成画像 人工知能による生成 合成画像 加工 編集済み 動画 作成 この画像はAIで作られました",
    "AI 생성 AI로 생성됨 인공지능 생성 합성 이미지 영상 사진 편집됨 수정됨",
    "이 이미지는 인공지능으로 만들어졌습니다 콘텐츠 변형 표시",
)


def main(latin: str, cjk: str) -> int:
    """Writes fonts and lists of characters."""
    ascii_too = "".join(chr(code) for code in range(0x20, 0x7F))
    cut(TTFont(latin), _characters(*LATIN, *GREEK_AND_CYRILLIC), "latin.ttf")
    wanted = {*ascii_too, *"".join(PHRASES)} | _characters(*KANA)
    cut(TTFont(cjk, fontNumber=SIMPLIFIED_CHINESE), wanted, "cjk.otf")
    return 0


def cut(font: TTFont, wanted: set[str], name: str) -> None:
    """Writes the glyphs of `wanted` that `font` has, without hints and without layout tables."""
    options = Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 13, 14], notdef_outline=True)
    options.desubroutinize = False
    subsetter = Subsetter(options)
    font.recalcTimestamp = False
    has = sorted(filter(_is_visible, wanted & {chr(code) for code in font.getBestCmap()}))
    subsetter.populate(text="".join(has))
    subsetter.subset(font)
    font.save(FONTS / name)
    (FONTS / name).with_suffix(".txt").write_text("".join(has), encoding="utf-8")
    missing = "".join(sorted(wanted - set(has)))
    print(f"{name}: {len(has)} characters, {(FONTS / name).stat().st_size} bytes; the font lacks {missing!r}")


def _is_visible(character: str) -> bool:
    """Whether it is a space or leaves ink: of controls and soft hyphens one could make a text that nobody sees."""
    return character == " " or unicodedata.category(character)[0] not in "ZC"


def _characters(*ranges: range) -> set[str]:
    return {chr(code) for codes in ranges for code in codes}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
