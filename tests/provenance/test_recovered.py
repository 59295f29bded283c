"""Manifest stores that outlived their files."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.credential import CredentialState
from core.errors import IntegrityError
from core.limits import Limits
from core.parsers.catalog import PARSERS as MEDIA
from core.sandbox import Sandbox
from server.provenance import PARSERS, Identity, Stores, Trust
from server.provenance.recovered import BROKEN_BINDINGS
from tests.provenance.files import make
from tests.provenance.signers import embed, stranger


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(trust: Trust) -> AsyncIterator[Sandbox]:
    parsers = {**MEDIA, **PARSERS}
    async with await Sandbox.start(parsers, Limits(), 1, options={"credentials": trust.options()}) as started:
        yield started


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "video/mp4"])
async def test_a_store_that_was_taken_out_is_trusted_without_its_file(
    sandbox: Sandbox, identity: Identity, trust: Trust, mime: str
) -> None:
    stores = Stores(sandbox, trust)
    store = await stores.take(embed(make(mime), mime, identity), mime)
    credential = await stores.judge(store)
    assert credential.state is CredentialState.RECOVERED_SOFT_BINDING
    assert BROKEN_BINDINGS.intersection(credential.codes)
    assert credential.manifest_id
    assert credential.manifests


async def test_what_a_stranger_signed_is_not_believed(sandbox: Sandbox, trust: Trust) -> None:
    stores = Stores(sandbox, trust)
    store = await stores.take(embed(make("image/png"), "image/png", stranger()), "image/png")
    credential = await stores.judge(store)
    assert credential.state is CredentialState.KNOWN_STRIPPED
    assert "signingCredential.untrusted" in credential.codes
    assert (credential.digital_source_types, credential.manifests, credential.issuer) == ((), (), "")


async def test_a_store_that_was_changed_is_not_believed(sandbox: Sandbox, identity: Identity, trust: Trust) -> None:
    stores = Stores(sandbox, trust)
    store = await stores.take(embed(make("image/png"), "image/png", identity), "image/png")
    assert b"digitalSourceType" in store
    credential = await stores.judge(store.replace(b"trainedAlgorithmicMedia", b"trainedAlgorithmicMedio"))
    assert credential.state is CredentialState.KNOWN_STRIPPED
    assert "assertion.hashedURI.mismatch" in credential.codes
    for damaged in (store[:-40], store[: len(store) // 2], b"", b"\0" * 100):
        assert (await stores.judge(damaged)).state is CredentialState.KNOWN_STRIPPED


async def test_a_file_without_a_store_gives_none(sandbox: Sandbox, trust: Trust) -> None:
    with pytest.raises(IntegrityError, match="no manifest store"):
        await Stores(sandbox, trust).take(make("image/png"), "image/png")
