"""Time stamps in signatures: they hold for both readers in every format, outlive the signer, and cannot be put in by
halves; without an authority outputs leave or stay, as configured.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cbor2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.credential import CredentialState
from core.errors import IntegrityError, LimitExceeded, Unavailable
from core.parsers.catalog import PARSERS as CORE_PARSERS
from core.sandbox import Sandbox
from server.audit.outside.authority import Authority
from server.provenance import PARSERS, Identity, Provenance, Trust
from server.provenance.answers import Answers
from server.provenance.countersigning import SIGN1, Signature
from server.provenance.provenance import UNSTAMPED
from server.provenance.questions import StampQuestion
from server.provenance.stamper import Stamper
from server.provenance.trust import ListKind, TrustList
from tests import dicoms
from tests.outside.authority import Tsa, serving
from tests.outside.strangers import Stranger
from tests.provenance.conftest import Validate
from tests.provenance.files import MIMES, MOV, make
from tests.provenance.signers import CLAIM, judged, stranger

pytestmark = pytest.mark.asyncio(loop_scope="module")
PNG = "image/png"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa.make(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def authority(tsa: Tsa) -> Iterator[Stranger]:
    with serving(tsa) as server:
        yield server


@pytest.fixture(scope="module")
def timed(trust: Trust, tsa: Tsa) -> Trust:
    """With the authority's root on a list of its own."""
    return Trust(trust.anchors_pem, lists=(TrustList.of("time", ListKind.TSA, tsa.roots.decode()),))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(timed: Trust) -> AsyncIterator[Sandbox]:
    started = await Sandbox.start({**CORE_PARSERS, **PARSERS}, workers=1, options={"credentials": timed.options()})
    async with started:
        yield started


class Missed:
    """Counts outputs without a time stamp."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def stamped_by(
    url: str, tsa: Tsa, sandbox: Sandbox, identity: Identity, trust: Trust, *, required: bool = True
) -> tuple[Provenance, Missed]:
    missed = Missed()
    stamper = Stamper(Authority(url, tsa.roots, timeout=2), required=required, missed=missed)
    return Provenance(sandbox, identity, trust, stamper=stamper), missed


def successes(data: bytes, mime: str, trust: Trust) -> set[str]:
    """What c2pa found in order."""
    store = json.loads(judged(data, mime, trust).store_json)
    return {one["code"] for one in store["validation_results"]["activeManifest"]["success"]}


@pytest.mark.parametrize("mime", [*MIMES, MOV])
async def test_every_format_takes_a_time_stamp_that_both_readers_accept(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa, authority: Stranger, validate: Validate, mime: str
) -> None:
    provenance, missed = stamped_by(authority.url, tsa, sandbox, identity, timed)
    signed = await provenance.sign(make(mime), mime, CLAIM)
    assert (signed.credential.state, missed.count) == (CredentialState.TRUSTED, 0)
    assert successes(signed.data, mime, timed) >= {"timeStamp.validated", "timeStamp.trusted"}
    opinion = validate(signed.data, mime, timed)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion.codes


async def test_a_store_beside_its_file_takes_one_too(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa, authority: Stranger
) -> None:
    provenance, _ = stamped_by(authority.url, tsa, sandbox, identity, timed)
    signed = await provenance.sign(dicoms.real(dicoms.MR), dicoms.MIME, CLAIM)
    assert signed.credential.state is CredentialState.TRUSTED
    found = json.loads(signed.credential.store_json)["validation_results"]["activeManifest"]["success"]
    assert {one["code"] for one in found} >= {"timeStamp.validated", "timeStamp.trusted"}


async def test_a_store_over_several_segments_takes_one_too(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa, authority: Stranger, validate: Validate
) -> None:
    """More than a JPEG segment holds, 64 KiB, because the ingredients bring their manifests along."""
    provenance, _ = stamped_by(authority.url, tsa, sandbox, identity, timed)
    part = await sandbox.open((await provenance.sign(make(PNG), PNG, CLAIM)).data, {"credentials"})
    claim = replace(CLAIM, components=6, source_type="compositeWithTrainedAlgorithmicMedia")
    parts = [
        await sandbox.open((await provenance.sign(make(PNG, side), PNG, CLAIM)).data, {"credentials"})
        for side in range(32, 37)
    ]
    signed = await provenance.sign(make("image/jpeg"), "image/jpeg", claim, components=[part, *parts])
    assert len(signed.data) - len(make("image/jpeg")) > 0x10000
    assert successes(signed.data, "image/jpeg", timed) >= {"timeStamp.validated", "timeStamp.trusted"}
    assert validate(signed.data, "image/jpeg", timed).trusted


async def test_a_stamped_signature_outlives_its_certificate(
    sandbox: Sandbox, tsa: Tsa, authority: Stranger, validate: Validate
) -> None:
    brief = stranger(life=timedelta(seconds=3))
    believed = Trust(brief.root_pem, lists=(TrustList.of("time", ListKind.TSA, tsa.roots.decode()),))
    provenance, _ = stamped_by(authority.url, tsa, sandbox, brief, believed)
    signed = await provenance.sign(make(PNG), PNG, CLAIM)
    await asyncio.sleep(max(0.0, (brief.not_after - datetime.now(UTC)).total_seconds() + 1.0))
    assert judged(signed.data, PNG, believed).state is CredentialState.TRUSTED
    assert judged(signed.data, PNG, Trust(brief.root_pem)).state is CredentialState.EXPIRED_NO_TIMESTAMP
    assert validate(signed.data, PNG, believed).trusted


async def test_what_must_be_stamped_does_not_leave_without(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa
) -> None:
    provenance, missed = stamped_by("http://127.0.0.1:9", tsa, sandbox, identity, timed)
    with pytest.raises(Unavailable, match="no timestamp was given") as raised:
        await provenance.sign(make(PNG), PNG, CLAIM)
    assert raised.value.retry_after > 0
    assert "127.0.0.1" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value.__cause__), "the operator is told"
    assert missed.count == 0


async def test_what_should_be_stamped_leaves_without_and_says_so(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa, validate: Validate
) -> None:
    provenance, missed = stamped_by("http://127.0.0.1:9", tsa, sandbox, identity, timed, required=False)
    with capture_logs() as lines:
        signed = await provenance.sign(make(PNG), PNG, CLAIM)
    assert signed.credential.state is CredentialState.TRUSTED
    assert UNSTAMPED in signed.credential.codes
    assert [line["log_level"] for line in lines] == ["warning"]
    assert missed.count == 1
    assert validate(signed.data, PNG, timed).trusted


async def test_a_stamp_by_an_authority_that_is_on_no_list_does_not_leave(
    sandbox: Sandbox, identity: Identity, trust: Trust, tsa: Tsa, authority: Stranger
) -> None:
    provenance, _ = stamped_by(authority.url, tsa, sandbox, identity, trust)
    with pytest.raises(IntegrityError, match="time stamp .* does not hold"):
        await provenance.sign(make(PNG), PNG, CLAIM)


async def test_a_key_is_asked_before_the_authority(
    sandbox: Sandbox, identity: Identity, timed: Trust, tsa: Tsa, authority: Stranger
) -> None:
    def locked(data: bytes) -> bytes:
        raise OSError("slot 3 is locked")

    before = len(authority.asked)
    provenance, _ = stamped_by(authority.url, tsa, sandbox, replace(identity, sign=locked), timed)
    with pytest.raises(Unavailable, match="no signature"):
        await provenance.sign(make(PNG), PNG, CLAIM)
    assert len(authority.asked) == before


class Big:
    """An authority with long certificates."""

    def token(self, data: bytes) -> bytes:
        return bytes(100)


async def test_a_token_that_does_not_fit_is_none() -> None:
    missed = Missed()
    assert Stamper(Big(), required=False, missed=missed).stamp(b"data", 99) == b""
    assert Stamper(Big(), required=True, missed=missed).stamp(b"data", 100) == bytes(100)
    assert missed.count == 1


async def test_one_trip_gets_one_stamp() -> None:
    question = StampQuestion(100, b"data").encode()
    answers = Answers(lambda data: data[::-1], Stamper(Big(), required=True, missed=Missed()))
    assert (answers(b"claim"), answers.stamped) == (b"mialc", False)
    assert (answers(question), answers.stamped) == (bytes(100), True)
    with pytest.raises(IntegrityError, match="second"):
        answers(question)


@pytest.mark.parametrize("question", [b"", b"\0\0\0\x64", b"\0" * 70_000])
async def test_only_a_question_for_a_stamp_gets_one(question: bytes) -> None:
    answers = Answers(lambda data: data, Stamper(Big(), required=True, missed=Missed()))
    answers(b"claim")
    with pytest.raises(IntegrityError, match="something else"):
        answers(question)


@given(padding=st.integers(200, 70_000), token=st.integers(1, 70_000))
async def test_a_token_never_moves_a_byte(padding: int, token: int) -> None:
    """Wherever the lengths of the padding and of the token need more bytes to be written down."""
    header = {"pad": bytes(padding)}
    data = cbor2.dumps(cbor2.CBORTag(SIGN1, [b"protected", header, None, b"s" * 64]))
    signature = Signature.parse(data)
    assert signature.size == len(data)
    if token > signature.room:
        with pytest.raises(LimitExceeded):
            signature.stamped(bytes(token))
        return
    stamped = signature.stamped(bytes(token))
    again = Signature.parse(stamped)
    assert len(stamped) == len(data)
    assert (again.protected, again.value) == (signature.protected, signature.value)
    assert again.header["sigTst2"]["tstTokens"][0]["val"] == bytes(token)
