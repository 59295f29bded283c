"""What callers ask for, as values, and the JSON by which a repeated request is recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from core.errors import InvalidInput
from core.media import digest_of
from generators.base import CONTROL, MASK, PROMPT, SOURCE, Generator, Value
from generators.marking.label import Label
from policies.prompts import MAX_WORDS, count_words
from server.audit import Recorded
from server.auth import Caller

MAX_SEED = 2**53 - 1
"""Readers of JSON, and so of log entries, agree on no integer beyond it (RFC 8259, section 6)."""
Report: TypeAlias = Callable[[str, float], None]
"""Told the stage ("examining", "making", "finishing", "signing", "recording") and the fraction of it that is done."""


@dataclass(frozen=True, eq=False, slots=True)
class Upload:
    """Media to screen. declared_mime: what the uploader claims, "" when nothing was claimed. subject: the caller's own
    opaque name of the uploader, "" when not told.
    """

    request_id: str
    data: bytes
    surface: str = ""
    jurisdiction: str = ""
    declared_mime: str = ""
    subject: str = ""

    def content(self) -> dict[str, Any]:
        """What makes a second request with this id the same one."""
        return {"method": "screen", "media": digest_of(self.data), **self.screening()}

    def screening(self) -> dict[str, Any]:
        """The part of `content` that is not the media."""
        return {"surface": self.surface, "jurisdiction": self.jurisdiction, "declared_mime": self.declared_mime}


@dataclass(frozen=True, slots=True)
class Declared:
    """What the platform says of an order, and nobody checks; None where it says nothing.

    purpose: a word of its own. likeness: a real person who can be recognised is to be shown. consent: everybody who can
    be recognised agreed to it.
    """

    purpose: str | None = None
    likeness: bool | None = None
    consent: bool | None = None

    def json(self) -> dict[str, Any]:
        """What was declared, by name."""
        values = {"purpose": self.purpose, "likeness": self.likeness, "consent": self.consent}
        return {name: value for name, value in values.items() if value is not None}


UNDECLARED = Declared()


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """Media to make: of a prompt, of uploads, or of both. subject: as of `Upload`.

    source: to be improved or begun from. mask, control: as of `generators.base.Job`. label: to be drawn visibly, None
    where the requester wants none; policy may demand one all the same. previews: unfinished work is to be shown.
    private: the output is not to tell where, by which device and by whose the source was made (`generators.privacy`).
    output_mime: the format of the output, "" for the source's own.
    """

    request_id: str
    model: Generator
    parameters: Mapping[str, Value] = field(default_factory=dict)
    source: bytes | None = None
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    surface: str = ""
    jurisdiction: str = ""
    subject: str = ""
    declared: Declared = UNDECLARED
    label: Label | None = None
    mask: bytes | None = None
    control: bytes | None = None
    previews: bool = False
    private: bool = False
    output_mime: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidInput before anything is examined or made: for a seed that the log could not record, for
        prompts of more words than policies read, since what no rule can judge must not be made, and for pictures that
        the model does not take.
        """
        if abs(self.seed) > MAX_SEED:
            raise InvalidInput("the seed is too large", field="seed", limit=f"±{MAX_SEED}", found=str(self.seed))
        for name, text in (("prompt", self.prompt), ("negative_prompt", self.negative_prompt)):
            if (found := count_words(text)) > MAX_WORDS:
                message = f"the {name} has too many words"
                raise InvalidInput(message, field=name, limit=f"{MAX_WORDS} words", found=str(found))
        for name in self.pictures:
            if name not in self.model.inputs:
                taken = ", ".join(sorted(self.model.inputs))
                raise InvalidInput(f"{self.model.name} takes no {name}", field=name, limit=taken, found=name)
        if self.mask is not None and self.source is None:
            raise InvalidInput("a mask needs the source that it is of", field="source", limit="a picture", found="none")

    @property
    def pictures(self) -> dict[str, bytes]:
        """The uploads that came with it, by name, in the order in which they are looked at."""
        given = {SOURCE: self.source, MASK: self.mask, CONTROL: self.control}
        return {name: data for name, data in given.items() if data is not None}

    @property
    def source_type(self) -> str:
        """The IPTC digitalSourceType of what comes of it."""
        text = {PROMPT} if self.prompt or self.negative_prompt else set()
        return self.model.source_type_of(text | self.pictures.keys())

    def content(self) -> dict[str, Any]:
        """What makes a second request with this id the same one. The model's version is not part of it: a retry
        after an upgrade gets the first answer.
        """
        return {
            "method": "make",
            "model": self.model.name,
            "parameters": dict(self.parameters),
            "source": digest_of(self.source) if self.source is not None else "",
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "seed": self.seed,
            "surface": self.surface,
            "jurisdiction": self.jurisdiction,
            **self._declared(),
            # Only where there are some: a request recorded before these existed is still the same one.
            **({"label": self.label.content()} if self.label else {}),
            **self._asked(),
            **{name: digest_of(data) for name, data in self.pictures.items() if name != SOURCE},
        }

    def told(self) -> dict[str, Any]:
        """What policies may look at of it, by the fields of `policies.base.Subject`."""
        return {
            "model": self.model.name,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "parameters": self.parameters,
            "purpose": self.declared.purpose,
            "likeness": self.declared.likeness,
            "consent": self.declared.consent,
        }

    def work(self) -> dict[str, Any]:
        """What the log says about the work. Prompts are the requester's words and stay out of a permanent leaf."""
        return {
            "model": self.model.name,
            "version": self.model.version,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            **self._asked(),
            **self._declared(),
        }

    def _asked(self) -> dict[str, Any]:
        """What is asked of the file, where it is more than usual."""
        asked = {"private": self.private, "output_mime": self.output_mime}
        return {name: value for name, value in asked.items() if value}

    def _declared(self) -> dict[str, Any]:
        """Absent where nothing was declared, as in the requests and leaves of releases that knew no declarations."""
        declared = self.declared.json()
        return {"declared": declared} if declared else {}


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """The end of an order: its record, and the signed file unless the decision blocks it. beside: as of
    `server.provenance.Signed`.
    """

    recorded: Recorded
    output: bytes | None
    beside: bytes = b""


class Request:
    """The identity of one request: who asks, under which id, for what (as a digest), and about whom.

    The subject is no part of the digest, which stays in the log when the subject is erased.
    """

    def __init__(self, caller: Caller, request_id: str, content: Mapping[str, Any], subject: str = "") -> None:
        self.caller = caller
        self.id = request_id
        self.subject = subject
        self.digest = request_digest(content)

    @property
    def key(self) -> tuple[str, str]:
        """What makes the request unique: the tenant and the id."""
        return self.caller.tenant, self.id


def request_digest(content: Mapping[str, Any]) -> str:
    """Digest of what a request asks for: the same request_id with another digest is a conflict."""
    return digest_of(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
