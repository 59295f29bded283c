"""One forgery after the other, and the check that finds it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout, verify_case
from countersign.verify.case.archive import pack
from countersign.verify.checks import passed
from countersign.verify.note import NoteSignature, VerifierKey
from tests.bundle.forging import (
    CARD_FILE,
    CASE,
    FILES,
    MASK_FILE,
    POLICY_FILE,
    STORY,
    TRUST_FILE,
    Change,
    Files,
    complaints,
    edited,
    forged,
    listed,
    receipt_of,
    renumbered,
    unchanged,
    with_,
    without,
)
from tests.bundle.story import MEDIA, ORIGIN, VKEY, full_story, png


def test_the_story_itself_holds() -> None:
    assert complaints(CASE) == {}
    assert forged(unchanged) == CASE


def test_lines_in_the_names_of_strangers_are_said_to_be_unchecked() -> None:
    """The summary names every signer on the checkpoint; a forger needs no key to add one."""
    line = str(NoteSignature("witness.example", b"fake", bytes(72)))

    def add(files: Files) -> None:
        files[layout.CHECKPOINT] += line.encode()
        for name in files:
            if layout.role_of(name) in ("decision", "history", "intent", "configuration", "removal"):
                files[name] = canonical_json(
                    {**json.loads(files[name]), "proof": json.loads(files[name])["proof"] + line}
                )

    told = {check.name: check.detail for check in verify_case(forged(add), str(VKEY), MEDIA)}
    assert told["witness"].startswith("NOT CHECKED: lines in the names of witness.example")
    assert "witness" not in {check.name for check in verify_case(CASE, str(VKEY), MEDIA)}


FORGERIES: list[tuple[str, Change, str, str]] = [
    ("evidence repainted", with_(MASK_FILE, png(grey=10)), "evidence", "was changed"),
    (
        "evidence added",
        with_(layout.evidence_file(digest_of(b"x"), "image/png"), b"x"),
        "evidence",
        "names no evidence",
    ),
    ("evidence taken away", without(MASK_FILE), "evidence", "WITHHELD"),
    (
        "evidence under another type",
        lambda files: files.__setitem__(MASK_FILE.replace("png", "html"), files.pop(MASK_FILE)),
        "evidence",
        "not called by its type",
    ),
    ("policy rewritten", with_(POLICY_FILE, b"id: other\n"), "policy", "the policy was changed"),
    ("policy taken away", without(POLICY_FILE), "policy", "is not in the case"),
    ("card rewritten", with_(CARD_FILE, b"# better\n"), "models", "the card of copy_move was changed"),
    ("card taken away", without(CARD_FILE), "models", "is not in the case"),
    ("trust list taken away", without(TRUST_FILE), "trust list", "is not in the case"),
    (
        "document added",
        with_(layout.document_file(digest_of(b"y"), "text/plain"), b"y"),
        "documents",
        "nothing in the case names",
    ),
    ("configuration taken away", without(layout.CONFIGURATION), "configuration", "which is not in the case"),
    ("another decision's receipt", with_(layout.RECEIPT, receipt_of(1)), "decision", "about another decision"),
    ("a review in place of the decision", with_(layout.RECEIPT, receipt_of(3)), "decision", "not a decision"),
    ("first review dropped", renumbered(2, 3), "history", "the history has a gap"),
    ("appeal dropped from the middle", renumbered(1, 3), "history", "the history has a gap"),
    ("history reordered", renumbered(2, 1, 3), "history", "the history has a gap|out of order"),
    ("an entry told twice", renumbered(1, 1, 2, 3), "history", "out of order"),
    ("a decision in the history", with_(layout.history_file(4), receipt_of(7)), "history", "of kind 'decision'"),
    ("configuration of no kind", with_(layout.CONFIGURATION, receipt_of(1)), "configuration", "no configuration by"),
    ("an intent that is none", with_(layout.INTENT, receipt_of(1)), "intent", "names no intent"),
    ("a removal that is none", with_(layout.removal_file(1), receipt_of(7)), "removals", "nothing to do with"),
    (
        "a value disclosed otherwise",
        edited(layout.DISCLOSURES, lambda value: value["2"]["subject"].__setitem__(1, "user-9999")),
        "disclosures",
        "what is disclosed as subject of entry 2 is not what was recorded",
    ),
    (
        "a value held back",
        edited(layout.DISCLOSURES, lambda value: value["2"].pop("subject") and None),
        "disclosures",
        "WITHHELD: subject of entry 2",
    ),
    ("all values held back", without(layout.DISCLOSURES), "disclosures", "WITHHELD"),
    (
        "a value made up",
        edited(layout.DISCLOSURES, lambda value: value["2"].update({"witness": value["2"]["subject"]})),
        "disclosures",
        "witness of entry 2 is not what was recorded",
    ),
    (
        "disclosures of entries elsewhere",
        edited(layout.DISCLOSURES, lambda value: value.update({"7": value["2"]})),
        "disclosures",
        "not in the case",
    ),
    (
        "credential embellished",
        edited(layout.CREDENTIAL, lambda value: value.update({"state": "trusted"})),
        "credential",
        "not what the decision says",
    ),
    ("credential taken away", without(layout.CREDENTIAL), "credential", "not what the decision says"),
    ("summary taken away", without(layout.SUMMARY), "summary", "was changed or left out"),
    (
        "an older checkpoint",
        with_(layout.CHECKPOINT, STORY.ledger.note(5).encode()),
        "one checkpoint",
        "against another checkpoint",
    ),
    (
        "another key in the list",
        edited(layout.KEYS, lambda value: value[0].__setitem__("vkey", "log.example/cases+00000000+AA==")),
        "keys",
        "none of the log's keys",
    ),
    (
        "a leaf rewritten",
        edited(layout.RECEIPT, lambda value: value.update(entry=value["entry"].replace("Copied.", "Painted."))),
        "inclusion",
        "another root",
    ),
    (
        "a review rewritten",
        edited(layout.history_file(1), lambda value: value.update(entry=value["entry"].replace("looked", "slept"))),
        layout.history_file(1),
        "another root",
    ),
    ("memberships without a removal", with_("members/0001.json", b"{}"), "content", "belongs to no removal"),
]


@pytest.mark.parametrize(("change", "name", "words"), [each[1:] for each in FORGERIES], ids=[e[0] for e in FORGERIES])
def test_a_forgery_is_found_and_named(change: Change, name: str, words: str) -> None:
    found = complaints(forged(change))
    assert name in found
    assert re.search(words, found[name])


def test_what_was_dropped_at_the_end_is_warned_of() -> None:
    """Nobody can tell offline; the check says so instead of calling the history complete."""
    checks = verify_case(forged(renumbered(1, 2)), str(VKEY), MEDIA)
    assert passed(checks)
    told = {check.name: check.detail for check in checks}
    assert told["history"] == "2 later entries, each names the one before it; the log may hold more after entry 5"
    assert told["state"] == "BLOCK, review: appealed"


def test_a_doctored_summary_is_found() -> None:
    page = FILES[layout.SUMMARY].replace(b"93.1 %", b"39.1 %")
    assert page != FILES[layout.SUMMARY]
    assert list(complaints(listed({**FILES, layout.SUMMARY: page}))) == ["summary"]


def test_files_that_do_not_fit_the_manifest_are_named() -> None:
    manifest = json.loads(FILES[layout.MANIFEST])
    others = {name: data for name, data in FILES.items() if name != layout.MANIFEST}
    assert complaints(pack({**FILES, MASK_FILE: png(grey=1)})) == {
        "manifest": f"{MASK_FILE} does not have the digest, size and role that the manifest gives"
    }
    assert complaints(pack({**FILES, "checkpoint.txt": b""})) == {"manifest": "checkpoint.txt is not in the manifest"}
    assert complaints(pack(others)) == {"manifest": "manifest.json is missing: this zip is no case"}
    del others[MASK_FILE]
    assert complaints(pack({layout.MANIFEST: FILES[layout.MANIFEST], **others})) == {
        "manifest": f"{MASK_FILE} is missing"
    }
    newer = canonical_json({**manifest, "format": "countersign-case@v2"})
    assert "no case of the form" in complaints(pack({**FILES, layout.MANIFEST: newer}))["manifest"]
    assert complaints(listed({**FILES, "run.exe": b"MZ"})) == {"manifest": "run.exe has no place in a case"}
    reordered = dict(reversed(FILES.items()))
    assert complaints(pack(reordered)) == {"manifest": "the files are not in their order"}


@pytest.mark.parametrize("state", [{"action": "ALLOW", "review": "overturned"}, {}, "LABEL", None, [1]])
def test_a_state_that_the_history_does_not_come_to_is_complaints(state: Any) -> None:
    assert list(complaints(forged(unchanged, state=state))) == ["state"]


def test_a_review_of_another_decision_is_complaints() -> None:
    story = full_story()
    foreign = story.ledger.event("review", 1, (1, "none", 1), action="BLOCK", outcome="overturned")
    story.history.append(foreign)
    assert complaints(story.case()) == {"history": "history/0004.json does not refer to this decision"}


def test_the_configuration_of_another_time_is_complaints() -> None:
    story = full_story()
    story.configuration = story.ledger.configure(release="9.9.9")
    found = complaints(story.case())
    assert found["configuration"] == "the decision was made under another configuration"


def test_a_configuration_recorded_afterwards_is_complaints() -> None:
    story = full_story()
    story.configuration = story.ledger.configure()
    assert complaints(story.case()) == {"configuration": "the configuration was recorded after the decision"}


def test_an_intent_that_is_held_back_is_complaints() -> None:
    story = full_story()
    intent = story.ledger.record("intent", {}, request_id="order-2")
    making = {"model": "upscale", "version": digest_of(b"upscale"), "intent_index": intent}
    story.decision = story.ledger.decide(request_id="order-2", direction="outbound", making=making)
    story.history = []
    assert complaints(story.case()) == {
        "intent": f"the decision names entry {intent} as its intent, which is not in the case"
    }
    story.intent = story.ledger.record("intent", {}, request_id="order-3")
    assert complaints(story.case()) == {"intent": "intent.json is not the intent of this decision"}


def test_another_log_with_another_key_is_complaints() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    other = VerifierKey(ORIGIN, key.public_key().public_bytes_raw())
    story = full_story()
    story.note, story.key = story.ledger.note(key=key), other
    story.keys = [{"vkey": str(other), "since_size": 0, "statement": ""}]
    case = story.case()
    assert "key" in complaints(case)
    # Without a pinned key everything fits, and the first thing that is said is that this proves nothing.
    told = {check.name: check for check in verify_case(case, None, MEDIA)}
    assert all(check.ok for check in told.values())
    assert told["key"].detail.startswith("NOT PINNED")


def test_a_file_that_the_decision_is_not_about_is_complaints() -> None:
    assert [check.name for check in verify_case(CASE, str(VKEY), b"another file") if not check.ok] == ["media"]


@settings(max_examples=150)
@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    case = bytearray(CASE)
    case[data.draw(st.integers(0, len(case) - 1))] ^= data.draw(st.integers(1, 255))
    assert not passed(verify_case(bytes(case), str(VKEY)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.sampled_from([name for name in FILES if name.endswith(".json")]), json_values)
def test_files_of_any_other_content_are_found_and_break_nothing(name: str, value: Any) -> None:
    files = {**FILES, name: canonical_json(value)}
    case = pack(files) if name == layout.MANIFEST else listed(files)
    assert not passed(verify_case(case, str(VKEY)))


def test_a_case_that_was_made_to_cost_much_is_refused_soon() -> None:
    many = [{"vkey": str(VKEY), "since_size": 0, "statement": ""}] * 1001
    assert complaints(forged(with_(layout.KEYS, canonical_json(many))))["keys"] == "the list names more than 1000 keys"
    heavy = {**FILES, "receipt.json": b"[" + b"1," * (16 * 1024**2) + b"1]"}
    assert "at most" in complaints(pack(heavy))["manifest"]
    story = full_story()
    deep: Any = "bottom"
    for _ in range(200):
        deep = [deep]
    story.decision = story.ledger.decide(context={"surface": deep}, reasons=[{"operands": {"x": deep}}])
    story.history = []
    assert complaints(story.case()) == {}


def test_a_case_of_the_first_release_still_holds() -> None:
    """The words of the summary are part of the format. If this fails, keep the old words for @v1 and add a @v2."""
    kept = Path(__file__).parent / "case_v1.zip"
    assert complaints(kept.read_bytes()) == {}
