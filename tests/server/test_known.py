"""A list of known content that changes while a server runs: taken up whole, on the record first, or left as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

import server.known
from core.errors import Unavailable
from countersign import Client
from countersign.cli.app import build_app
from detectors.base import Source, Verdict
from detectors.hash_list import Entry, HashKind, HashList
from detectors.known_hash import KnownHashDetector
from detectors.near.detector import NearDetector
from detectors.near.files import save
from detectors.pdq import pdq
from server.app import App
from server.config import Settings
from server.documents import Register
from server.known import NEAR, KnownContent, KnownFollower, Looked, NearContent, stamp_of
from server.metrics import Metrics
from tests.detectors.making import coded, media, photograph
from tests.detectors.near.making import PETS, file_of, listed

CRAB = Entry(HashKind.PDQ, pdq(photograph("crab")).hex, "beach")
DOGS = Entry(HashKind.PDQ, pdq(photograph("dogs")).hex, "pets")


class Book:
    """Records versions; with what is looked up at that moment. closed: the log takes nothing."""

    def __init__(self, known: KnownContent) -> None:
        self.known = known
        self.lines: list[tuple[str, str]] = []
        self.closed = False

    async def renew(self, detector: Source) -> None:
        if self.closed:
            raise Unavailable("the log is closed")
        self.lines.append((detector.version, self.known.version))


class Followed:
    """A file, what is looked up, and who follows it."""

    def __init__(self, folder: Path, *entries: Entry) -> None:
        self.path = folder / "known.jsonl"
        hashes = HashList(entries)
        if entries:
            hashes.save(self.path)
        self.known = KnownContent(KnownHashDetector(hashes))
        self.book, self.metrics = Book(self.known), Metrics()
        self.follower = KnownFollower(self.path, self.known, self.book, self.metrics, stamp_of(self.path))

    def verdict(self, name: str) -> Verdict:
        return self.known.detect([media(coded(photograph(name), "JPEG"))])[0].verdict

    @property
    def stale(self) -> float | None:
        return self.metrics.registry.get_sample_value("countersign_known_content_stale")


async def test_a_new_list_is_recorded_and_then_looked_up(tmp_path: Path) -> None:
    followed = Followed(tmp_path, CRAB)
    before = followed.known.version
    await followed.follower.look()
    assert followed.book.lines == []
    HashList([DOGS]).save(followed.path)
    await followed.follower.look()
    assert followed.book.lines == [(followed.known.version, before)], "recorded while the old one was looked up"
    assert (followed.verdict("crab"), followed.verdict("dogs")) == (Verdict.NOT_DETECTED, Verdict.DETECTED)


async def test_a_first_list_is_taken_up(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    await followed.follower.look()
    assert followed.verdict("crab") is Verdict.ABSTAINED
    HashList([CRAB]).save(followed.path)
    await followed.follower.look()
    assert followed.verdict("crab") is Verdict.DETECTED


@pytest.mark.parametrize("broken", ['{"kind": "pdq"}\n', None])
async def test_a_list_that_cannot_be_read_changes_nothing_and_is_told_once(tmp_path: Path, broken: str | None) -> None:
    followed = Followed(tmp_path, CRAB)
    followed.path.unlink()
    if broken:
        followed.path.write_text(broken)
    with capture_logs() as lines:
        await followed.follower.look()
        await followed.follower.look()
    assert [line["log_level"] for line in lines] == ["error"]
    assert "known.jsonl" in lines[0]["why"]
    assert followed.stale == 1
    assert followed.verdict("crab") is Verdict.DETECTED
    HashList([CRAB, DOGS]).save(followed.path)
    await followed.follower.look()
    assert followed.stale == 0
    assert followed.verdict("dogs") is Verdict.DETECTED


async def test_a_list_whose_reader_fails_is_told_once_as_well(tmp_path: Path) -> None:
    followed = Followed(tmp_path, CRAB)
    asked = []

    def read(path: Path) -> KnownHashDetector:
        asked.append(path)
        raise AttributeError("what nobody thought of")

    followed.follower._looked = Looked("the list", read, lambda metrics: metrics.known_stale)
    HashList([DOGS]).save(followed.path)
    with capture_logs() as lines:
        await followed.follower.look()
        await followed.follower.look()
    assert [line["log_level"] for line in lines] == ["error"]
    assert (len(asked), followed.stale) == (1, 1)
    assert followed.verdict("crab") is Verdict.DETECTED


async def test_what_cannot_be_recorded_is_not_looked_up_yet(tmp_path: Path) -> None:
    followed = Followed(tmp_path, CRAB)
    followed.book.closed = True
    HashList([DOGS]).save(followed.path)
    with pytest.raises(Unavailable):
        await followed.follower.look()
    assert followed.verdict("dogs") is Verdict.NOT_DETECTED
    followed.book.closed = False
    await followed.follower.look()
    assert followed.verdict("dogs") is Verdict.DETECTED


async def test_the_same_list_written_again_is_not_recorded(tmp_path: Path) -> None:
    followed = Followed(tmp_path, CRAB)
    HashList([CRAB]).save(followed.path)
    await followed.follower.look()
    assert followed.book.lines == []


async def test_a_list_of_near_duplicates_is_followed_in_the_same_way(tmp_path: Path) -> None:
    path, metrics = tmp_path / "near.safetensors", Metrics()
    save(listed().without([file_of("dogs", PETS).key]), path)
    known = NearContent(NearDetector.load(path))
    book = Book(known)
    follower = KnownFollower(path, known, book, metrics, stamp_of(path), NEAR)
    before, crop = known.version, media(coded(photograph("dogs")[100:, 100:], "JPEG"))
    assert known.detect([crop])[0].verdict is Verdict.NOT_DETECTED
    save(listed(), path)
    await follower.look()
    assert book.lines == [(known.version, before)]
    assert "list.pets" in known.detect([crop])[0].codes
    path.write_bytes(b"nothing")
    with capture_logs() as lines:
        await follower.look()
    assert "THE LIST OF NEAR DUPLICATES CANNOT BE READ" in lines[0]["event"]
    assert metrics.registry.get_sample_value("countersign_near_duplicates_stale") == 1
    assert known.detect([crop])[0].verdict is Verdict.DETECTED


def test_a_configuration_names_some_versions_of_a_detector_the_newest_among_them() -> None:
    lists = [HashList([Entry(HashKind.PDQ, f"{number:064x}", "x")]) for number in range(7)]
    versions = [KnownHashDetector(each) for each in lists]
    register = Register(None, versions[:1], (), "")  # type: ignore[arg-type]
    for each in versions[1:]:
        register.renew(each)
    register.renew(versions[-1])
    assert [model.version for model in register._models] == [each.version for each in versions[-4:]]


async def test_a_running_server_takes_a_list_up_and_its_cases_stay_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.known, "PAUSE", 0.05)
    config, picture, case = tmp_path / "c.toml", tmp_path / "crab.jpg", tmp_path / "case.zip"
    config.write_text(f'[server]\naddress = "127.0.0.1:0"\ndata_dir = "{tmp_path / "data"}"\nparsers = 1\n')
    picture.write_bytes(coded(photograph("crab"), "JPEG"))
    app = await App.start(Settings.load(config))

    async def command(*words: str) -> str:
        arguments = ["--config", str(config), "--address", app.address, *words]
        result = await asyncio.to_thread(CliRunner().invoke, build_app(), arguments)
        assert result.exit_code == 0, result.output
        return result.output

    try:
        with Client(app.address) as client:
            before = await asyncio.to_thread(client.screen, picture)
            HashList([CRAB]).save(tmp_path / "data" / "known.jsonl")
            async with asyncio.timeout(20):
                while True:
                    after = await asyncio.to_thread(client.screen, picture)
                    if "list.beach" in {code for finding in after.decision.findings for code in finding.codes}:
                        break
        for number, answer in enumerate((before, after)):
            file = case.with_stem(f"case{number}")
            await command("log", "bundle", answer.decision.decision_id, "-o", str(file))
            told = {
                check["name"]: check["detail"]
                for check in json.loads(await command("verify", str(file), "--json"))["checks"]
            }
            assert "took part" in told["models"]
    finally:
        await app.close()
