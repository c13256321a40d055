"""Each variable of the environment that the settings read is written down for whoever installs the portal."""

import ast

from tests.architecture.house import APPS, ROOT, name_of, python_files, tree

READER = "ranportal/env.py"

_READERS = {"choice", "flag", "number", "text", "words"}


def variables(module: ast.Module) -> set[str]:
    """The names that a settings file reads with env.text, env.flag, env.number or env.words."""
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return {
        call.args[0].value
        for call in calls
        if call.func.attr in _READERS and call.args and isinstance(call.args[0], ast.Constant)
    }


def missing(names: set[str], document: str) -> list[str]:
    """The names that stand on no line of a document."""
    words = {word.strip("#`*|=, ") for line in document.splitlines() for word in line.replace("=", " ").split()}
    return sorted(names - words)


def test_each_variable_stands_in_the_example():
    names = variables(tree(ROOT / "ranportal" / "settings.py"))

    assert {"DATABASE_URL", "SECRET_KEY", "DEBUG"} <= names
    assert missing(names, (ROOT / ".env.example").read_text("utf-8")) == []


def environment(module: ast.Module) -> list[int]:
    """The lines that read the environment by themselves."""
    reads = (
        node for node in ast.walk(module) if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    )
    # Naming the settings' file for Django is no reading.
    named = {
        node.func.value for node in ast.walk(module) if isinstance(node, ast.Call) and _last(node.func) == "setdefault"
    }
    return [node.lineno for node in reads if node not in named]


def _last(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else ""


def test_only_the_settings_and_their_reader_look_at_the_environment():
    files = {name_of(path): path for path in python_files(*APPS)}
    found = [f"{name}:{line}" for name, path in files.items() if name != READER for line in environment(tree(path))]

    assert found == []


def test_a_look_at_the_environment_is_found():
    assert environment(ast.parse("import os\nkey = os.environ['KEY']\nother = os.getenv('KEY')")) == [2, 3]
    assert environment(ast.parse("os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'ranportal.settings')")) == []


def test_a_variable_that_nobody_wrote_down_is_found():
    names = variables(ast.parse("A = env.text('NEW_URL')\nB = env.flag('OLD', default=True)"))

    assert missing(names, "# OLD=1   says something\n") == ["NEW_URL"]
