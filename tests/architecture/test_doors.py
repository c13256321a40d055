"""Only the doors of the house look at the clock and at the request: everything behind them is told."""

import ast

import pytest

from tests.architecture.house import APPS, name_of, python_files, tree

#: Files and folders where something comes in: a request, a command, the beat, a ring of the doorbell.
DOORS = {"admin", "admin.py", "feeds.py", "jobs.py", "management", "sitemaps.py", "tasks.py", "templatetags", "views"}

#: The clock itself, and what stamps and answers each request. Django's own account model has such a default, too.
DOORS_BY_NAME = {
    "accounts/adapters.py": "what allauth asks while it answers",
    "accounts/doors.py": "asks who somebody is, once more",
    "accounts/middleware.py": "ends sessions",
    "accounts/models.py": "the day on which an account was made, as the default of its column",
    "accounts/reauthentication.py": "reads what a session proved",
    "accounts/reset_links.py": "Django's way of dating a link",
    "accounts/stages.py": "the second step of signing in",
    "accounts/views.py": "pages",
    "ranportal/shared/clock.py": "the clock",
    "ranportal/shared/health.py": "answers load balancers and people",
    "ranportal/shared/metrics.py": "answers whoever collects figures",
    "ranportal/shared/middleware.py": "stamps each arrival",
}

_CLOCKS = {("clock", "now"), ("timezone", "now"), ("timezone", "localdate"), ("timezone", "localtime")}
_CLOCKS |= {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def looks_at_clock(module: ast.Module) -> list[int]:
    """The lines that ask what time it is."""
    found = (node for node in ast.walk(module) if isinstance(node, ast.Attribute))
    return [node.lineno for node in found if (_name(node.value), node.attr) in _CLOCKS]


def takes_request(module: ast.Module) -> list[str]:
    """The functions that are handed a request."""
    functions = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef))
    return [f.name for f in functions if any(a.arg == "request" for a in (*f.args.args, *f.args.kwonlyargs))]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _behind_the_doors() -> dict[str, ast.Module]:
    files = {name_of(path): path for path in python_files(*APPS)}
    return {name: tree(path) for name, path in files.items() if not is_door(name)}


def is_door(name: str) -> bool:
    """Whether something from outside comes in here."""
    return name in DOORS_BY_NAME or bool(DOORS & set(name.split("/")))


def test_nothing_behind_the_doors_looks_at_the_clock():
    found = [f"{name}:{line}" for name, module in _behind_the_doors().items() for line in looks_at_clock(module)]

    assert found == []


def test_nothing_behind_the_doors_is_handed_a_request():
    # What ranportal shares looks after requests themselves: their stamp, their headers, their error pages.
    found = [
        f"{name}: {function}"
        for name, module in _behind_the_doors().items()
        for function in takes_request(module)
        if not name.startswith("ranportal/")
    ]

    assert found == []


@pytest.mark.parametrize(
    "snippet",
    [
        "now = clock.now()",
        "now = timezone.now()",
        "field = DateTimeField(default=timezone.now)",
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
    ],
)
def test_a_look_at_the_clock_is_found(snippet):
    assert looks_at_clock(ast.parse(snippet)) == [1]


def test_a_function_with_a_request_is_found():
    assert takes_request(ast.parse("def submit(*, request, now): ...")) == ["submit"]
    assert takes_request(ast.parse("def submit(*, received_at, now): ...")) == []


def test_services_and_models_are_no_doors():
    assert not is_door("registrations/services/intake.py")
    assert not is_door("registrations/models/registration.py")
    assert is_door("registrations/views/register.py")
