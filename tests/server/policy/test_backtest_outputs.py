"""Backtests of orders and outputs: as they were examined and with what was said of the order, or not at all."""

from __future__ import annotations

import json
import random

import pytest

from policies.engine import load_policy
from server.policy.backtest.replay import Replay
from tests.server.policy.logged import MOMENT, Drawer
from tests.server.policy.stations import Station, policy, red
from tests.server.policy.written import RULE, SOURCES, leaf_of, scored

OUTPUT = policy("out", when="\"credential.state == 'trusted' || request.source_type == 'KIND'\"").replace(
    "{red.score}", "{media.mime}"
)


@pytest.mark.asyncio(loop_scope="session")
async def test_an_output_is_decided_again_as_it_was_examined_not_as_it_left(served: Station) -> None:
    made = await served.ask("ann", lambda it: it.enhance(red(90), "upscale"))
    leaf = json.loads((await served.log.get("acme", made.result.decision.decision_id)).leaf)
    assert (leaf["credential"]["state"], leaf["examined"]["credential"]["state"]) == ("trusted", "none")
    assert leaf["context"]["source_type"] == "trainedAlgorithmicMedia"
    assert leaf["examined"]["digest"] != leaf["media_digest"]
    results = [
        await served.ask("ann", lambda it, named=kind: it.backtest_policy(OUTPUT.replace("KIND", named)))  # type: ignore[misc]
        for kind in ("humanEdits", "trainedAlgorithmicMedia")
    ]
    assert [(each.replayed, each.changed, each.not_replayable) for each in results] == [(1, 0, 0), (1, 1, 0)]


ORDERS = """\
id: house
version: "{version}"
description: What becomes of orders.
rules:
  - id: no-orders
    title: No orders
    when: request.task == "upscale"
    action: block
    code: closed
    applies_to: {{stage: input}}
    text: "Nothing is made today."
"""


@pytest.mark.asyncio(loop_scope="session")
async def test_a_blocked_order_was_decided_on_and_cannot_be_judged_again(served: Station) -> None:
    orders = ORDERS.format(version="1")
    given = "{request.stage: input, request.task: TASK}"
    tests = f"""\
policy: house
cases:
  - name: an order
    given: {given.replace("TASK", "upscale")}
    expect: {{action: block, rules: [no-orders]}}
  - name: another
    given: {given.replace("TASK", "denoise")}
    expect: {{action: allow, rules: []}}
"""
    await served.activate(orders, tests)
    made = await served.ask("ann", lambda it: it.enhance(red(90), "upscale"))
    assert made.result.blocked.code == "closed"
    result = await served.ask("ann", lambda it: it.backtest_policy(ORDERS.format(version="2")))
    assert (result.decisions, result.refused, result.not_replayable) == (1, 0, 1)


def test_what_an_exemption_set_aside_does_not_come_back_in_a_replay() -> None:
    leaf = leaf_of(Drawer(random.Random(14), SOURCES).subject(1)) | {"direction": "outbound", "examined": {}}
    leaf["examined"] = {"digest": leaf["media_digest"], "byte_size": 5, "credential": leaf["credential"]}
    leaf["context"] |= {"source_type": "humanEdits"}
    leaf["reasons"] = [{"rule": "asked-for"}]
    leaf["making"] = {"stage": "output", "intent_index": 1, "model": "m", "asked": {"action": "REVIEW"}}
    fields = {"missing": "review", "when": "'media.width >= 0'"}
    text = scored("media.width >= 0", "label")
    text += RULE.format(id="ours", action="allow", extra="\n    exemption: true", **fields)
    text += RULE.format(
        id="asked-for", action="review", extra="\n    applies_to: {stage: input}", **fields | {"when": "'true'"}
    )
    again = Replay(load_policy(text.replace("{copy_move.score}", ""), "p", SOURCES), SOURCES).decide(leaf, MOMENT)
    assert (again.action, again.rules) == ("REVIEW", ("asked-for", "ours"))


def test_an_output_that_an_earlier_release_recorded_is_not_guessed() -> None:
    drawer = Drawer(random.Random(12), SOURCES)
    making = {"stage": "output", "intent_index": 1, "model": "m", "version": "v"}
    for condition, unknown in {
        "credential.state == 'trusted'": {"credential.state"},
        "media.byte_size > 5": {"media.byte_size"},
        "request.source_type == 'humanEdits'": {"request.source_type"},
        "media.width > 0": set[str](),
    }.items():
        leaf = leaf_of(drawer.subject(1)) | {"direction": "outbound", "making": making, "reasons": []}
        assert Replay(load_policy(scored(condition), "p", SOURCES), SOURCES).decide(leaf, MOMENT).unknown == unknown


def test_what_was_said_of_an_order_stands_beside_what_a_candidate_says_of_the_output() -> None:
    leaf = leaf_of(Drawer(random.Random(13), SOURCES).subject(1)) | {"direction": "outbound", "examined": {}}
    leaf["examined"] = {"digest": leaf["media_digest"], "byte_size": 5, "credential": leaf["credential"]}
    leaf["context"] |= {"source_type": "humanEdits"}
    leaf["reasons"] = [{"rule": "asked-for"}, {"rule": "seen"}]
    text = scored("media.width >= 0", "label") + RULE.format(
        id="asked-for", when="'true'", action="review", missing="review", extra="\n    applies_to: {stage: input}"
    ).replace("{copy_move.score}", "")
    replay = Replay(load_policy(text, "p", SOURCES), SOURCES)
    for asked, action, rules in (
        ("ALLOW", "LABEL", ("scored", "asked-for")),
        ("REVIEW", "REVIEW", ("asked-for", "scored")),
    ):
        leaf["making"] = {"stage": "output", "intent_index": 1, "model": "m", "asked": {"action": asked}}
        again = replay.decide(leaf, MOMENT)
        assert (again.action, again.rules, again.unknown) == (action, rules, frozenset())
