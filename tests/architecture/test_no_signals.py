"""Nothing happens behind the reader's back, and no text of people is called safe."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.house import APPS, ROOMS, name_of, python_files, templates, tree

#: Names for what has no place of its own.
NAMELESS = {"common", "helper", "helpers", "misc", "receivers", "signals", "util", "utilities", "utils"}

#: The places that call text safe: each passes on what has just left a sanitiser.
SANITISERS = {"ranportal/shared/markdown.py", "registrations/admin/outbox.py", "registrations/pictures.py"}

_TRUSTING_TAGS = re.compile(r"\|\s*(safe|safeseq)\b|\{%\s*autoescape\s+off")


def hidden_ways(module: ast.Module) -> list[str]:
    """Name each signal and each import inside a function."""
    return [f"line {line}: {what}" for line, what in _hidden_ways(module)]


def _hidden_ways(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = (child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom))
            yield from ((child.lineno, "import inside a function") for child in inner)
        if isinstance(node, ast.ImportFrom) and _is_signal(node):
            yield node.lineno, "signal"


def _is_signal(node: ast.ImportFrom) -> bool:
    """Django's only: the worker of Celery has no other way to say that it starts, and no data takes it."""
    parts = (node.module or "").split(".")
    return parts[0] == "django" and bool({"signals", "dispatch"} & {*parts, *(alias.name for alias in node.names)})


def trusting(module: ast.Module) -> list[str]:
    """Name each place that calls text safe or frees a view from the check of a form's origin."""
    calls = [node.func for node in ast.walk(module) if isinstance(node, ast.Call)]
    names = [node for node in ast.walk(module) if _name(node) in {"mark_safe", "csrf_exempt"}]
    made = [node for node in calls if _name(node) in {"SafeString", "SafeText"}]
    return [f"line {node.lineno}: {_name(node)}" for node in (*names, *made)]


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_no_signal_and_no_import_inside_a_function():
    found = [f"{name_of(path)} {way}" for path in python_files(*ROOMS) for way in hidden_ways(tree(path))]

    assert found == []


@pytest.mark.parametrize(
    "snippet",
    [
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "from django.dispatch import receiver",
        "from django.core.signals import request_finished",
        "def act():\n    from registrations import mail",
        "async def act():\n    import json",
    ],
)
def test_a_hidden_way_is_found(snippet):
    assert hidden_ways(ast.parse(snippet)) != []


def test_each_file_and_folder_says_what_it_holds():
    paths = [*python_files(*ROOMS), *templates()]

    assert [name_of(path) for path in paths if NAMELESS & {path.stem, *path.parent.parts}] == []


def test_nobody_calls_text_safe_or_leaves_a_form_unchecked():
    found = [
        f"{name_of(path)} {place}"
        for path in python_files(*APPS)
        for place in trusting(tree(path))
        if name_of(path) not in SANITISERS
    ]

    assert found == []


@pytest.mark.parametrize(
    "snippet",
    [
        "mark_safe(text)",
        "safestring.mark_safe(text)",
        "make = mark_safe",
        "SafeString(text)",
        "@csrf_exempt\ndef view(request): ...",
        "@method_decorator(csrf_exempt)\nclass View: ...",
    ],
)
def test_a_place_that_calls_text_safe_is_found(snippet):
    assert trusting(ast.parse(snippet)) != []


def test_no_template_of_a_page_or_of_a_mail_in_html_calls_text_safe():
    # Plain text has no markup to escape.
    pages = [path for path in templates() if path.suffix != ".txt"]

    assert [name_of(path) for path in pages if _TRUSTING_TAGS.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("text", ["{{ answer|safe }}", "{{ answer | safeseq }}", "{% autoescape off %}"])
def test_a_template_that_calls_text_safe_is_found(text):
    assert _TRUSTING_TAGS.search(text)
