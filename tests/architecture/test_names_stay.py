"""Names of people stay where they belong: a row is called by its reference, a task is told nothing, a log no person."""

import ast

import pytest
from django.db.models import Model

from registrations.enums import Act, CheckResult, Extra, Finding, MailKind
from registrations.models import Alarm, Check, Consent, Identity, NotTold, Registration, Transition, Vouch
from tests.architecture.house import APPS, name_of, python_files, tree
from tests.factories import (
    NOW,
    AnswerFactory,
    DecisionFactory,
    OutgoingMailFactory,
    PinFactory,
    ProposalLineFactory,
    RegistrationFactory,
    ReviewFactory,
    ReviewTaskFactory,
)

PERSONAL = {"address_index", "display_name", "email", "family_name", "given_name", "identity", "organisation", "person"}
_LEVELS = {"critical", "debug", "error", "exception", "info", "log", "warning"}


def told_by_name(rows: list[Model], person: Identity) -> list[str]:
    """The kinds of rows whose words for themselves hold something of the person."""
    words = {person.given_name, person.family_name, person.display_name, person.email, person.organisation} - {""}
    return [type(row).__name__ for row in rows if any(word in f"{row!s} {row!r}" for word in words)]


def tasks_with_arguments(module: ast.Module) -> list[str]:
    """The tasks that are told something: what they are told lies in the broker."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    tasks = [f for f in functions if any("task" in ast.unparse(decorator) for decorator in f.decorator_list)]
    return [
        task.name for task in tasks if task.args.args or task.args.kwonlyargs or task.args.vararg or task.args.kwarg
    ]


def logged_people(module: ast.Module) -> list[int]:
    """The lines that write something of a person into a log."""
    calls = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS
    ]
    logs = [call for call in calls if "log" in ast.unparse(call.func.value)]
    return [call.lineno for call in logs if PERSONAL & _names(call)]


def _names(call: ast.Call) -> set[str]:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    nodes = [node for argument in arguments for node in ast.walk(argument)]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {
        node.id for node in nodes if isinstance(node, ast.Name)
    }


@pytest.mark.django_db
def test_a_registration_and_all_that_hangs_on_it_are_called_by_its_reference():
    registration = RegistrationFactory(identity__given_name="Zsófia", identity__family_name="Őszi")
    rows: list[Model] = [
        registration,
        registration.identity,
        *registration.links.all(),
        AnswerFactory(registration=registration, text="Zsófia Őszi"),
        DecisionFactory(registration=registration, reason="Zsófia knows the field"),
        OutgoingMailFactory(registration=registration),
        ReviewFactory(registration=registration, comment="Zsófia?"),
        Check(registration=registration, result=CheckResult.FINE, note="Zsófia answered the telephone"),
        Transition(registration=registration, act=Act.SEND, at=NOW, reason="Zsófia called"),
        ReviewTaskFactory(registration=registration),
        PinFactory(registration=registration, reason="Zsófia speaks"),
        ProposalLineFactory(registration=registration, reason="Zsófia is 1st by score"),
        NotTold(registration=registration, kind=MailKind.SELECTED, finding=Finding.MISSING),
        Alarm(registration=registration, telephone="Zsófia's own", number=1, raised_at=NOW),
        Vouch(registration=registration, name="Zsófia Őszi", number=1, asked_at=NOW, expires_at=NOW),
        Consent(registration=registration, extra=Extra.DIET, detail="Zsófia eats all", given_at=NOW),
    ]

    assert {relation.related_model for relation in Registration._meta.related_objects} <= {type(row) for row in rows}
    assert str(registration) == str(registration.identity) == registration.reference
    assert told_by_name(rows, registration.identity) == []


def test_no_task_is_told_anything():
    found = [f"{name_of(path)}: {task}" for path in python_files(*APPS) for task in tasks_with_arguments(tree(path))]

    assert found == []


def test_nothing_of_a_person_is_logged():
    assert [f"{name_of(path)}:{line}" for path in python_files(*APPS) for line in logged_people(tree(path))] == []


@pytest.mark.django_db
def test_a_row_that_says_a_name_is_found():
    registration = RegistrationFactory(identity__given_name="Zsófia")
    registration.reference = "P-Zsófia"

    assert told_by_name([registration], registration.identity) == ["Registration"]


def test_a_task_with_an_argument_is_found():
    assert tasks_with_arguments(ast.parse("@shared_task\ndef send(email): ...")) == ["send"]
    assert tasks_with_arguments(ast.parse("@app.task(bind=False)\ndef send(*ids): ...")) == ["send"]


@pytest.mark.parametrize("call", ["logger.info('to %s', identity.email)", "log.warning(f'{person}')"])
def test_a_logged_person_is_found(call):
    assert logged_people(ast.parse(call)) == [1]
