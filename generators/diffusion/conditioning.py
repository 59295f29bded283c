"""Prompts as the text encoder sees them: validated, weighed, in tensors.

This module knows tokens. It does not know what is painted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import InvalidInput
from generators.diffusion import emphasis
from generators.diffusion.components import Components

_MAX_CHARACTERS = 8192
"""Of one prompt before it is counted in tokens: no window is that long."""
_GAPS = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt's tokens without those of start and end, and the weight of each. text: without the notation of those."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    text: str = ""


def tokens_of(components: Components, prompt: str, *, field: str = "prompt", needed: bool = True) -> Tokens:
    """The tokens of a prompt, its notation of emphasis read.

    Raises InvalidInput naming `field`, with limit and found: for control characters, for a prompt that shows nothing
    where one is needed, for too much weight, and for more tokens than the model reads, none of which may be lost
    silently.
    """
    refuse_unreadable(prompt, field, needed=needed)
    weighted = emphasis.parse(prompt, field=field)
    read = components.tokenizer.backend_tokenizer.encode(weighted.text, add_special_tokens=False)
    room = components.window - 2
    if len(read.ids) > room:
        raise _refusal(f"the {field} is too long for the model", field, f"{room} tokens", f"{len(read.ids)} tokens")
    _refuse_special(components, weighted.text, read, field)
    if needed and not read.ids:
        raise _refusal(f"the model reads nothing in the {field}", field, "one token or more", "none")
    return Tokens(tuple(read.ids), tuple(weighted.weights[start] for start, _ in read.offsets), weighted.text)


def embed(components: Components, prompts: Sequence[Tokens]) -> torch.Tensor:
    """Embeddings, float (n, window, width). A token of weight w lies w times as far from the empty prompt's as it did.

    The interpolation is that of ComfyUI and compel; without emphasis, the encoder's output is left as it is.
    """
    made = _encoded(components, [tokens.ids for tokens in prompts])
    if any(weight != 1.0 for tokens in prompts for weight in tokens.weights):
        empty = _encoded(components, [()])
        weights = torch.ones(made.shape[:2], dtype=made.dtype)
        for row, tokens in enumerate(prompts):
            weights[row, 1 : 1 + len(tokens.weights)] = torch.tensor(tokens.weights, dtype=made.dtype)
        weights = weights.to(made.device)[..., None]
        made = torch.where(weights == 1.0, made, empty + weights * (made - empty))
    return made


def _refuse_special(components: Components, text: str, read: Any, field: str) -> None:
    """Tokens that mark start, end and the unknown: written out, or in place of what the vocabulary lacks."""
    special = frozenset(components.tokenizer.all_special_ids)
    for token, (start, end) in zip(read.ids, read.offsets, strict=True):
        if token in special:
            message = f"the {field} holds something that the model does not read"
            raise _refusal(message, field, "what its vocabulary has", text[start:end][:64])


def refuse_unreadable(prompt: str, field: str, *, needed: bool) -> None:
    """Raises InvalidInput naming `field` for what is no text, and where text is needed, for what shows none."""
    if len(prompt) > _MAX_CHARACTERS:
        limit = f"{_MAX_CHARACTERS} characters"
        raise _refusal(f"the {field} is too long", field, limit, f"{len(prompt)} characters")
    for character in prompt:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _GAPS:
            found = f"U+{ord(character):04X}"
            raise _refusal(f"the {field} holds what is no text", field, "no control characters", found)
    if needed and not any(character.isprintable() and not character.isspace() for character in prompt):
        found = f"{len(prompt)} characters, none of them visible" if prompt else "nothing"
        raise _refusal(f"the {field} says nothing", field, "one visible character or more", found)


def _encoded(components: Components, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
    """The encoder's last hidden states, padded to the window as the stock pipelines do."""
    tokenizer, window = components.tokenizer, components.window
    ids = torch.full((len(prompts), window), tokenizer.pad_token_id)
    for row, tokens in enumerate(prompts):
        whole = [tokenizer.bos_token_id, *tokens, tokenizer.eos_token_id]
        ids[row, : len(whole)] = torch.tensor(whole)
    with torch.inference_mode():
        states: torch.Tensor = components.text_encoder(ids.to(components.device))[0]
    return states


def _refusal(message: str, field: str, limit: str, found: str) -> InvalidInput:
    return InvalidInput(message, field=field, limit=limit, found=found)
