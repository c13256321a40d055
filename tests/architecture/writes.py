"""Finds in a syntax tree every place that writes a given field of a model."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

#: Calls whose keywords become columns.
_WRITING_CALLS = {"update", "create", "get_or_create", "update_or_create", "aupdate", "acreate", "defaults"}

#: Models with a guarded field: their constructors write, too.
GUARDED = {"Registration", "OutgoingMail", "Call"}

ANY_FIELD = "**"


@dataclass(frozen=True)
class Write:
    """A write of `field` (ANY_FIELD: which one stands in no text), on what `owner` names first, in this line."""

    field: str
    owner: str
    line: int


def writes_of(module: ast.Module, field: str) -> list[Write]:
    """All writes of this field: assignments, setattr, update, create, constructors, bulk_update and `**` values."""
    return [write for node in ast.walk(module) for write in _writes(node) if write.field in (field, ANY_FIELD)]


def _writes(node: ast.AST) -> Iterator[Write]:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For | ast.With | ast.NamedExpr):
        for target in _targets(node):
            yield Write(target.attr, _root(target.value), target.lineno)
    elif isinstance(node, ast.Call):
        for field in _called_with(node):
            yield Write(field, _root(node.func), node.lineno)


def _targets(node: ast.AST) -> Iterator[ast.Attribute]:
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store | ast.Del):
            yield child


def _called_with(call: ast.Call) -> Iterator[str]:
    name = _last_name(call.func)
    if name == "setattr":
        yield _constant(call.args[1]) if len(call.args) > 1 else ANY_FIELD
    elif name in {"bulk_update", "abulk_update"}:
        listed = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "fields")]
        for names in listed:
            yield from _constants(names)
    elif name in _WRITING_CALLS or name in GUARDED:
        yield from _keywords(call)


def _keywords(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg in {"defaults", "create_defaults"} or keyword.arg is None:
            yield from _keys(keyword.value)
        else:
            yield keyword.arg


def _keys(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Dict):
        yield from (ANY_FIELD if key is None else _constant(key) for key in value.keys)
    else:
        yield ANY_FIELD


def _constants(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        yield from (_constant(item) for item in value.elts)
    else:
        yield ANY_FIELD


def _constant(value: ast.expr) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ANY_FIELD


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _root(value: ast.expr) -> str:
    """The first name of a chain: Registration in Registration.objects.filter(…).update."""
    while not isinstance(value, ast.Name):
        if isinstance(value, ast.Attribute | ast.Subscript):
            value = value.value
        elif isinstance(value, ast.Call):
            value = value.func
        else:
            return ""
    return value.id
