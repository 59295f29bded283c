"""What several tests of provenance share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
import pytest_asyncio

from core.parsers.catalog import PARSERS as CORE_PARSERS
from core.sandbox import Sandbox
from server.provenance import PARSERS, Identity, Provenance, Trust
from tests.provenance.cases import Materials, materials
from tests.provenance.files import make
from tests.provenance.signers import stranger

WORDS = {"Trusted": "trusted", "Valid": "intact", "Invalid": "not intact", "None": "nothing found"}
Validate = Callable[[bytes, str, Trust], "Opinion"]


@dataclass(frozen=True)
class Signed:
    """A file, the list under which its signer is trusted, and its unsigned original."""

    data: bytes
    trust: Trust
    plain: bytes
    mime: str = "image/png"


@dataclass(frozen=True)
class Opinion:
    """What the independent validator says. intact: signature, assertions and content all match. word: its verdict."""

    intact: bool
    trusted: bool
    word: str
    codes: tuple[str, ...]


@pytest.fixture(scope="session")
def identity() -> Identity:
    return stranger()


@pytest.fixture(scope="session")
def trust(identity: Identity) -> Trust:
    return Trust(identity.root_pem)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(trust: Trust) -> AsyncIterator[Sandbox]:
    started = await Sandbox.start({**CORE_PARSERS, **PARSERS}, workers=1, options={"credentials": trust.options()})
    async with started:
        yield started


@pytest.fixture(scope="module")
def provenance(sandbox: Sandbox, identity: Identity, trust: Trust) -> Provenance:
    return Provenance(sandbox, identity, trust)


@pytest.fixture(scope="session")
def have(identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Materials:
    """What the cases of the proof table are made of."""
    return materials(tmp_path_factory.mktemp("materials"), identity)


@pytest.fixture(scope="session")
def expired(have: Materials) -> Signed:
    """Signed while its certificate was valid, without a time stamp; it no longer is."""
    return Signed(have.expired, have.timed(clock=False), make("image/png"))


@pytest.fixture(scope="session")
def expired_parent(have: Materials) -> Signed:
    """Made from such a file while that certificate was valid."""
    return Signed(have.made_from, Trust(have.me.root_pem + have.brief.root_pem), b"", "image/jpeg")


@pytest.fixture(scope="session")
def validate(tmp_path_factory: pytest.TempPathFactory) -> Validate:
    """`encypher-c2pa`, which shares no code with c2pa, offline."""
    home: Path = tmp_path_factory.mktemp("encypher")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(home))
        return validator()


def validator() -> Validate:
    """The same, with its first call behind it, in which it writes down that it may not send telemetry, in the folder
    that ENCYPHER_C2PA_CONFIG_DIR names.
    """
    opinion_of(b"nothing", "image/png", "")
    return lambda data, mime, trust: opinion_of(data, mime, roots(trust, signers=True), roots(trust, signers=False))


def roots(trust: Trust, *, signers: bool) -> str:
    """Those that vouch for signers, or those that vouch for time."""
    return "".join(one.anchors_pem for one in (trust.own, *trust.lists) if one.signs == signers)


def opinion_of(data: bytes, mime: str, anchors: str, clocks: str = "", beside: bytes = b"") -> Opinion:
    """A file that it cannot read at all is not intact. beside: the manifest store that lay beside it."""
    try:
        report: Mapping[str, Any] = encypher_c2pa.verify(
            data,
            mime,
            trust_pem=anchors,
            tsa_trust_pem=clocks or None,
            manifest_store=beside or None,
            no_default_trust=True,
            online=False,
            telemetry=False,
        )
    except ValueError as error:
        return Opinion(intact=False, trusted=False, word="cannot be read", codes=(str(error),))
    return Opinion(
        intact=report["integrity"] == "valid",
        trusted=report["trust"]["status"] == "valid_for_supplied_material",
        word=WORDS[report["validation_state"]],
        codes=tuple(status["code"] for status in report["validation_results"]["failure"]),
    )
