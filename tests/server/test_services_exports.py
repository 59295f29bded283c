"""ExportDecisions over the wire: the same decisions in every format, and nobody else's."""

from __future__ import annotations

import io
import json
from typing import Any

import grpc
import pytest
from pyarrow import parquet

from countersign.v1 import audit_pb2, common_pb2
from countersign.views import decision_json
from tests.server.conftest import png
from tests.server.wires import ACME, OTHER, RED, Wire, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def exported(wire: Wire, form: audit_pb2.ExportFormat.ValueType, who: dict[str, Any], **chosen: Any) -> bytes:
    wanted = audit_pb2.ExportDecisionsRequest(format=form, filter=audit_pb2.DecisionFilter(**chosen))
    return b"".join([part.chunk async for part in wire.audit.ExportDecisions(wanted, **who)])


async def test_every_format_holds_what_the_list_holds(wire: Wire) -> None:
    context = common_pb2.Context(jurisdiction="FR")
    red = (await wire.screening.Screen(request(RED, context=context), **ACME)).decision
    await wire.screening.Screen(request(png(), context=context), **ACME)
    await wire.screening.Screen(request(RED), **OTHER)
    listed = (await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(), **ACME)).decisions
    lines = (await exported(wire, audit_pb2.EXPORT_FORMAT_JSONL, ACME)).splitlines()
    assert [json.loads(line) for line in lines] == [decision_json(each) for each in listed]
    table = parquet.read_table(io.BytesIO(await exported(wire, audit_pb2.EXPORT_FORMAT_PARQUET, ACME)))
    assert table["decision_id"].to_pylist() == [each.decision_id for each in listed]
    (statement,) = (await exported(wire, audit_pb2.EXPORT_FORMAT_DSA_JSONL, ACME)).splitlines()
    assert json.loads(statement)["puid"] == red.decision_id
    assert json.loads(statement)["territorial_scope"] == ["FR"]


async def test_the_filter_and_the_tenant_hold(wire: Wire) -> None:
    await wire.screening.Screen(request(RED), **ACME)
    await wire.screening.Screen(request(png()), **ACME)
    for chosen, count in (({}, 2), ({"action": common_pb2.ACTION_BLOCK}, 1), ({"detector": "none"}, 0)):
        assert len((await exported(wire, audit_pb2.EXPORT_FORMAT_JSONL, ACME, **chosen)).splitlines()) == count
    assert await exported(wire, audit_pb2.EXPORT_FORMAT_JSONL, OTHER) == b""


@pytest.mark.parametrize("form", [audit_pb2.EXPORT_FORMAT_UNSPECIFIED, 99])
async def test_an_unknown_format_is_refused(wire: Wire, form: audit_pb2.ExportFormat.ValueType) -> None:
    await fails(exported(wire, form, ACME), grpc.StatusCode.INVALID_ARGUMENT)
