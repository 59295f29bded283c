"""Second looks: asked in order, each with what was found before; a failing one abstains."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.credential import Credential, CredentialState
from core.errors import Unavailable
from core.media import Kind, digest_of
from core.sandbox import Sandbox
from detectors.base import FAILED, Finding, Verdict
from policies.base import Stage
from server.conclusions import Concluded, Conclusions, Seen, named
from server.examination import Context
from server.metrics import Metrics
from server.provenance import Provenance
from server.requests import Order
from tests.detectors.making import media
from tests.server.conftest import CALLER, build, png
from tests.server.fakes import Painter

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Counting:
    """Concludes how many findings there were before it, and that the file is known."""

    version = digest_of(b"counting 1")
    label = "counted"
    summary = "Counts."
    limits = "Counts only."

    def __init__(self, name: str, kinds: frozenset[Kind] = frozenset(Kind)) -> None:
        self.name = name
        self.kinds = kinds

    async def conclude(self, seen: Seen) -> Concluded:
        codes = tuple(sorted(finding.detector for finding in seen.findings))
        finding = Finding(self.name, self.version, self.label, Verdict.DETECTED, "counted", self.limits, codes=codes)
        return Concluded(finding, Credential(CredentialState.TRUSTED, codes=(seen.credential.state.value,)))


class Failing(Counting):
    """Raises what it was made with."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(name)
        self.error = error

    async def conclude(self, seen: Seen) -> Concluded:
        raise self.error


async def test_each_sees_what_those_before_it_found(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    house = await build(tmp_path, trusted, conclusions=[Counting("first"), Counting("second")])
    media = await house.examiner.open(png())
    seen = await house.examiner.examine(media, Context("inbound", "acme"))
    second = named(seen.findings, "second")
    assert second is not None
    assert second.codes == ("first", "red")
    assert seen.credential.codes == ("trusted",)  # the second was handed what the first found
    await house.engine.close()
    await house.log.close()


async def test_each_is_told_what_the_media_is_for(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    asked: list[Seen] = []

    class Listening(Counting):
        async def conclude(self, seen: Seen) -> Concluded:
            asked.append(seen)
            return await super().conclude(seen)

    house = await build(tmp_path, trusted, conclusions=[Listening("first"), Listening("second")])
    order = Order("request-1", Painter("denoise"), prompt="a grey wall", source=png())
    await house.pipeline.make(order, CALLER, lambda stage, fraction: None)
    # What it is told stays what it is for the second; the policy blocks on what they found, and nothing is made.
    assert [(seen.direction, seen.stage) for seen in asked] == [("outbound", Stage.UPLOAD)] * 2
    await house.engine.close()
    await house.log.close()


async def test_is_not_asked_about_other_kinds(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    house = await build(tmp_path, trusted, conclusions=[Counting("films", frozenset({Kind.VIDEO}))])
    seen = await house.examiner.examine(await house.examiner.open(png()), Context("inbound", "acme"))
    assert named(seen.findings, "films") is None
    await house.engine.close()
    await house.log.close()


async def test_a_failing_one_abstains_and_is_counted(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    house = await build(tmp_path, trusted, conclusions=[Failing("bad", RuntimeError("secret")), Counting("next")])
    seen = await house.examiner.examine(await house.examiner.open(png()), Context("inbound", "acme"))
    bad = named(seen.findings, "bad")
    assert bad is not None
    assert bad.verdict is Verdict.ABSTAINED
    assert bad.codes == (FAILED,)
    assert "secret" not in bad.explanation
    assert named(seen.findings, "next") is not None
    await house.engine.close()
    await house.log.close()


async def test_unavailable_stops_the_verdict() -> None:
    conclusions = Conclusions([Failing("away", Unavailable("the store is away"))], Metrics())
    seen = Seen(media(png()), (), Credential(CredentialState.NONE), "acme", "inbound")
    with pytest.raises(Unavailable):
        await conclusions.draw(seen)
