"""Makes the tokenizer of the scenes' language: CLIP's byte-pair encoding, learned from captions and names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.corpora import sprites
from training.scenes.source import Source

WINDOW = 32
"""Tokens of a caption, its two ends included."""
WORDS = 2048
_CAPTIONS = 20_000
_START, _END = "<|startoftext|>", "<|endoftext|>"


def learn(texts: Iterable[str], words: int = WORDS) -> CLIPTokenizer:
    """A tokenizer of at most `words` entries that knows every byte, so that no text is unknown to it."""
    pairs = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=_END))
    # Cut and folded as transformers' CLIPTokenizer does it, or merges would be learned that it never meets.
    stock = CLIPTokenizer(vocab={_START: 0, _END: 1}, merges=[]).backend_tokenizer
    pairs.normalizer, pairs.pre_tokenizer = stock.normalizer, stock.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=words - 256,
        special_tokens=[_START, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    pairs.train_from_iterator(texts, trainer)
    return _clip(pairs)


def texts(source: Source, cache: Path) -> Iterable[str]:
    """What the tokenizer learns from: captions of the scenes, and names and tags of all sprites."""
    rng = np.random.default_rng(source.seed)
    for index in rng.integers(2**31, size=_CAPTIONS):
        yield source.caption(source.scene(int(index)), int(index))
    for row in sprites.read(cache):
        yield f"{row.name} {row.tags}"


def _clip(pairs: Tokenizer) -> CLIPTokenizer:
    model = json.loads(pairs.to_str())["model"]
    vocabulary: dict[str, int] = model["vocab"]
    # Bytes that no caption ends a word with: without them a word that does would be cut off at its end.
    ends = [f"{byte}</w>" for byte in sorted(pre_tokenizers.ByteLevel.alphabet())]
    missing = [end for end in ends if end not in vocabulary]
    vocabulary |= {end: len(vocabulary) + index for index, end in enumerate(missing)}
    merges = [tuple(merge) for merge in model["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=WINDOW)
