"""A pipeline over a real sandbox, real credentials and a real log, with small models that tests can steer."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from PIL import Image

from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from detectors.base import Detector
from policies.base import Policy
from server.admission import Room
from server.audit import AuditLog, Filter, Recorded
from server.audit.sql import schema
from server.audit.tree import keys
from server.auth import ROLES, Caller
from server.conclusions import Conclusion, Conclusions
from server.config import Settings
from server.engine.local import LocalEngine
from server.examination import CREDENTIALS, Examiner
from server.finishing.finisher import Finisher, Watermarks
from server.finishing.marks import marks_for
from server.metrics import Metrics
from server.outputs import OutputStore
from server.pipeline import Pipeline
from server.provenance import PARSERS as CREDENTIAL_PARSERS
from server.provenance import Provenance, Trust, development_identity
from server.recorder import Recorder
from server.recovery.recovery import Recovery
from tests.server.fakes import BlockRed, LowBits, RedDetector

if TYPE_CHECKING:
    from tests.server.wires import Wire

CALLER = Caller("acme", "tester", ROLES)


def png(colour: tuple[int, int, int] = (20, 120, 20), size: tuple[int, int] = (64, 48)) -> bytes:
    """A plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class House:
    """The parts that tests look at."""

    pipeline: Pipeline
    examiner: Examiner
    log: AuditLog
    engine: LocalEngine
    detector: RedDetector
    metrics: Metrics
    outputs: OutputStore
    folder: Path
    provenance: Provenance
    recovery: Recovery

    @property
    def url(self) -> str:
        """The database's."""
        return log_url(self.folder)

    async def entries(self) -> list[dict[str, Any]]:
        """All decisions of the caller, newest first."""
        page = await self.log.list(CALLER.tenant, Filter(), 1000, "")
        return [leaf(recorded) for recorded in page.items]


def log_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'log.db'}"


def leaf(recorded: Recorded) -> dict[str, Any]:
    return dict(json.loads(recorded.leaf))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def trusted(tmp_path_factory: Any) -> AsyncIterator[tuple[Sandbox, Provenance]]:
    identity = development_identity(tmp_path_factory.mktemp("identity") / "provenance")
    trust = Trust(identity.root_pem)
    parsers = {**PARSERS, **CREDENTIAL_PARSERS}
    options = {CREDENTIALS: trust.options()}
    async with await Sandbox.start(parsers, Limits(max_pixels=1_000_000), 2, options=options) as sandbox:
        yield sandbox, Provenance(sandbox, identity, trust)


def finisher_of(
    sandbox: Sandbox, metrics: Metrics, settings: Settings, watermarks: Watermarks | None = None
) -> Finisher:
    marking = partial(marks_for, settings=settings)
    return Finisher(sandbox, watermarks or LowBits(), marking, metrics, settings.watermark)


async def build(
    folder: Path,
    trusted: tuple[Sandbox, Provenance],
    extra: Iterable[Detector] = (),
    conclusions: Iterable[Conclusion] = (),
    policy: Policy | None = None,
    settings: Settings | None = None,
    watermarks: Watermarks | None = None,
    batch_window: float = 0.02,
) -> House:
    sandbox, provenance = trusted
    url = log_url(folder)
    schema.upgrade(url)
    log = await AuditLog.open(url, keys.load_or_create(folder, "test/log"), "test/log")
    metrics, detector = Metrics(), RedDetector()
    engine = LocalEngine([detector, *extra], metrics, batch_window=batch_window)
    examiner = Examiner(sandbox, engine, provenance, Conclusions(conclusions, metrics), policy or BlockRed(), {"tags"})
    outputs = OutputStore(folder / "outputs")
    recovery = Recovery(log.durable, provenance.stores)
    finisher = finisher_of(sandbox, metrics, settings or Settings(), watermarks)
    pipeline = Pipeline(
        examiner, engine, provenance, Recorder(log, metrics), finisher, outputs, Room(4, 64), Room(2, 64)
    )
    return House(pipeline, examiner, log, engine, detector, metrics, outputs, folder, provenance, recovery)


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> AsyncIterator[House]:
    built = await build(tmp_path, trusted)
    yield built
    await built.engine.close()
    await built.log.close()


@pytest_asyncio.fixture(loop_scope="session")
async def wire(house: House) -> AsyncIterator[Wire]:
    from tests.server.wires import wired  # which serves what is built here

    async with wired(house) as made:
        yield made
