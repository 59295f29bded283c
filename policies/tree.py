"""The syntax tree of a checked CEL expression, decoded from the serialized form `cel.expr.CheckedExpr`.

The CEL library hands out no tree, only these bytes; their schema is public (cel-spec, proto/cel/expr/checked.proto and
syntax.proto). The few messages needed are declared here by number, so that no generated code has to be kept.

This module knows the tree's form. It does not know what a policy may say: `policies.rulings` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

Kind: TypeAlias = Literal["constant", "name", "call", "list", "comprehension", "other"]


class TooComplex(Exception):
    """An expression nested too deeply to be decoded."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    kind "constant" has `value`; "name" has the resolved variable in `name`; "call" has the function in `name`
    (operators are spelt "_>_", "@in", …), the chosen overloads, and receiver and arguments as children; "list" has its
    elements; "comprehension" is what `exists`, `all`, `filter` and `map` become.
    offset: code points from the expression's start; at the operator of a call, at the last dot of a dotted name.
    """

    kind: Kind
    offset: int
    name: str = ""
    value: bool | int | float | str | None = None
    overloads: tuple[str, ...] = ()
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yields this node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def depth(self, kind: Kind) -> int:
        """How deeply nodes of one kind are nested, this one included."""
        below = max((child.depth(kind) for child in self.children), default=0)
        return below + (self.kind == kind)


def decode(serialized: bytes) -> Node:
    """The tree of `cel.Expression.serialize()`. Raises TooComplex for nesting that the wire format cannot carry."""
    checked = _CheckedExpr()
    try:
        checked.MergeFromString(any_pb2.Any.FromString(serialized).value)
    except DecodeError as error:
        raise TooComplex("nested too deeply") from error
    return _Decoder(checked).node(checked.expr)


class _Decoder:
    def __init__(self, checked: Any) -> None:
        self._offsets = {entry.key: entry.value for entry in checked.source_info.positions}
        self._references = {entry.key: entry.value for entry in checked.reference_map}

    def node(self, expr: Any) -> Node:
        offset = self._offsets.get(expr.id, 0)
        match expr.WhichOneof("kind"):
            case "const_expr":
                constant = expr.const_expr
                chosen = constant.WhichOneof("kind")
                return Node("constant", offset, value=getattr(constant, chosen) if chosen else None)
            case "ident_expr":
                return Node("name", offset, name=expr.ident_expr.name)
            case "call_expr":
                return self._call(expr, offset)
            case "list_expr":
                return Node("list", offset, children=self._nodes(expr.list_expr.elements))
            case "comprehension_expr":
                loop = expr.comprehension_expr
                parts = (loop.iter_range, loop.accu_init, loop.loop_condition, loop.loop_step, loop.result)
                return Node("comprehension", offset, name=loop.accu_var, children=self._nodes(parts))
            case _:
                return Node("other", offset)

    def _call(self, expr: Any, offset: int) -> Node:
        call = expr.call_expr
        reference = self._references.get(expr.id)
        overloads = tuple(reference.overload_id) if reference is not None else ()
        receiver = (call.target,) if call.HasField("target") else ()
        children = self._nodes((*receiver, *call.args))
        return Node("call", offset, name=call.function, overloads=overloads, children=children)

    def _nodes(self, exprs: Any) -> tuple[Node, ...]:
        return tuple(self.node(expr) for expr in exprs)


_TYPES = {
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "uint64": descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
}

# message → fields as "name number type", "*" for repeated, "|" for a member of the oneof `kind`. A protobuf map is a
# repeated message of key and value, and is declared as such.
_SCHEMA: dict[str, tuple[str, ...]] = {
    "CheckedExpr": ("reference_map 2 *ReferenceEntry", "expr 4 Expr", "source_info 5 SourceInfo"),
    "ReferenceEntry": ("key 1 int64", "value 2 Reference"),
    "Reference": ("name 1 string", "overload_id 3 *string"),
    "SourceInfo": ("positions 4 *PositionEntry",),
    "PositionEntry": ("key 1 int64", "value 2 int32"),
    "Expr": (
        *("id 2 int64", "const_expr 3 |Constant", "ident_expr 4 |Ident", "select_expr 5 |Other", "call_expr 6 |Call"),
        *("list_expr 7 |List", "struct_expr 8 |Other", "comprehension_expr 9 |Comprehension"),
    ),
    "Constant": (
        *("null_value 1 |int32", "bool_value 2 |bool", "int64_value 3 |int64", "uint64_value 4 |uint64"),
        *("double_value 5 |double", "string_value 6 |string", "bytes_value 7 |bytes"),
    ),
    "Ident": ("name 1 string",),
    "Call": ("target 1 Expr", "function 2 string", "args 3 *Expr"),
    "List": ("elements 1 *Expr",),
    "Comprehension": (
        *("iter_range 2 Expr", "accu_var 3 string", "accu_init 4 Expr", "loop_condition 5 Expr", "loop_step 6 Expr"),
        "result 7 Expr",
    ),
    "Other": (),
}


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="checked.proto", package="expr", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        if any("|" in line for line in fields):
            message.oneof_decl.add(name="kind")
        for line in fields:
            _add_field(message, *line.split())
    # A pool of its own: the process-wide one belongs to the messages that travel.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("expr.CheckedExpr"))


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, number: str, form: str) -> None:
    kind = form.lstrip("*|")
    field = message.field.add(name=name, number=int(number))
    repeated = form.startswith("*")
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type, field.type_name = field.TYPE_MESSAGE, f".expr.{kind}"
    if form.startswith("|"):
        field.oneof_index = 0


_CheckedExpr = _build()
