"""What several tests of provenance share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest

from server.provenance import Identity, Trust
from tests.provenance.files import make
from tests.provenance.signers import EDIT, embed, stranger

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
    """What the independent validator says. intact: signature, assertions and content all match."""

    intact: bool
    trusted: bool
    codes: tuple[str, ...]


@pytest.fixture(scope="session")
def identity() -> Identity:
    return stranger()


@pytest.fixture(scope="session")
def trust(identity: Identity) -> Trust:
    return Trust(identity.root_pem)


@pytest.fixture(scope="session")
def aged(identity: Identity) -> tuple[Signed, Signed]:
    """A file signed while its certificate was valid, without a time stamp, and a file made from it then; the
    certificate no longer is valid. c2pa has no clock to set.
    """
    brief = stranger(life=timedelta(seconds=3))
    plain = make("image/png")
    signed = Signed(embed(plain, "image/png", brief), Trust(brief.root_pem), plain)
    both = replace(identity, root_pem=identity.root_pem + brief.root_pem)
    made = embed(plain, "image/png", both, EDIT, (signed.data, "image/png"))
    time.sleep(max(0.0, (brief.not_after - datetime.now(UTC)).total_seconds() + 1.0))
    return signed, Signed(made, Trust(both.root_pem), plain)


@pytest.fixture(scope="session")
def expired(aged: tuple[Signed, Signed]) -> Signed:
    return aged[0]


@pytest.fixture(scope="session")
def expired_parent(aged: tuple[Signed, Signed]) -> Signed:
    return aged[1]


@pytest.fixture(scope="session")
def validate(tmp_path_factory: pytest.TempPathFactory) -> Validate:
    """`encypher-c2pa`, which shares no code with c2pa, offline."""
    home: Path = tmp_path_factory.mktemp("encypher")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(home))  # where it keeps that it may not send telemetry
        opinion_of(b"nothing", "image/png", "")
    return lambda data, mime, trust: opinion_of(data, mime, roots(trust, signers=True), roots(trust, signers=False))


def roots(trust: Trust, *, signers: bool) -> str:
    """Those that vouch for signers, or those that vouch for time."""
    return "".join(one.anchors_pem for one in (trust.own, *trust.lists) if one.signs == signers)


def opinion_of(data: bytes, mime: str, anchors: str, clocks: str = "") -> Opinion:
    """A file that it cannot read at all is not intact."""
    try:
        report: Mapping[str, Any] = encypher_c2pa.verify(
            data,
            mime,
            trust_pem=anchors,
            tsa_trust_pem=clocks or None,
            no_default_trust=True,
            online=False,
            telemetry=False,
        )
    except ValueError as error:
        return Opinion(intact=False, trusted=False, codes=(str(error),))
    return Opinion(
        intact=report["integrity"] == "valid",
        trusted=report["trust"]["status"] == "valid_for_supplied_material",
        codes=tuple(status["code"] for status in report["validation_results"]["failure"]),
    )
