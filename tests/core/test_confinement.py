"""Proven from inside: what a hijacked parser cannot do."""

from __future__ import annotations

import logging
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Confinement, Sandbox
from tests.core import rogue
from tests.core.processes import about, children

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTEMPTS = {"attempts": rogue.PARSERS["attempts"]}


async def test_every_way_out_is_denied(rogues: Sandbox) -> None:
    outcomes = dict((await rogues.call("attempts", [b""], {"parent": os.getpid()})).facts)
    assert outcomes.pop("clone3") == "ENOSYS"
    assert len(outcomes) > 20
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "EPERM"} == {}


async def test_the_harmless_attempts_succeed_where_nothing_confines(caplog: pytest.LogCaptureFixture) -> None:
    """So the test above does not pass because the attempts are wrong; and the missing filter is told by name."""
    acts = ["open to read", "list", "stat", "socket", "socketpair", "pipe", "memory file", "memory with code"]
    with caplog.at_level(logging.WARNING, "core.sandbox"):
        async with await Sandbox.start(ATTEMPTS, workers=1, confinement=Confinement.UNSAFE_NONE) as unsafe:
            view = await unsafe.call("attempts", [b""], {"parent": os.getpid(), "acts": acts})
    assert view.facts == dict.fromkeys(acts, "done")
    assert "UnsafeNoConfinement" in caplog.text


async def test_a_worker_has_nothing_but_its_socket_and_the_job(rogues: Sandbox) -> None:
    facts = (await rogues.call("surroundings", [b""])).facts
    assert len(facts["descriptors"]) == 6  # the null device three times, the socket, the media, the result
    assert set(facts["environment"]) <= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LC_CTYPE"}


async def test_a_worker_collects_garbage_but_not_what_it_imported(rogues: Sandbox) -> None:
    assert (await rogues.call("surroundings", [b""])).facts["collects"] is True


async def test_a_worker_with_every_parser_holds_nothing_that_fetches() -> None:
    """pydicom imports an HTTP client wherever one is installed, as it is here."""
    assert find_spec("requests")
    parsers = {**PARSERS, "surroundings": rogue.PARSERS["surroundings"]}
    async with await Sandbox.start(parsers, workers=1) as sandbox:
        assert (await sandbox.call("surroundings", [b""])).facts["fetching"] == []


async def test_decoders_may_start_threads(rogues: Sandbox) -> None:
    assert (await rogues.call("starts_thread", [b""])).facts["done"] == [1]


async def test_the_kernel_agrees() -> None:
    limits = Limits(max_memory=1 << 30, max_seconds=7.0)
    before = children()
    async with await Sandbox.start(rogue.PARSERS, limits, workers=1) as sandbox:
        await sandbox.call("echo", [b"x"])
        (worker,) = children() - before
        status, bounds = about(worker, "status"), about(worker, "limits")
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert _soft(bounds, "Max address space") == limits.max_memory
    assert _soft(bounds, "Max file size") == limits.max_result
    assert _soft(bounds, "Max core file size") == 0
    assert _soft(bounds, "Max open files") == 32
    assert limits.max_seconds < _soft(bounds, "Max cpu time") < limits.max_seconds + 10


def _soft(bounds: str, name: str) -> int:
    found = re.search(rf"^{name}\s+(\d+)", bounds, re.MULTILINE)
    assert found, name
    return int(found.group(1))


@pytest.mark.parametrize(
    "library",
    [
        "raise RuntimeError('Unable to find libseccomp')",
        # Accepts every rule and enforces none.
        "class Any:\n"
        "    def __init__(self, *_): pass\n"
        "    def __getattr__(self, _): return Any()\n"
        "    def __call__(self, *_): return 0\n"
        "Arg = SyscallFilter = Any\n"
        "Attr = Any()\n"
        "ALLOW = MASKED_EQ = EQ = 0\n"
        "def ERRNO(_): return 0\n",
    ],
)
async def test_no_worker_starts_unconfined(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyseccomp.py").write_text(library)
    monkeypatch.syspath_prepend(tmp_path)
    before = children()
    with pytest.raises(ConfigurationError, match=r"cannot be confined by seccomp.*UnsafeNoConfinement"):
        await Sandbox.start(ATTEMPTS, workers=1)
    assert children() == before
