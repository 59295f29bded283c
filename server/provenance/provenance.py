"""Reads credentials of uploads and signs outputs, both by way of the sandbox.

Holds the identity and never hands its key out: the sandboxed process sends the bytes to be signed and gets a signature.
Knows no file format and no C2PA structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.credential import Credential, CredentialState
from core.errors import IntegrityError, InvalidInput
from core.media import Media, Pixels, View
from core.sandbox import Sandbox
from server.provenance.answers import Answers, Stamps
from server.provenance.claim import Claim
from server.provenance.definition import definition
from server.provenance.identity import Identity
from server.provenance.imprint import Imprint
from server.provenance.ingredients import Ingredient, component_label, outcome
from server.provenance.judge import judge
from server.provenance.parse import SIGNED
from server.provenance.reading import Reading
from server.provenance.recovered import Stores
from server.provenance.said import differences, proves_time
from server.provenance.selftest import Means, prove
from server.provenance.trust import Trust

UNSTAMPED = "org.countersign.timestampMissing"
"""The code, among those of an output's credential, that it was meant to be time-stamped and is not."""


@dataclass(frozen=True, eq=False, slots=True)
class Signed:
    """A signed file, and its credential as read back. beside: the manifest store (JUMBF) of a format that has no place
    for one, b"" where it lies in the file.
    """

    data: bytes
    credential: Credential
    beside: bytes = b""


@dataclass(frozen=True, eq=False, slots=True)
class _Made:
    """What the sandboxed signer gave, not yet believed: a file, the store beside it, whether that is time-stamped."""

    file: bytes
    beside: bytes
    stamped: bool


class Provenance:
    """Credentials in and out. One serves all callers.

    The sandbox MUST have been started with `server.provenance.parse.PARSERS` and, as constant options of
    `credentials`, with `trust.options()`. imprint: what every manifest says beside its claim. stamper: None where
    outputs are not time-stamped.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        identity: Identity,
        trust: Trust,
        imprint: Imprint | None = None,
        stamper: Stamps | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._identity = identity
        self._trust = trust
        self._imprint = imprint or Imprint()
        self._stamper = stamper

    @property
    def trust_digest(self) -> str:
        """Digest of the trust list that credentials are judged by, for the record."""
        return self._trust.digest

    @property
    def trust_text(self) -> str:
        """The trust list itself, which has that digest."""
        return self._trust.text

    @property
    def stores(self) -> Stores:
        """What takes manifest stores out of files, and judges those that were recovered."""
        return Stores(self._sandbox, self._trust)

    async def read(self, media: Media, beside: bytes = b"") -> Credential:
        """What the credentials of opened media are worth. beside: the manifest store that came with it, if any.

        Raises IntegrityError where the sandbox was started with another trust list.
        """
        view = await self._view(media.data, self._trust, beside=beside) if beside else media.view("credentials")
        return judge(view, self._trust)

    async def crjson(self, media: Media, beside: bytes = b"") -> str:
        """The manifest store of opened media in C2PA's crJSON form, as the file has it; "" where none can be read.

        beside: as of `read`. What it is worth is `read`'s business. Raises LimitExceeded where the form is too long.
        """
        view = await self._sandbox.call("crjson", _with(media.data, beside), self._trust.options())
        text: Pixels | None = view.arrays.get("crjson")
        return "" if text is None else text.tobytes().decode("utf-8", "replace")

    async def sign(
        self,
        output: bytes,
        mime: str,
        claim: Claim,
        parent: Media | None = None,
        timeout: float | None = None,
        components: Sequence[Media] = (),
    ) -> Signed:
        """`output` with a signed manifest in it or beside it, read back and found to say exactly what `claim` says.

        mime: of the output. parent: the upload it was made from, required unless the action is "created".
        components: what was placed in it, as many as the claim says. timeout: seconds, for each of the two trips into
        the sandbox. An upload whose own credentials are broken is kept as it is, with its failure recorded.
        Raises InvalidInput for a format that cannot carry a manifest, Unavailable when the key gives no signature (its
        error is the cause) or for want of a time stamp that is required, LimitExceeded past the timeout,
        IntegrityError when the result does not read back right.
        """
        refuse_unusable(mime, claim, parent, components)
        uploads = self._ingredients(parent, components)
        written = definition(claim, mime, parent.digest if parent else "", self._imprint)
        try:
            made = await self._made(output, mime, written, uploads, timeout)
            view = await self._view(made.file, self._trust, timeout, made.beside)
        except InvalidInput as error:  # not the caller's: the output is ours, and the uploads were opened before
            raise IntegrityError(f"the output could not be signed: {error}") from error
        credential = judge(view, self._trust)
        refuse_state(credential, outcome(uploads))
        refuse_difference(view, written, stamped=made.stamped)
        if self._stamper is not None and not made.stamped:
            credential = replace(credential, codes=tuple(sorted({*credential.codes, UNSTAMPED})))
        return Signed(made.file, credential, made.beside)

    async def self_test(self) -> None:
        """MUST run before the first request. Raises ConfigurationError where signing or judging does not work.

        Asks no authority for the time: one that is down would keep a server from starting that can screen all the same.
        """
        await prove(Means(self._signed_bytes, self._signed_as, self._state), self._trust)

    def _ingredients(self, parent: Media | None, components: Sequence[Media]) -> list[Ingredient]:
        """The uploads with what their own credentials are worth, the parent first."""
        found = [Ingredient(parent, self._state_of(parent))] if parent else []
        return found + [
            Ingredient(media, self._state_of(media), "componentOf", component_label(number))
            for number, media in enumerate(components)
        ]

    def _state_of(self, media: Media) -> CredentialState:
        return judge(media.view("credentials"), self._trust).state

    async def _made(
        self, output: bytes, mime: str, written: str, uploads: Sequence[Ingredient], timeout: float | None
    ) -> _Made:
        """The signed file as the sandbox made it."""
        options: dict[str, Any] = {
            **self._trust.options(),
            "mime": mime,
            "definition": written,
            "chain": self._identity.chain_pem,
            "algorithm": self._identity.algorithm,
            "timestamp": self._stamper is not None,
            "ingredients": [{"definition": one.definition, "mime": one.mime} for one in uploads],
        }
        blobs = [output, *(one.media.data for one in uploads)]
        answers = Answers(self._identity.sign, self._stamper)
        view = await self._sandbox.call("sign", blobs, options, answer=answers, timeout=timeout)
        if not view.file:
            raise IntegrityError("the sandboxed signer gave no file")
        store: Pixels | None = view.arrays.get("store")
        if store is not None and view.file != output:
            raise IntegrityError("the sandboxed signer changed a file that its manifest lies beside")
        return _Made(view.file, b"" if store is None else store.tobytes(), answers.stamped)

    async def _view(self, data: bytes, trust: Trust, timeout: float | None = None, beside: bytes = b"") -> View:
        """What the parser `credentials` sees in a file, or in the store beside it, under `trust`."""
        return await self._sandbox.call("credentials", _with(data, beside), trust.options(), timeout=timeout)

    async def _signed_bytes(self, output: bytes, mime: str, claim: Claim) -> bytes:
        """A new file, signed as outputs are, but for the time stamp."""
        unstamped = Provenance(self._sandbox, self._identity, self._trust, self._imprint)
        return (await unstamped.sign(output, mime, claim)).data

    async def _signed_as(self, identity: Identity, output: bytes, mime: str, claim: Claim) -> bytes:
        """A new file, signed by somebody else and not read back."""
        other = Provenance(self._sandbox, identity, self._trust, self._imprint)
        return (await other._made(output, mime, definition(claim, mime), (), None)).file

    async def _state(self, data: bytes, trust: Trust) -> CredentialState:
        """The state of a file under `trust`."""
        return judge(await self._view(data, trust), trust).state


def _with(data: bytes, beside: bytes) -> list[bytes]:
    """The blobs of a file and of the store beside it, if there is one."""
    return [data, beside] if beside else [data]


def refuse_unusable(mime: str, claim: Claim, parent: Media | None, components: Sequence[Media]) -> None:
    """Raises InvalidInput for an order that cannot be signed."""
    if mime not in SIGNED:
        limit = ", ".join(sorted(SIGNED))
        raise InvalidInput(f"{mime} cannot carry credentials", field="mime", limit=limit, found=mime)
    if (parent is None) != (claim.action == "created"):
        raise InvalidInput(f"{claim.action} media must{'' if parent is None else ' not'} have a parent", field="parent")
    if len(components) != claim.components:
        found, limit = str(len(components)), str(claim.components)
        raise InvalidInput("other components than were claimed", field="components", limit=limit, found=found)


def refuse_state(credential: Credential, state: CredentialState) -> None:
    """Raises IntegrityError unless a signed file has the state that it must have."""
    if credential.state is not state:
        codes = ", ".join(credential.codes)
        raise IntegrityError(f"the signed output reads back as {credential.state}, not {state}: {codes}")


def refuse_difference(view: View, written: str, *, stamped: bool = False) -> None:
    """Raises IntegrityError unless a signed file says what was written into its manifest, no more and no less.

    stamped: it must have a time stamp by an authority on the trust list as well.
    """
    store = Reading.of(view).store
    if stamped and not proves_time(store):
        raise IntegrityError("the time stamp of the signed output does not hold")
    if found := differences(store, written):
        raise IntegrityError(f"the signed output does not say what was claimed of it: {', '.join(found)}")
