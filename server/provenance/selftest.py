"""Proof at start-up that signing and judging work as configured, and that each kind of trust list vouches as it must.

c2pa ignores settings that it does not know, so a misspelt trust list would pass every file or none without a word.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from PIL import Image

from core.credential import CredentialState
from core.errors import ConfigurationError, CountersignError
from server.provenance.certificates import pem, root_authority
from server.provenance.claim import Binding, Claim
from server.provenance.identity import Identity
from server.provenance.passing import passing_identity
from server.provenance.trust import EMAIL_PROTECTION, ListKind, Trust, TrustList

Sign = Callable[[bytes, str, Claim], Awaitable[bytes]]
SignAs = Callable[[Identity, bytes, str, Claim], Awaitable[bytes]]
StateOf = Callable[[bytes, Trust], Awaitable[CredentialState]]

MIME = "image/png"
CLAIM = Claim(
    title="self-test",
    source_type="trainedAlgorithmicMedia",
    model="self_test",
    model_version="1",
    action="created",
    binding=Binding(policy_digest="", intent_index=0, request_id="self-test"),
)
# Counted from the end of a PNG: the last chunk, IEND, has 12 bytes, and the check sum before it 4; this is pixel data.
ALTERED_AT = -20
TRUSTED, UNTRUSTED = CredentialState.TRUSTED, CredentialState.VALID_UNTRUSTED
WANTED: Mapping[str, CredentialState] = {
    "signed": TRUSTED,
    "altered": CredentialState.INVALID,
    "signed by a stranger": UNTRUSTED,
    "under a list of kind c2pa": TRUSTED,
    "under a list of kind legacy": TRUSTED,
    "under a list of kind tsa": UNTRUSTED,
    "with an old certificate, under a list of kind legacy": TRUSTED,
    "with an old certificate, under a list of kind c2pa": UNTRUSTED,
}
"""What each file of the self-test must read as."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the self-test works with. sign: as outputs are. sign_as: by another identity, and not read back."""

    sign: Sign
    sign_as: SignAs
    state_of: StateOf


async def prove(means: Means, trust: Trust) -> None:
    """Signs pictures and tells them from altered ones, and roots that vouch for their signers from those that do not.

    Raises ConfigurationError naming what was found instead, or with the cause where nothing could be signed.
    """
    try:
        found = await own_files(means, trust) | await listed_files(means, trust)
    except CountersignError as error:
        raise ConfigurationError(f"the provenance self-test could not run: {error}") from error
    refuse_confusion(found)


async def own_files(means: Means, trust: Trust) -> dict[str, CredentialState]:
    """The states of files by our own signer, as configured."""
    good = await means.sign(picture(), MIME, CLAIM)
    altered = bytearray(good)
    altered[ALTERED_AT] ^= 1
    stranger = Trust(pem(root_authority().certificate), trust.purposes)
    return {
        "signed": await means.state_of(good, trust),
        "altered": await means.state_of(bytes(altered), trust),
        "signed by a stranger": await means.state_of(good, stranger),
    }


async def listed_files(means: Means, trust: Trust) -> dict[str, CredentialState]:
    """The states of files by signers made for the moment, whose root is on a list of one kind or another."""
    found = {}
    for words, identity, kinds in (
        ("", passing_identity(), (ListKind.C2PA, ListKind.LEGACY, ListKind.TSA)),
        ("with an old certificate, ", passing_identity((EMAIL_PROTECTION,)), (ListKind.LEGACY, ListKind.C2PA)),
    ):
        file = await means.sign_as(identity, picture(), MIME, CLAIM)
        for kind in kinds:
            listed = replace(trust, lists=(TrustList.of("self-test", kind, identity.root_pem),))
            found[f"{words}under a list of kind {kind}"] = await means.state_of(file, listed)
    return found


def refuse_confusion(found: Mapping[str, CredentialState]) -> None:
    """Raises ConfigurationError unless each file of the self-test has the state that it must have."""
    for name, state in WANTED.items():
        if found[name] is not state:
            raise ConfigurationError(f"provenance self-test: a file {name} reads as {found[name]}, not {state}")


def picture() -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((32, 32)).save(buffer, "PNG")
    return buffer.getvalue()
