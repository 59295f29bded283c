"""The physical limit of screening here: the same parsers and detectors in a loop, with nothing around them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import cv2

import detectors.catalog
from core.limits import Limits
from core.media import Media, View, digest_of
from core.parsers.catalog import PARSERS
from core.registry import Registry
from core.sandbox import Parser, Request
from core.sandbox.assembly import assemble
from core.sniff import sniff
from detectors.base import Detector
from detectors.hash_list import HashList
from server.provenance import PARSERS as CREDENTIAL_PARSERS
from server.provenance import Trust


class BareLoop:
    """Opens and examines media in this process, on `threads` threads."""

    def __init__(self, trust: Trust) -> None:
        cv2.setNumThreads(1)
        self._detectors: Registry[Detector] = detectors.catalog.build(HashList())
        every = {**PARSERS, **detectors.catalog.PARSERS}
        names = {"pixels", "tags", *(view for detector in self._detectors for view in detector.views)}
        functions = {**{name: every[name] for name in names}, "credentials": CREDENTIAL_PARSERS["credentials"]}
        self._parsers = {name: resolve(function) for name, function in functions.items()}
        self._options = {"credentials": trust.options()}

    def open(self, data: bytes) -> Media:
        """Media parsed in process."""
        kind, mime = sniff(data)
        views: dict[str, View] = {
            name: parse(Request((data,), mime, Limits(), self._options.get(name, {})))
            for name, parse in self._parsers.items()
        }
        return assemble(data, kind, mime, digest_of(data), views)

    def screen(self, data: bytes) -> None:
        """Everything that a screening examines."""
        media = self.open(data)
        for detector in self._detectors:
            detector.detect([media])

    def rate(self, pictures: Sequence[bytes], count: int, threads: int) -> float:
        """Pictures examined per second."""
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(self.screen, (pictures[number % len(pictures)] for number in range(count))):
                pass
        return count / (time.perf_counter() - started)


def resolve(function: str) -> Parser:
    """The function named "package.module:function"."""
    module, name = function.split(":")
    parser: Parser = getattr(import_module(module), name)
    return parser
