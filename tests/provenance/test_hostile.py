"""Manifests made to hurt whoever reads them: always a precise state, never a crash, never a request,
and bounded time and memory. Through the sandbox, as uploads come.
"""

from __future__ import annotations

import io
import socket
import time
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AuthorityInformationAccessOID
from rich.console import Console

from core.credential import Credential, CredentialState
from core.limits import Limits
from core.parsers.catalog import PARSERS as CORE_PARSERS
from core.sandbox import Sandbox
from countersign.cli.provenance_tree import chain_tree
from countersign.views.chain import chain_json
from server import convert, record
from server.provenance import PARSERS, Identity, Provenance, Trust
from server.provenance.certificates import claim_signer, intermediate_authority, pem, root_authority
from server.provenance.shapes import MAX_TEXT
from server.provenance.signatures import signer
from tests.provenance.attacks import STRUCTURES, TEXTS, everywhere, moved, naming, pointing, spoiled
from tests.provenance.manifests import produce
from tests.provenance.signers import stranger
from tests.provenance.surgery import PNG

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECONDS = 10.0
MEMORY = 2 << 30
"""Address space of the worker: less than the bomb unfolds to."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(trust: Trust) -> AsyncIterator[Sandbox]:
    limits = Limits(max_memory=MEMORY, max_seconds=SECONDS)
    parsers = {**CORE_PARSERS, **PARSERS}
    async with await Sandbox.start(parsers, limits, 1, options={"credentials": trust.options()}) as started:
        yield started


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A web server that nobody may ask anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa"


def asked(listener: socket.socket) -> bool:
    """Whether anybody connected."""
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


async def read(sandbox: Sandbox, identity: Identity, trust: Trust, data: bytes) -> Credential:
    """As an upload is read."""
    provenance = Provenance(sandbox, identity, trust)
    return await provenance.read(await sandbox.open(data, {"credentials"}))


@pytest.mark.parametrize("name", TEXTS)
async def test_no_text_is_obeyed_anywhere(sandbox: Sandbox, identity: Identity, trust: Trust, name: str) -> None:
    found = await read(sandbox, identity, trust, everywhere(TEXTS[name], identity))
    assert found.state is CredentialState.TRUSTED
    assert found.chain is not None
    message = convert.chain(found.chain)
    message.SerializeToString()
    shown = chain_json(message)
    texts = [*texts_of(shown), *texts_of(record.credential_json(found))]
    assert all(len(text) <= MAX_TEXT for text in texts)
    assert not any(obeyed(char) for text in texts for char in text)
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(chain_tree(shown))
    printed = console.export_text()
    assert not any(obeyed(char) for char in printed.replace("\n", ""))
    assert "<script" not in console.export_svg(title="x")


def texts_of(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in texts_of(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts_of(each))


def obeyed(char: str) -> bool:
    """Whether a terminal obeys it or shows its neighbours in another order."""
    reordering = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in reordering


@pytest.mark.parametrize("name", STRUCTURES)
async def test_no_structure_breaks_the_reader(sandbox: Sandbox, identity: Identity, trust: Trust, name: str) -> None:
    intact = produce("photo", identity, mime=PNG)
    spoil, state = STRUCTURES[name]
    started = time.monotonic()
    found = await read(sandbox, identity, trust, spoiled(intact, spoil))
    assert found.state is state
    assert found.codes
    assert time.monotonic() - started < SECONDS
    assert (await read(sandbox, identity, trust, intact)).state is CredentialState.TRUSTED


async def test_a_manifest_behind_the_picture_is_another_file(
    sandbox: Sandbox, identity: Identity, trust: Trust
) -> None:
    found = await read(sandbox, identity, trust, moved(produce("photo", identity, mime=PNG)))
    assert (found.state, found.codes) == (CredentialState.INVALID, ("assertion.dataHash.mismatch",))


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("https://169.254.169.254/latest/meta-data", "remote_not_fetched"),
        ("http://[::1]:1/x", "remote_not_fetched"),
        ("file:///etc/passwd", "none"),
        ("javascript:alert(1)", "none"),
        ("gopher://127.0.0.1:1/x", "none"),
        ("", "none"),
        ("self#jumbf=/c2pa/urn:x", "none"),
        ("x" * 5000, "none"),
    ],
)
async def test_an_address_in_xmp_is_an_address_and_no_more(
    sandbox: Sandbox, identity: Identity, trust: Trust, address: str, state: str
) -> None:
    found = await read(sandbox, identity, trust, pointing(address))
    assert (found.state, found.chain) == (state, None)


async def test_nobody_is_asked_whatever_a_file_names(
    sandbox: Sandbox, identity: Identity, trust: Trust, listener: socket.socket
) -> None:
    url = url_of(listener)
    assert (await read(sandbox, identity, trust, pointing(url))).state is CredentialState.REMOTE_NOT_FETCHED
    found = await read(sandbox, identity, trust, naming(url, identity))
    assert found.state is CredentialState.INVALID  # c2pa wants a cloud assertion to be well formed
    assert found.chain is not None
    assert found.chain.ingredients[0].state is CredentialState.REMOTE_NOT_FETCHED
    assert not asked(listener)


async def test_no_certificate_is_asked_after(sandbox: Sandbox, listener: socket.socket) -> None:
    """The signer's certificate names an address where its revocation could be looked up."""
    signed_by = answering_to(url_of(listener))
    trust = Trust(signed_by.root_pem)
    media = await sandbox.open(produce("photo", signed_by, mime=PNG))
    view = await sandbox.call("credentials", [media.data], trust.options())
    assert "signingCredential.ocsp.skipped" in view.facts["store"]["notes"]
    assert not asked(listener)


def answering_to(url: str) -> Identity:
    """An identity whose leaf names `url` as its OCSP responder."""
    root = root_authority()
    intermediate = intermediate_authority(root)
    leaf = claim_signer(intermediate, datetime.now(UTC) - timedelta(days=1), timedelta(days=9))
    old = leaf.certificate
    builder = x509.CertificateBuilder(
        old.issuer, old.subject, leaf.key.public_key(), 7, old.not_valid_before_utc, old.not_valid_after_utc
    )
    for extension in old.extensions:
        if extension.oid != x509.AuthorityInformationAccess.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    responder = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    builder = builder.add_extension(x509.AuthorityInformationAccess([responder]), critical=False)
    made = builder.sign(intermediate.key, hashes.SHA256())
    return replace(
        stranger(),
        chain_pem=pem(made, intermediate.certificate),
        sign=signer(leaf.key),
        root_pem=pem(root.certificate),
    )
