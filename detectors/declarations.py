"""Which tags count as a declaration that a model made or changed the media, and how each is called in a finding.

Only fields in which software names itself are searched for product names: a caption about a place called Sora is no
declaration. Knows the facts of `core.parsers.tags`; does not know what follows from a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.aigc import KEY, Aigc, parse

# IPTC NewsCodes, digitalsourcetype: the terms that say that a trained model or another algorithm made it or part of it.
SOURCE_TYPES = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "compositeSynthetic",
)
# Code by pattern, matched as words without regard to case.
SOFTWARE = {
    "adobe_firefly": r"adobe firefly|firefly (?:image|video) ?(?:model)?",
    "bing_image_creator": r"bing image creator|microsoft designer|image creator from designer",
    "black_forest_labs": r"black forest labs|ai generated;(?:txt2img|img2img);flux|flux\.[12]",
    "civitai": r"civitai",
    "comfyui": r"comfyui",
    "craiyon": r"craiyon",
    "dall_e": r"dall[·.\- ]?e(?:[ -]?[23])?",
    "draw_things": r"draw things",
    "dreamstudio": r"dreamstudio|stability\.?ai|stability ai",
    "fooocus": r"fooocus",
    "google_ai": r"made with google ai|edited with google ai|google gemini|imagen ?[234]?|veo ?[234]?",
    "grok": r"grok|aurora by xai",
    "hunyuan": r"hunyuan(?:video|image)?",
    "ideogram": r"ideogram(?:\.ai)?",
    "invokeai": r"invoke ?ai",
    "kling": r"kling(?: ?ai)?|kuaishou kling",
    "leonardo_ai": r"leonardo\.?ai",
    "luma_dream_machine": r"luma dream machine|dream machine",
    "meta_ai": r"imagined with ai|made with ai|meta ai",
    "midjourney": r"midjourney",
    "nightcafe": r"nightcafe",
    "novelai": r"novelai",
    "openai": r"openai|chatgpt|gpt-image-?[12]?|gpt-4o",
    "pika": r"pika labs|pika\.art",
    "recraft": r"recraft",
    "runway": r"runwayml|runway gen-?[1234]",
    "seedream": r"seedream|seedance|jimeng|dreamina",
    "sora": r"sora(?: ?2)?",
    "stable_diffusion": r"stable[ -]diffusion|sdxl|stable-diffusion-webui",
    "swarmui": r"swarmui",
}
_NAMES = re.compile("|".join(rf"(?P<{name}>\b(?:{pattern})\b)" for name, pattern in SOFTWARE.items()), re.IGNORECASE)
# Section and field in which a program or service names itself.
_FIELDS = {
    "exif": ("Software", "Make", "ProcessingSoftware", "ImageEditingSoftware"),
    "xmp": ("CreatorTool", "softwareAgent", "Credit", "AISystemUsed", "Software", "Producer"),
    "iptc": ("OriginatingProgram", "Credit"),
    "text": ("Software", "Source", "Credit", "generator"),
    "container": ("encoder", "software", "com.apple.quicktime.software", "encoding_tool", "generator"),
}
# A label in what is no JSON: single quotes, escaped quotes, cut off.
_LABEL = re.compile(r"\bLabel\W{1,6}([123])\b", re.IGNORECASE)
_DIFFUSION = frozenset(("automatic1111", "comfyui", "fooocus", "invokeai", "novelai", "swarmui"))


def codes(facts: Mapping[str, Any]) -> set[str]:
    """The codes of every declaration in the facts of the `tags` parser; empty when nothing is declared."""
    labels = {f"tc260.aigc_{found.label}" for found in aigc(facts)}
    return {*_record(facts), *_source_types(facts), *_software(facts), *labels}


def _record(facts: Mapping[str, Any]) -> Iterator[str]:
    record = facts.get("generation")
    if not record:
        return
    tool = str(record["tool"])
    yield f"software.{tool}"
    if tool == "comfyui":
        yield "comfyui.workflow"
    if tool in _DIFFUSION and record.get("prompt"):
        yield "sd.prompt"


def _source_types(facts: Mapping[str, Any]) -> Iterator[str]:
    for key, value in facts.get("xmp", {}).items():
        if key.partition(".")[0] == "DigitalSourceType":
            term = value.rstrip("/").rpartition("/")[2]
            yield from (f"iptc.{known}" for known in SOURCE_TYPES if known.casefold() == term.casefold())


def _software(facts: Mapping[str, Any]) -> Iterator[str]:
    for section, wanted in _FIELDS.items():
        for key, value in facts.get(section, {}).items():
            if key in wanted or key.partition(".")[0] in wanted or key.rpartition(".")[2] in wanted:
                yield from (f"software.{match.lastgroup}" for match in _NAMES.finditer(value[:512]))
    if any(key.partition(".")[0].startswith("AISystem") for key in facts.get("xmp", {})):
        yield "iptc.AISystemUsed"


def aigc(facts: Mapping[str, Any]) -> Iterator[Aigc]:
    """Every declaration of GB 45438-2025 whose label can be read, with what else it says."""
    for value, _ in _aigc_values(facts):
        if found := parse(value):
            yield found
        elif sloppy := _LABEL.search(value[:1024]):
            yield Aigc(sloppy[1])


def has_unreadable_aigc(facts: Mapping[str, Any]) -> bool:
    """Whether a field named AIGC says neither that the content is generated, nor possibly, nor suspected to be."""
    return any(named and not parse(value) and not _LABEL.search(value[:1024]) for value, named in _aigc_values(facts))


def _aigc_values(facts: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Texts that may be such a declaration, and whether the field itself says so, wherever writers put it."""
    for section in ("exif", "xmp", "text", "container"):
        for key, value in facts.get(section, {}).items():
            named = KEY.casefold() in (key.partition(".")[0].casefold(), key.rpartition(".")[2].casefold())
            if named or (f'"{KEY}"' in value[:256] and value.startswith("{")):
                yield value, named
