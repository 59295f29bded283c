"""The records that image generators leave in text tags: which tool, and the prompt and model it names.

Recognition is ours and needs only the shape of the record; sd-parsers then reads prompt and model where it can.
Its image extractors are not used: they keep the last file's comment in a global. This module does not know whether
what a record says is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sd_parsers.exceptions import ParserError
from sd_parsers.parsers import (
    AUTOMATIC1111Parser,
    ComfyUIParser,
    FooocusParser,
    InvokeAIParser,
    NovelAIParser,
    Parser,
)

from core.parsers.metadata.bounds import MAX_BLOCK

# Characters of a record that is no workflow: the library's patterns take time by the square of its length.
_MAX_PROSE = 65_536
# Two patterns, one looked for behind the other: as one, with anything between, they would take time by the square too.
_STEPS = re.compile(r"\bSteps: \d")
_SETTING = re.compile(r"\b(?:Sampler|CFG scale|Seed): ")
_MIDJOURNEY = re.compile(r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_IN_EXIF = re.compile(r"^(prompt|workflow):(\{.*\})$", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """One generator's record. tool: its name; the rest is empty where the record does not say."""

    tool: str
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""


def find(texts: Mapping[str, str]) -> Record | None:
    """The record in `texts` (text chunks, comments, UserComment as "parameters"), or None."""
    named = dict(texts)
    for value in texts.values():
        if match := _IN_EXIF.match(value):  # ComfyUI writes WebP records into whatever EXIF field is free
            named.setdefault(match[1].lower(), match[2])
    for tool, recognises, parser, fallback in _TOOLS:
        if recognises(named):
            return _details(tool, named, parser, named.get(fallback, ""))
    return None


def _details(tool: str, texts: Mapping[str, str], parser: type[Parser] | None, text: str) -> Record:
    if parser is not None and (parser is ComfyUIParser or len(text) <= _MAX_PROSE):
        try:
            info = parser().parse(dict(texts))
            models = sorted(str(model.name or model.hash) for model in info.models)
            return Record(tool, info.full_prompt or text, info.full_negative_prompt, ", ".join(models))
        except (ParserError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
            pass  # a record of an unforeseen shape is still a record
    prompt, _, rest = text.partition("Negative prompt:")
    return Record(tool, prompt, rest.partition("\nSteps:")[0])


def _json(texts: Mapping[str, str], key: str) -> Any:
    try:
        return json.loads(texts.get(key, "")[:MAX_BLOCK])
    except (ValueError, RecursionError):
        return None


def _is_fooocus(texts: Mapping[str, str]) -> bool:
    parameters = _json(texts, "parameters")
    return "fooocus_scheme" in texts or (
        isinstance(parameters, dict) and str(parameters.get("version", "")).startswith("Fooocus")
    )


def _is_comfyui(texts: Mapping[str, str]) -> bool:
    prompt, workflow = _json(texts, "prompt"), _json(texts, "workflow")
    if isinstance(prompt, dict) and any(isinstance(node, dict) and "class_type" in node for node in prompt.values()):
        return True
    return isinstance(workflow, dict) and isinstance(workflow.get("nodes"), list)


def _is_novelai(texts: Mapping[str, str]) -> bool:
    return texts.get("Software") == "NovelAI" or texts.get("Source", "").startswith("NovelAI Diffusion")


def _is_invokeai(texts: Mapping[str, str]) -> bool:
    return any(key in texts for key in ("invokeai_metadata", "invokeai_graph", "sd-metadata", "Dream"))


def _is_swarmui(texts: Mapping[str, str]) -> bool:
    parameters = _json(texts, "parameters")
    return isinstance(parameters, dict) and "sui_image_params" in parameters


def _is_midjourney(texts: Mapping[str, str]) -> bool:
    return any(_MIDJOURNEY.search(value[:MAX_BLOCK]) for value in texts.values())


def _is_automatic1111(texts: Mapping[str, str]) -> bool:
    text = texts.get("parameters", "")[:MAX_BLOCK]
    steps = _STEPS.search(text)
    return steps is not None and _SETTING.search(text, steps.end()) is not None


_Rule = tuple[str, Callable[[Mapping[str, str]], bool], type[Parser] | None, str]
_TOOLS: tuple[_Rule, ...] = (
    ("fooocus", _is_fooocus, FooocusParser, "parameters"),
    ("swarmui", _is_swarmui, None, "parameters"),
    ("comfyui", _is_comfyui, ComfyUIParser, "prompt"),
    ("invokeai", _is_invokeai, InvokeAIParser, "Dream"),
    ("novelai", _is_novelai, NovelAIParser, "Description"),
    ("midjourney", _is_midjourney, None, "Description"),
    ("automatic1111", _is_automatic1111, AUTOMATIC1111Parser, "parameters"),
)
