"""Manifest stores that outlived their files: taken out of what was just signed, and judged again when recovered.

A recovered store cannot match the pixels that it was recovered for. So what binds it to a file is set aside, and said
to be broken; signature, trust, assertions and ingredients are judged as those of any file. Parses nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.credential import Credential, CredentialState
from core.errors import IntegrityError, InvalidInput
from core.media import View
from core.sandbox import Sandbox
from server.provenance.judge import judge
from server.provenance.reading import Reading
from server.provenance.trust import Trust
from server.provenance.verdict import SIGNER_TRUSTED

BROKEN_BINDINGS = frozenset(
    {
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.collectionHash.mismatch",
        "assertion.dataHash.mismatch",
    }
)
"""What C2PA says of a store beside another file than its own."""
_SIGNED = frozenset({CredentialState.TRUSTED, CredentialState.INGREDIENT_FAILED})


class Stores:
    """Manifest stores out of files and on their own, both by way of the sandbox.

    The sandbox MUST have been started with `server.provenance.PARSERS`.
    """

    def __init__(self, sandbox: Sandbox, trust: Trust) -> None:
        self._sandbox = sandbox
        self._trust = trust

    async def take(self, signed: bytes, mime: str) -> bytes:
        """The manifest store (JUMBF) of a file that we just signed. IntegrityError where there is none."""
        try:
            view = await self._sandbox.call("store", [signed], {**self._trust.options(), "mime": mime})
        except InvalidInput as error:
            raise IntegrityError(f"the signed output gives no manifest store: {error}") from error
        found = view.arrays.get("store")
        if found is None:
            raise IntegrityError("the sandbox gave no manifest store")
        return found.tobytes()

    async def only(self, store: bytes, label: str) -> bytes:
        """The store with the labelled manifest alone: what that says of others it was made from leads nowhere then."""
        view = await self._sandbox.call("active", [store], {"label": label})
        return bytes(view.arrays["store"].tobytes())

    async def judge(self, store: bytes) -> Credential:
        """What a recovered store is worth now: RECOVERED_SOFT_BINDING where its signature is trusted, else
        KNOWN_STRIPPED: then nothing that it says is to be believed, and only its codes are told.
        """
        view = await self._sandbox.call("recovered", [store], self._trust.options())
        return judge_recovered(view, self._trust)


def judge_recovered(view: View, trust: Trust) -> Credential:
    """The credential in what the parser `recovered` saw. Raises as `judge` does."""
    reading = Reading.of(view)  # of the right types, whatever the worker answered
    found = judge(replace(view, facts=_without_binding(view.facts)) if reading.store else view, trust)
    broken = BROKEN_BINDINGS.intersection(reading.store.failures if reading.store else ())
    codes = tuple(sorted({*found.codes, *broken}))
    if found.state in _SIGNED:
        return replace(found, state=CredentialState.RECOVERED_SOFT_BINDING, codes=codes)
    return Credential(CredentialState.KNOWN_STRIPPED, codes=codes)


def _without_binding(facts: Any) -> dict[str, Any]:
    """The facts as they would be beside the file that the store was made for."""
    store = facts["store"]
    failures = [code for code in store["failures"] if code not in BROKEN_BINDINGS]
    # c2pa calls the whole Invalid because of the binding. Whatever else is wrong stands among the failures.
    state = "Trusted" if SIGNER_TRUSTED in store["successes"] else "Valid"
    return {**facts, "store": {**store, "failures": failures, "state": state}}
