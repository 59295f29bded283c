"""The process in which hostile media is parsed.

It imports its parsers, locks itself in, says that it is ready, and then answers one job after another until the
socket closes. It trusts its parent and is not trusted by it. This module does not know who asks, nor why.
"""

from __future__ import annotations

import codecs
import ctypes
import gc
import importlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

from core.errors import InvalidInput, LimitExceeded, ParserFailed
from core.limits import Limits
from core.sandbox import wire
from core.sandbox.confinement import Confinement, confine, tie_to_parent
from core.sandbox.contract import Parser, Request
from core.sandbox.failures import describe
from core.sandbox.memory import write_arrays
from core.sandbox.streams import Blobs, MemoryStream

# Python looks a codec up in the file system at its first use, which is too late once we are confined.
_TEXT_CODECS = (
    *("utf-8", "utf-8-sig", "ascii", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
    *("shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr", "iso2022_jp", "koi8-r", "cp1251"),
    *("idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "iso8859-15", "mac-roman"),
)

# What libraries import to fetch their own examples with. Nothing can be fetched in here, and a worker that does without
# starts sooner. Each of them is optional to whoever asks for it.
_UNREACHABLE = ("requests", "urllib3")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


class _AskRefused(Exception):
    """The caller could not answer what a parser asked."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A parser with the options that it is always given."""

    parse: Parser
    options: Mapping[str, Any]


class Worker:
    """Answers the jobs of one parent, which holds the other end of `channel`."""

    def __init__(self, channel: socket.socket, limits: Limits, parsers: Mapping[str, Bound]) -> None:
        self._channel = channel
        self._limits = limits
        self._parsers = parsers

    def serve(self) -> None:
        """Answers jobs until the parent closes the channel."""
        while True:
            try:
                job, descriptors = wire.receive_blocking(self._channel, descriptors=2)
            except EOFError:
                return
            source, target = descriptors
            try:
                self._send(self._answer(job.head, source, target))
            finally:
                os.close(source)
                os.close(target)

    def _send(self, answer: Mapping[str, Any]) -> None:
        try:
            wire.send_blocking(self._channel, wire.Message(answer))
        except (LimitExceeded, TypeError, ValueError) as error:
            failure = error if isinstance(error, LimitExceeded) else _failed(error)
            wire.send_blocking(self._channel, wire.Message({"failure": describe(failure)}))

    def _answer(self, job: Mapping[str, Any], source: int, target: int) -> dict[str, Any]:
        """The failure of the first parser, or the views of it and of the others, whose failures are in their views."""
        views: dict[str, Any] = {}
        end = 0
        try:
            result = MemoryStream(target, limit=self._limits.max_result)
            blobs = Blobs(source, job["lengths"])
            request = Request(blobs, job["mime"], self._limits, job["options"], self._ask, cast("BinaryIO", result))
            for name in job["parsers"]:
                try:
                    views[name], end = self._parse(name, request, target, end)
                except (InvalidInput, LimitExceeded) as error:
                    if not views:
                        raise
                    views[name] = {"facts": {}, "arrays": [], "error": str(error)}
        except (InvalidInput, LimitExceeded) as error:
            return {"failure": describe(error)}
        return {"views": views, "file": result.size}

    def _parse(self, name: str, request: Request, target: int, end: int) -> tuple[dict[str, Any], int]:
        """One parser's view as JSON, its arrays written behind `end`, and the new end.

        Whatever a library throws at hostile input is a failed parse and no more.
        """
        try:
            bound = self._parsers[name]
            view = bound.parse(replace(request, options={**bound.options, **request.options}))
            end = max(end, request.result.seek(0, os.SEEK_END))
            arrays, end = write_arrays(target, view.arrays, end, self._limits.max_result)
        except (InvalidInput, LimitExceeded):
            raise
        except MemoryError as error:
            raise self._out_of_memory() from error
        except Exception as error:
            raise _failed(error) from error
        return {"facts": dict(view.facts), "arrays": arrays, "error": view.error}, end

    def _ask(self, question: bytes) -> bytes:
        wire.send_blocking(self._channel, wire.Message({"ask": True}, bytes(question)))
        reply, _ = wire.receive_blocking(self._channel)
        if reply.head.get("refused"):
            raise _AskRefused("the caller could not answer")
        return reply.body

    def _out_of_memory(self) -> LimitExceeded:
        limit = f"{self._limits.max_memory} bytes"
        return LimitExceeded("parsing took too much memory", field="media.memory", limit=limit, found="more")


def prepare(boot: Mapping[str, Any]) -> tuple[Limits, dict[str, Bound]]:
    """Imports everything, then locks the door behind it."""
    tie_to_parent(boot["parent"])
    _keep_freed_memory()
    limits = Limits(**boot["limits"])
    for name in _TEXT_CODECS:
        codecs.lookup(name)
    for name in _UNREACHABLE:  # None: how the import system knows what cannot be imported
        sys.modules[name] = None  # type: ignore[assignment]
    options, given = boot["options"], frozenset(os.environ)
    parsers = {name: Bound(_load(target), options.get(name, {})) for name, target in boot["parsers"].items()}
    for name in frozenset(os.environ) - given:  # libraries leave paths there when they are imported
        del os.environ[name]
    # What was imported stays for good: the collector, off until now, need never look through it.
    gc.freeze()
    gc.enable()
    confine(limits, Confinement(boot["confinement"]))
    return limits, parsers


def main() -> None:
    """The process: its arguments are the number of its socket, then the parent's import path."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    boot, _ = wire.receive_blocking(channel)
    try:
        limits, parsers = prepare(boot.head)
    except Exception as error:  # noqa: BLE001 - told to the parent, which refuses to start
        wire.send_blocking(channel, wire.Message({"error": f"{type(error).__name__}: {error}"}))
        return
    wire.send_blocking(channel, wire.Message({"ready": True}))
    Worker(channel, limits, parsers).serve()


def _keep_freed_memory() -> None:
    """Makes malloc keep what a picture leaves behind for the next one: fresh pages cost more than decoding does.

    Sizes up to 32 MiB come from the heap, of which up to 64 MiB stay (mallopt(3)). Elsewhere than in glibc, the
    allocator decides.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 64 << 20)


def _load(target: str) -> Parser:
    module_name, _, function = target.partition(":")
    module = importlib.import_module(module_name)
    warm: Callable[[], None] | None = getattr(module, "warm", None)
    if warm is not None:
        warm()
    parser: Parser = getattr(module, function)
    return parser


def _failed(error: Exception) -> ParserFailed:
    # The text of a library's error may quote the file, and refusals are recorded for good: the type has to do.
    return ParserFailed(f"the parser failed on this input ({type(error).__name__})", field="media")
