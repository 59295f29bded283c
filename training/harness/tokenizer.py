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
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    # The bytes that may end a word are named beforehand: the trainer numbers those that it finds in another order in
    # each process, so that a resumed run would speak another language, and a word that ends otherwise would be cut off.
    trainer = trainers.BpeTrainer(
        vocab_size=words,
        special_tokens=[_START, _END, *(f"{byte}</w>" for byte in alphabet)],
        initial_alphabet=alphabet,
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
    merges = [tuple(merge) for merge in model["merges"]]
    return CLIPTokenizer(vocab=model["vocab"], merges=merges, model_max_length=WINDOW)
