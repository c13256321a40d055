"""Files and functions stay small enough to be read in one go. There is no list of exceptions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import APPS, ROOMS, name_of, python_files, templates, tree

FILE_LINES = 400
FUNCTION_LINES = 40
TEMPLATE_LINES = 150
TEST_FILE_LINES = 600


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _too_long(paths: Iterator[Path], most: int) -> list[str]:
    return [f"{name_of(path)} has {_lines(path)} lines, {most} are allowed" for path in paths if _lines(path) > most]


def long_functions(module: ast.Module, most: int = FUNCTION_LINES) -> list[str]:
    """Name the functions with more lines than allowed, signature and docstring included."""
    functions = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    sizes = ((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions)
    return [f"{name} has {size} lines" for name, size in sizes if size > most]


def test_no_file_has_more_than_400_lines():
    rooms = [room for room in ROOMS if room != "tests"]

    assert _too_long(python_files(*rooms), FILE_LINES) == []


def test_no_test_file_has_more_than_600_lines():
    assert _too_long(python_files("tests"), TEST_FILE_LINES) == []


def test_no_template_has_more_than_150_lines():
    assert _too_long(templates(), TEMPLATE_LINES) == []


def test_no_function_has_more_than_40_lines():
    found = [f"{name_of(path)}: {function}" for path in python_files(*ROOMS) for function in long_functions(tree(path))]

    assert found == []


def test_a_function_one_line_too_long_is_found():
    body = "    step()\n"

    assert long_functions(ast.parse("def fits():\n" + body * 39)) == []
    assert long_functions(ast.parse("def grows():\n" + body * 40)) == ["grows has 41 lines"]


def test_a_file_one_line_too_long_is_found():
    files = [path for path in python_files(*APPS) if _lines(path) > 100]

    assert _too_long(iter(files), 100) != []
    assert len(_too_long(iter(files), 100)) == len(files)
