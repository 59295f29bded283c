"""Proof at start-up that signing and judging work as configured.

c2pa ignores settings that it does not know, so a misspelt trust list would pass every file or none without a word.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping

from PIL import Image

from core.credential import CredentialState
from core.errors import ConfigurationError, CountersignError
from server.provenance.certificates import pem, root_authority
from server.provenance.claim import Binding, Claim
from server.provenance.trust import Trust

Sign = Callable[[bytes, str, Claim], Awaitable[bytes]]
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


async def prove(sign: Sign, state_of: StateOf, trust: Trust) -> None:
    """Signs a picture and tells it from its altered copy, and our root from a stranger's.

    Raises ConfigurationError naming what was found instead, or with the cause where nothing could be signed.
    """
    try:
        good = await sign(picture(), MIME, CLAIM)
        altered = bytearray(good)
        altered[ALTERED_AT] ^= 1
        stranger = Trust(pem(root_authority().certificate), trust.purposes)
        found = {
            "signed": await state_of(good, trust),
            "altered": await state_of(bytes(altered), trust),
            "signed by a stranger": await state_of(good, stranger),
        }
    except CountersignError as error:
        raise ConfigurationError(f"the provenance self-test could not run: {error}") from error
    refuse_confusion(found)


def refuse_confusion(found: Mapping[str, CredentialState]) -> None:
    """Raises ConfigurationError unless each file of the self-test has the state that it must have."""
    wanted = {
        "signed": CredentialState.TRUSTED,
        "altered": CredentialState.INVALID,
        "signed by a stranger": CredentialState.VALID_UNTRUSTED,
    }
    for name, state in wanted.items():
        if found[name] is not state:
            raise ConfigurationError(f"provenance self-test: a file {name} reads as {found[name]}, not {state}")


def picture() -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((32, 32)).save(buffer, "PNG")
    return buffer.getvalue()
