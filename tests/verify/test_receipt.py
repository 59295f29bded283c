from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.canonical import canonical_json, parse_json
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from countersign.verify.receipt import verify_receipt
from countersign.verify.tlog_proof import TlogProof
from tests.verify import naive
from tests.verify.test_note import KEY, PRIVATE

MEDIA, SOURCE = b"the signed output", b"the upload"
STEPS = ["form", "key", "checkpoint", "inclusion", "entry"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def make_receipt(entry: bytes | None = None, index: int = 5, decision_id: str = "d" * 32) -> dict[str, Any]:
    body = {"v": 1, "kind": "decision", "decision_id": "d" * 32, "recorded_at": "2026-01-01T00:00:00.000000Z"}
    named = {"media_digest": digest(MEDIA), "making": {"source": {"media_digest": digest(SOURCE)}}}
    entry = canonical_json({**body, **named}) if entry is None else entry
    entries = [b"%d" % n for n in range(11)]
    entries[index] = entry
    note = sign_checkpoint(Checkpoint(KEY.name, len(entries), naive.tree_hash(entries)), KEY, PRIVATE.sign)
    return {
        "decision_id": decision_id,
        "log_index": index,
        "entry": entry.decode(),
        "proof": str(TlogProof(index, tuple(naive.path(index, entries)), note)),
        "log_key": str(KEY),
    }


def failed(receipt: Any, media: bytes | None = MEDIA, key: str | None = str(KEY)) -> list[str]:
    return [check.name for check in verify_receipt(receipt, media, key) if not check.ok]


def test_a_receipt_holds_step_by_step() -> None:
    checks = verify_receipt(make_receipt(), MEDIA, str(KEY))
    assert [check.name for check in checks] == [*STEPS, "media"]
    assert all(check.ok for check in checks)


def test_without_media_there_is_no_media_check() -> None:
    assert [check.name for check in verify_receipt(make_receipt(), None, str(KEY))] == STEPS


def test_an_unpinned_key_is_said_loudly() -> None:
    key = verify_receipt(make_receipt(), None, None)[1]
    assert key.ok
    assert key.detail.startswith("NOT PINNED")


def test_the_source_is_recognised_as_such() -> None:
    media = verify_receipt(make_receipt(), SOURCE, str(KEY))[-1]
    assert media.ok
    assert "SOURCE" in media.detail


def test_another_pinned_key_fails() -> None:
    other = str(VerifierKey(KEY.name, bytes(32)))
    assert failed(make_receipt(), key=other) == ["key", "checkpoint", "inclusion"]


def test_another_decision_id_fails() -> None:
    assert failed(make_receipt(decision_id="e" * 32)) == ["entry", "media"]


def test_an_entry_that_is_logged_but_not_canonical_fails() -> None:
    spaced = b'{"decision_id": "' + b"d" * 32 + b'", "v": 1}'
    assert failed(make_receipt(spaced), media=None) == ["entry"]


def test_an_entry_with_a_repeated_key_fails() -> None:
    repeated = b'{"decision_id":"' + b"d" * 32 + b'","decision_id":"' + b"d" * 32 + b'","v":1}'
    assert failed(make_receipt(repeated)) == ["entry", "media"]


@pytest.mark.parametrize("entry", [b"[]", b"null", b'{"v":3}', b'{"v":true}', b"not json"])
def test_entries_of_another_form_fail(entry: bytes) -> None:
    assert failed(make_receipt(entry)) == ["entry", "media"]


def test_extra_data_in_the_proof_is_refused() -> None:
    receipt = make_receipt()
    receipt["proof"] = receipt["proof"].replace("\nindex", "\nextra AAAA\nindex")
    assert failed(receipt) == ["form"]


@pytest.mark.parametrize("name", ["decision_id", "log_index", "entry", "proof", "log_key"])
def test_a_missing_field_is_refused(name: str) -> None:
    receipt = make_receipt()
    del receipt[name]
    assert failed(receipt) == ["form"]


def test_an_unknown_field_is_refused() -> None:
    assert failed({**make_receipt(), "note": ""}) == ["form"]


@pytest.mark.parametrize("index", [True, 5.0, "5", None, 4])
def test_a_log_index_of_another_type_or_value_is_refused(index: Any) -> None:
    assert failed({**make_receipt(), "log_index": index}) == ["form"]


@given(st.sampled_from(["decision_id", "log_index", "entry", "proof", "log_key"]), json_values)
def test_any_value_in_any_field_fails_without_an_exception(name: str, value: Any) -> None:
    receipt = make_receipt()
    if receipt[name] != value or type(receipt[name]) is not type(value):
        assert failed({**receipt, name: value}, key=None)


@given(json_values, st.none() | st.binary(), st.none() | st.text())
def test_anything_at_all_fails_without_an_exception(receipt: Any, media: bytes | None, key: str | None) -> None:
    assert failed(receipt, media, key)


@given(st.data())
def test_one_changed_byte_anywhere_fails(data: st.DataObject) -> None:
    receipt = make_receipt()
    pinned = data.draw(st.booleans())
    name = data.draw(st.sampled_from(["entry", "proof", "log_key", "decision_id", "media"]))
    media = MEDIA
    if name == "media":
        media = change(data, MEDIA)
    else:
        # Surrogates stand for bytes that are no UTF-8, as a caller that decodes carelessly would hand them in.
        receipt[name] = change(data, receipt[name].encode()).decode(errors="surrogateescape")
    assert failed(receipt, media, str(KEY) if pinned else None)


@given(st.data())
def test_one_changed_byte_of_the_file_fails(data: st.DataObject) -> None:
    text = change(data, json.dumps(make_receipt()).encode())
    try:
        receipt = parse_json(text)
    except VerificationError:
        return
    # A space for another white space between tokens, or \\u escapes in another case, leave the receipt what it was.
    assert receipt == make_receipt() or failed(receipt)


def test_a_changed_key_is_noticed_when_it_is_pinned() -> None:
    receipt = make_receipt()
    assert failed(receipt, key=str(KEY)[:-2] + "A=") == ["key", "checkpoint", "inclusion"]
    assert not failed(receipt, key=str(KEY) + "\n")


def change(data: st.DataObject, value: bytes) -> bytes:
    at = data.draw(st.integers(0, len(value) - 1))
    return value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]
