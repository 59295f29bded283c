"""Orders are judged before anything is made: over the wire, on both RPCs, on the record, and without the words asked
with."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from core.sandbox import Sandbox
from countersign.v1 import audit_pb2, common_pb2, generation_pb2
from countersign.v1.generation_pb2 import Blocked, Declarations
from countersign.verify.receipt import verify_receipt
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from policies.engine import load_policy
from policies.protected import shipped
from server.auth import Caller
from server.provenance import Provenance
from server.requests import Declared
from tests.policies.fakes import document, rule
from tests.server.conftest import CALLER, House, build, leaf, png
from tests.server.fakes import Painter, RedDetector
from tests.server.test_pipeline import order, silent
from tests.server.wires import ACME, RED, Wire, desk_of, fails, wired

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOURCES = (RedDetector(), KnownHashDetector(HashList()))
PLACE = "zanzibar lighthouse"
POLICY = document(
    rule(
        *("red", "red.detected", "block"),
        when_missing="skip",
        skip_reason="Only pictures are red.",
    ),
    rule(
        "forged-papers",
        "lists.papers.exists(word, word in request.prompt_words)",
        *("block",),
        code="fraud.papers",
        text="The prompt asks for official papers.",
        user_text="We do not make official papers.",
        cites=["Terms, section 4"],
        applies_to={"stage": "input"},
    ),
    rule(
        "no-consent",
        "'likeness' in request.declared && request.likeness && !('consent' in request.declared && request.consent)",
        *("block",),
        code="likeness.no_consent",
        text="A person is to be shown who has not agreed.",
        applies_to={"stage": "input"},
    ),
    rule(
        "for-doctors",
        "'purpose' in request.declared && request.purpose == 'medical'",
        *("review",),
        code="medical",
        text="Declared as {request.purpose}.",
        due="48h",
        applies_to={"stage": "input", "tasks": ["text_to_image", "denoise"]},
    ),
    rule(
        "strong",
        "parameter.grey > 150.0",
        "block",
        code="too_grey",
        when_missing="skip",
        skip_reason="Not set.",
        applies_to={"stage": "input"},
    ),
    lists={"papers": ["passport", "visa"]},
    parameters={"grey": "number"},
)


@pytest_asyncio.fixture(loop_scope="session")
async def judging(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> AsyncIterator[House]:
    policy = load_policy(POLICY, "p.yaml", SOURCES)
    built = await build(tmp_path, trusted, policy=policy)
    yield built
    await built.engine.close()
    await built.log.close()


@pytest_asyncio.fixture(loop_scope="session")
async def served(judging: House) -> AsyncIterator[Wire]:
    async with wired(judging) as made:
        yield made


def generate(prompt: str, **fields: Any) -> generation_pb2.GenerateRequest:
    return generation_pb2.GenerateRequest(**{"request_id": uuid.uuid4().hex, "prompt": prompt, **fields})


def enhance(media: bytes = b"", **fields: Any) -> generation_pb2.EnhanceRequest:
    given = {"request_id": uuid.uuid4().hex, "media": media or png(), "task": "upscale", **fields}
    return generation_pb2.EnhanceRequest(**given)


async def result(call: Any) -> tuple[bytes, generation_pb2.MadeMedia]:
    parts = [part async for part in call]
    return b"".join(part.chunk for part in parts), parts[-1].result


async def test_a_blocked_prompt_answers_with_all_that_support_needs(served: Wire) -> None:
    media, made = await result(served.generation.Generate(generate(f"a passport of {PLACE}"), **ACME))
    assert media == b""
    assert made.digest == ""
    assert made.decision.action == common_pb2.ACTION_BLOCK
    assert made.blocked == Blocked(
        stage=Blocked.STAGE_INPUT,
        category="fraud",
        code="fraud.papers",
        user_text="We do not make official papers.",
        support_id=made.decision.decision_id,
        policy_digest=made.decision.policy_digest,
    )
    assert list(made.decision.reasons[0].cites) == ["Terms, section 4"]
    found = await served.audit.GetDecision(audit_pb2.GetDecisionRequest(decision_id=made.blocked.support_id), **ACME)
    assert found.decision.model.startswith("painter@")
    receipt = {
        "decision_id": made.receipt.decision_id,
        "log_index": made.receipt.log_index,
        "entry": made.receipt.entry.decode(),
        "proof": made.receipt.proof,
        "log_key": made.receipt.log_key,
    }
    assert all(check.ok for check in verify_receipt(receipt, None, made.receipt.log_key))


async def test_the_words_asked_with_are_not_in_the_permanent_record(served: Wire) -> None:
    _, made = await result(served.generation.Generate(generate(f"a passport, {PLACE}"), **ACME))
    entry = json.loads(made.receipt.entry)
    for word in ("passport", *PLACE.split()):
        assert word not in made.receipt.entry.decode(), word
    assert set(entry["private"]) >= {"prompt"}, "the leaf commits to them, so that they can be told and erased"
    assert entry["reasons"][0]["operands"]["request.prompt_words"] == "withheld"
    assert "media" not in entry


@pytest.mark.parametrize(
    "disguise", ["PASSPORT", "pass\u200bport", "ｐａｓｓｐｏｒｔ", "раssроrt", "pássport", "p a s s p o r t"]
)
async def test_a_listed_word_in_disguise_is_the_same_word(judging: House, disguise: str) -> None:
    painter = Painter()
    made = await judging.pipeline.make(order(painter, prompt=f"my new {disguise}"), CALLER, silent)
    assert made.output is None
    assert painter.painted == 0


async def test_nothing_is_announced_opened_or_made_for_a_blocked_order(judging: House) -> None:
    painter = Painter("denoise")
    made = await judging.pipeline.make(order(painter, source=RED, prompt="a visa"), CALLER, silent)
    entry = leaf(made.recorded)
    assert (entry["making"]["stage"], entry["media_digest"]) == ("input", "")
    assert painter.painted == judging.detector.calls == 0
    assert await judging.log.find(CALLER.tenant, made.recorded.request_id, "intent") is None


async def test_a_blocked_order_asked_again_gets_the_same_answer_and_leaves_one_record(served: Wire) -> None:
    asked = generate("a visa")
    first, second = [(await result(served.generation.Generate(asked, **ACME)))[1] for _ in range(2)]
    assert first.blocked == second.blocked
    assert first.receipt.log_index == second.receipt.log_index
    assert len(await served.house.entries()) == 1
    other = generate("a lighthouse", request_id=asked.request_id)
    await fails(result(served.generation.Generate(other, **ACME)), grpc.StatusCode.ALREADY_EXISTS)


DECLARED: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"likeness": False}, ""),
    ({"consent": False}, ""),
    ({"likeness": True, "consent": True}, ""),
    ({"likeness": True}, "likeness.no_consent"),
    ({"likeness": True, "consent": False}, "likeness.no_consent"),
]


@pytest.mark.parametrize(("declared", "code"), DECLARED)
async def test_what_is_declared_decides_on_both_rpcs(served: Wire, declared: dict[str, Any], code: str) -> None:
    said = Declarations(**declared)
    for call in (
        served.generation.Generate(generate("a portrait", declarations=said), **ACME),
        served.generation.Enhance(enhance(declarations=said), **ACME),
    ):
        media, made = await result(call)
        assert (made.blocked.code, bool(media)) == (code, not code)
        assert json.loads(made.receipt.entry)["making"].get("declared", {}) == declared


async def test_other_declarations_under_the_same_id_are_another_order(served: Wire) -> None:
    asked = enhance(declarations=Declarations(likeness=False))
    await result(served.generation.Enhance(asked, **ACME))
    asked.declarations.likeness = True
    await fails(result(served.generation.Enhance(asked, **ACME)), grpc.StatusCode.ALREADY_EXISTS)


async def test_a_review_of_an_order_comes_with_what_was_made(served: Wire) -> None:
    asked = generate("a scan", declarations=Declarations(purpose="medical"))
    media, made = await result(served.generation.Generate(asked, **ACME))
    assert media
    assert made.decision.action == common_pb2.ACTION_REVIEW
    assert not made.HasField("blocked")
    assert [(reason.code, reason.text) for reason in made.decision.reasons] == [("medical", "Declared as medical.")]
    assert made.decision.due_at.seconds - made.decision.decided_at.seconds == 48 * 3600
    entry = json.loads(made.receipt.entry)
    assert entry["making"]["asked"] == {"action": "REVIEW", "policy": made.decision.policy_digest}


async def test_a_blocked_output_says_so_even_where_the_order_was_to_be_reviewed(served: Wire) -> None:
    asked = generate("red", declarations=Declarations(purpose="medical"))
    media, made = await result(served.generation.Generate(asked, **ACME))
    assert media == b""
    assert (made.blocked.stage, made.blocked.code) == (Blocked.STAGE_OUTPUT, "a_code")
    assert {reason.code for reason in made.decision.reasons} == {"a_code", "medical"}


async def test_a_blocked_upload_is_blocked_at_input(served: Wire) -> None:
    _, made = await result(served.generation.Enhance(enhance(RED), **ACME))
    assert made.blocked.stage == Blocked.STAGE_INPUT
    assert made.decision.media_digest


@pytest.mark.parametrize(("grey", "code"), [("150", ""), ("151", "too_grey")])
async def test_parameters_decide(served: Wire, grey: str, code: str) -> None:
    _, made = await result(served.generation.Generate(generate("a wall", parameters={"grey": grey}), **ACME))
    assert made.blocked.code == code


async def test_an_unfit_purpose_is_refused(served: Wire) -> None:
    asked = enhance(declarations=Declarations(purpose="Two words"))
    found = await fails(result(served.generation.Enhance(asked, **ACME)), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == "declarations.purpose"


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
async def test_more_words_than_rules_read_are_refused(served: Wire, field: str) -> None:
    """A ligature that unfolds into many words, so that the prompt is short and no rule could judge it."""
    asked = generate("a wall")
    setattr(asked, field, "a passport" + " \ufdfa" * 990)
    found = await fails(result(served.generation.Generate(asked, **ACME)), grpc.StatusCode.INVALID_ARGUMENT)
    assert (found["field"], found["limit"], found["found"]) == (field, "2000 words", str(990 * 4 + 2))


async def test_other_tenants_do_not_see_a_blocked_order(judging: House) -> None:
    made = await judging.pipeline.make(order(Painter(), prompt="a visa"), CALLER, silent)
    other = Caller("other", "tester", CALLER.roles)
    again = await judging.pipeline.make(order(Painter(), made.recorded.request_id, prompt="a wall"), other, silent)
    assert again.output is not None


OUTPUTS = document(
    rule(
        *(
            "advert",
            "'purpose' in request.declared && request.purpose == 'advertising' && parameter.grey < 50.0",
            "label",
        ),
        text="Made for {request.purpose}, grey {parameter.grey}.",
        applies_to={"stage": "output"},
        when_missing="skip",
        skip_reason="Not every model has a grey.",
    ),
    parameters={"grey": "number"},
)


async def test_what_is_made_is_judged_with_what_it_was_ordered_by(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    house = await build(tmp_path, trusted, policy=load_policy(OUTPUTS, "p.yaml", SOURCES))
    declared = Declared(purpose="advertising")
    made = await house.pipeline.make(order(Painter(), parameters={"grey": 7}, declared=declared), CALLER, silent)
    entry = leaf(made.recorded)
    assert (entry["action"], entry["reasons"][0]["text"]) == ("LABEL", "Made for advertising, grey 7.")
    assert entry["policy"]["base"] == shipped().digest
    await house.engine.close()
    await house.log.close()


SET_ASIDE = document(
    rule("asked", "request.prompt == 'look'", code="asked", applies_to={"stage": "input"}),
    rule("demanded", "media.width > 0", "label", code="demanded"),
    rule("stopped", "media.width > 0", "block", code="stopped"),
    rule("ours", "media.width > 0", "allow", exemption=True, code="ours"),
)


@pytest.mark.parametrize(
    ("prompt", "action", "rules"),
    [("look", "REVIEW", ["asked", "ours"]), ("a wall", "ALLOW", ["ours", "stopped", "demanded"])],
)
async def test_what_an_exemption_set_aside_does_not_come_back_with_the_order(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance], prompt: str, action: str, rules: list[str]
) -> None:
    house = await build(tmp_path, trusted, policy=load_policy(SET_ASIDE, "p.yaml", SOURCES))
    made = await house.pipeline.make(order(Painter(), prompt=prompt), CALLER, silent)
    entry = leaf(made.recorded)
    assert (entry["action"], [each["rule"] for each in entry["reasons"]]) == (action, rules)
    await house.engine.close()
    await house.log.close()


EXEMPTIONS = document(
    rule("all", "true", "allow", exemption=True, applies_to={"stage": "input"}),
    rule("all-media", "true", "allow", exemption=True),
)


@pytest.mark.parametrize(
    "prompt",
    [
        "Poster: the sexual abuse of children is a crime.",
        "POSTER: THE SEXUAL ABUSE OF CHILDREN IS A CRIME.",
        "Poster: the s\u200bexual abuse of chil\u00addren is a crime.",
        "Poster: the sехual abuse of сhildren is a crime.",
        "Poster: the ｓｅｘｕａｌ abuse of children is a crime.",
    ],
)
async def test_no_policy_lets_pass_what_the_base_blocks(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance], prompt: str
) -> None:
    policy = load_policy(EXEMPTIONS, "p.yaml", SOURCES)
    house = await build(tmp_path, trusted, policy=policy)
    async with wired(house) as served:
        media, made = await result(served.generation.Generate(generate(prompt), **ACME))
        assert media == b""
        assert (made.blocked.category, made.blocked.code) == ("child_safety", "child_safety.prompt")
        assert "abuse" not in made.receipt.entry.decode()
        media, made = await result(served.generation.Generate(generate("Poster: a lighthouse."), **ACME))
        assert media, "and nothing else"
    await house.engine.close()
    await house.log.close()


async def test_no_activation_takes_the_base_out(judging: House) -> None:
    desk = desk_of(judging)
    taken = document(rule("protected-sexualised-children", "request.task == ''", "allow"))
    assert [problem.message for problem in desk.check(taken)] == ["a protected rule of the built-in base has this id"]
    own = document(rule("mine", "media.width < 1", protected=True, action="block", hard=True))
    assert [problem.message for problem in desk.check(own)] == ["`protected` belongs to the built-in base"]
    for policy in (EXEMPTIONS, document(rule("mine", "media.width < 1"))):
        loaded = load_policy(policy, "p.yaml", desk.loader.sources)
        assert {each.rule.id for each in loaded.rules} >= {"protected-sexualised-children", "protected-listed"}
