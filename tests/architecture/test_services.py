"""A write is one function: named arguments only, the moment handed in, one transaction."""

import ast

import pytest

from tests.architecture.house import name_of, python_files, tree

SERVICES = ("registrations/services", "events/services")


def bent_writes(module: ast.Module) -> list[str]:
    """Name the public functions that open a transaction and take arguments by place, or are not told the moment."""
    found = []
    for function in module.body:
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_") and _transactions(function):
            named = {argument.arg for argument in function.args.kwonlyargs}
            if function.args.args or function.args.posonlyargs:
                found.append(f"{function.name} takes arguments by place")
            if "now" not in named:
                found.append(f"{function.name} is not told the moment")
    return found


def _transactions(function: ast.FunctionDef) -> int:
    return sum(isinstance(node, ast.Attribute) and node.attr == "atomic" for node in ast.walk(function))


def test_each_write_takes_named_arguments_and_the_moment():
    files = [path for folder in SERVICES for path in python_files(folder)]
    found = [f"{name_of(path)}: {write}" for path in files for write in bent_writes(tree(path))]

    assert files != []
    assert found == []


@pytest.mark.parametrize(
    "signature", ["call, *, now", "*, call", "call, now", "call, /, *, now", "*, call, by"], ids=lambda text: text
)
def test_a_write_with_other_arguments_is_found(signature):
    assert bent_writes(ast.parse(f"def close({signature}):\n    with transaction.atomic():\n        pass")) != []


def test_a_read_may_take_its_argument_by_place():
    assert bent_writes(ast.parse("def places(call): return call.places_taken")) == []
