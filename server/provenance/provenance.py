"""Reads credentials of uploads and signs outputs, both by way of the sandbox.

Holds the identity and never hands its key out: the sandboxed process sends the bytes to be signed and gets a signature.
Knows no file format and no C2PA structure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.credential import Credential, CredentialState
from core.errors import IntegrityError, InvalidInput, Unavailable
from core.media import Media, Pixels, View
from core.sandbox import Sandbox
from server.provenance.claim import Claim, definition
from server.provenance.identity import Identity
from server.provenance.judge import judge
from server.provenance.parent import Parent
from server.provenance.parse import FORMATS
from server.provenance.reading import Reading
from server.provenance.selftest import prove
from server.provenance.trust import Trust


@dataclass(frozen=True, eq=False, slots=True)
class Signed:
    """A signed file, and its credential as read back."""

    data: bytes
    credential: Credential


class Provenance:
    """Credentials in and out. One serves all callers.

    The sandbox MUST have been started with `server.provenance.parse.PARSERS` and, as constant options of
    `credentials`, with `trust.options()`.
    """

    def __init__(self, sandbox: Sandbox, identity: Identity, trust: Trust) -> None:
        self._sandbox = sandbox
        self._identity = identity
        self._trust = trust

    @property
    def trust_digest(self) -> str:
        """Digest of the trust list that credentials are judged by, for the record."""
        return self._trust.digest

    @property
    def trust_text(self) -> str:
        """The trust list itself, which has that digest."""
        return self._trust.text

    async def read(self, media: Media) -> Credential:
        """What the credentials of opened media are worth.

        Raises IntegrityError where the sandbox was started with another trust list.
        """
        return judge(media.view("credentials"), self._trust)

    async def sign(
        self, output: bytes, mime: str, claim: Claim, parent: Media | None = None, timeout: float | None = None
    ) -> Signed:
        """`output` with a signed manifest embedded, read back and found to say exactly what `claim` says.

        mime: of the output. parent: the upload it was made from, required unless the action is "created".
        timeout: seconds, for each of the two trips into the sandbox. A parent whose own credentials are broken is kept
        as it is, with its failure recorded.
        Raises InvalidInput for a format that cannot carry a manifest, Unavailable when the key gives no signature (its
        error is the cause), LimitExceeded past the timeout, IntegrityError when the result does not read back right.
        """
        refuse_unusable(mime, claim, parent)
        upload = Parent(parent, judge(parent.view("credentials"), self._trust).state) if parent else None
        try:
            signed = await self._embed(output, mime, claim, upload, timeout)
            view = await self._view(signed, self._trust, timeout)
        except InvalidInput as error:  # not the caller's: the output is ours, and the upload was opened before
            raise IntegrityError(f"the output could not be signed: {error}") from error
        credential = judge(view, self._trust)
        refuse_difference(credential, view, claim, upload)
        return Signed(signed, credential)

    async def self_test(self) -> None:
        """MUST run before the first request. Raises ConfigurationError where signing or judging does not work."""
        await prove(self._signed_bytes, self._state, self._trust)

    async def _embed(
        self, output: bytes, mime: str, claim: Claim, parent: Parent | None, timeout: float | None
    ) -> bytes:
        """The signed file as the sandbox made it, not yet believed."""
        options: dict[str, Any] = {
            **self._trust.options(),
            "mime": mime,
            "definition": definition(claim, mime, parent.media.digest if parent else ""),
            "chain": self._identity.chain_pem,
            "algorithm": self._identity.algorithm,
        }
        blobs = [output]
        if parent is not None:
            options |= {"parent": parent.ingredient, "parent_mime": parent.mime}
            blobs.append(parent.media.data)
        answer = OneSignature(self._identity.sign)
        view = await self._sandbox.call("sign", blobs, options, answer=answer, timeout=timeout)
        signed: Pixels | None = view.arrays.get("signed")
        if signed is None:
            raise IntegrityError("the sandboxed signer gave no file")
        return signed.tobytes()

    async def _view(self, data: bytes, trust: Trust, timeout: float | None = None) -> View:
        """What the parser `credentials` sees in a file under `trust`."""
        return await self._sandbox.call("credentials", [data], trust.options(), timeout=timeout)

    async def _signed_bytes(self, output: bytes, mime: str, claim: Claim) -> bytes:
        """A new file, signed."""
        return (await self.sign(output, mime, claim)).data

    async def _state(self, data: bytes, trust: Trust) -> CredentialState:
        """The state of a file under `trust`."""
        return judge(await self._view(data, trust), trust).state


class OneSignature:
    """The answer to a sandboxed signer: a single signature, so that a worker taken over gains no second one."""

    def __init__(self, sign: Callable[[bytes], bytes]) -> None:
        self._sign = sign
        self._used = False

    def __call__(self, question: bytes) -> bytes:
        """The signature of `question`. Raises Unavailable, caused by what the key raised."""
        if self._used:
            raise IntegrityError("the sandbox asked for a second signature")
        self._used = True
        try:
            return self._sign(question)
        except Exception as error:
            raise Unavailable("the signing key gave no signature") from error


def refuse_unusable(mime: str, claim: Claim, parent: Media | None) -> None:
    """Raises InvalidInput for an order that cannot be signed."""
    if mime not in FORMATS:
        limit = ", ".join(sorted(FORMATS))
        raise InvalidInput(f"{mime} cannot carry credentials", field="mime", limit=limit, found=mime)
    if (parent is None) != (claim.action == "created"):
        raise InvalidInput(f"{claim.action} media must{'' if parent is None else ' not'} have a parent", field="parent")


def refuse_difference(credential: Credential, view: View, claim: Claim, parent: Parent | None) -> None:
    """Raises IntegrityError unless a signed file has the state it must have and says what was claimed, no more."""
    state = parent.outcome if parent else CredentialState.TRUSTED
    if credential.state is not state:
        codes = ", ".join(credential.codes)
        raise IntegrityError(f"the signed output reads back as {credential.state}, not {state}: {codes}")
    store = Reading.of(view).store
    active = store and store.active_manifest
    said = active and (active.actions, active.source_types, active.parents)
    if said != (claim.actions, (claim.source_uri,), int(parent is not None)):
        raise IntegrityError("the signed output does not say what was claimed of it")
