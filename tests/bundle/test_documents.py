"""What a start puts on the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import detectors.catalog
import generators.catalog
from core.errors import ConfigurationError, IntegrityError
from core.media import digest_of
from countersign.verify.case.setting import digest_of_configuration, expected_documents
from detectors.hash_list import HashList
from policies.files import load_policy_file
from server.audit import OPERATOR, AuditLog
from server.audit.operations import Configure
from server.audit.operations.catalog import read_operation, write_operation
from server.audit.operations.configure import named_in, request_id_of
from server.documents import Register, policy_text
from tests.bundle.story import configuration_content

RULES = """\
id: house-rules
version: "1"
description: One rule.
rules:
  - id: copied
    title: Copied
    when: copy_move.detected
    action: review
    code: copied
    text: Copied.
    when_missing: review
"""


async def record(log: AuditLog, policy_file: Path, trust: str = "certificates") -> str:
    models = detectors.catalog.build(HashList())
    makers = generators.catalog.build(generators.catalog.WEIGHTS, "cpu")
    policy = load_policy_file(policy_file, models)
    return await Register(log, models, makers, trust).record(policy, policy_text(policy, policy_file))


async def test_a_start_records_policy_models_cards_and_trust_list(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    digest = await record(log, tmp_path / "rules.yaml")

    recorded = await log.find(OPERATOR, request_id_of(digest), "configuration")
    assert recorded is not None
    content = json.loads(recorded.leaf)["configuration"]
    assert digest_of_configuration(content) == digest
    assert {model["role"] for model in content["models"]} == {"detector", "generator"}
    kept = {digest: await log.document(digest) for digest in named_in(content)}
    assert all(document is not None for document in kept.values())
    policy = kept[digest_of(RULES.encode())]
    assert policy is not None
    assert (policy.data, policy.mime) == (RULES.encode(), "application/yaml")
    expected = expected_documents({"policy": content["policy"]}, content)
    assert {each.digest: each.mime for each in kept.values() if each} == expected


async def test_the_same_start_again_adds_nothing_and_another_one_adds_an_entry(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    first = await record(log, tmp_path / "rules.yaml")
    assert await record(log, tmp_path / "rules.yaml") == first
    assert (await log.checkpoint()).size == 1
    (tmp_path / "rules.yaml").write_text(RULES + "# changed\n")
    assert await record(log, tmp_path / "rules.yaml") != first
    assert await record(log, tmp_path / "rules.yaml", "other certificates") != first
    assert (await log.checkpoint()).size == 3


async def test_a_configuration_without_its_documents_is_not_recorded(log: AuditLog) -> None:
    with pytest.raises(IntegrityError, match="names a document that is not there"):
        await log.perform(Configure(configuration_content(), []))
    assert (await log.checkpoint()).size == 0


def test_a_policy_that_changes_during_the_start_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    policy = load_policy_file(file, detectors.catalog.build(HashList()))
    file.write_text(RULES + "# changed\n")
    with pytest.raises(ConfigurationError, match="was changed while the server started"):
        policy_text(policy, file)
    file.unlink()
    with pytest.raises(ConfigurationError, match="cannot read the policy"):
        policy_text(policy, file)


async def test_a_configuration_crosses_a_socket_unchanged(log: AuditLog, tmp_path: Path) -> None:
    document = ("text/plain", "trust", "certificates")
    trust = digest_of(b"certificates")
    content = {"policy": {"id": "x", "digest": ""}, "models": [], "trust": trust, "release": "1"}
    sent = json.dumps(write_operation(Configure(content, [document])))
    arrived = read_operation(json.loads(sent))
    first = await log.perform(Configure(content, [document]))
    assert (await log.perform(arrived)).index == first.index
    kept = await log.document(trust)
    assert kept is not None
    assert kept.data == b"certificates"
