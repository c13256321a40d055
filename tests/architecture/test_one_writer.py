"""Each state has one writer: the workflow for registrations and the places of a call, the outbox for mails."""

import ast

import pytest

from tests.architecture.house import APPS, name_of, python_files, tree
from tests.architecture.writes import ANY_FIELD, GUARDED, Write, writes_of

WORKFLOW = "registrations/services/workflow.py"
MAIL = "registrations/mail/"

_REGISTRATIONS = {"Registration", "registration", "registrations", "r"}
_MAILS = {"OutgoingMail", "mail", "mails"}

#: Who sets fields whose names stand in no text: on rows of content, as a call file describes them, on mails, on sealed
#: rows, on rules of keeping, and on what a purge empties.
WRITES_VALUES = (
    "registrations/models/answer.py",
    "registrations/models/sealed.py",
    "registrations/services/details.py",
    "registrations/services/keeping_rules.py",
    "registrations/services/purging.py",
    "registrations/services/call_content.py",
    "registrations/services/importing.py",
    MAIL,
)


def strangers(name: str, module: ast.Module, field: str) -> list[Write]:
    """The writes of `state` or `places_taken` in this file that only another file may make."""
    found = [write for write in writes_of(module, field) if not _is_other_rows(write)]
    if name.startswith(WRITES_VALUES):
        found = [write for write in found if write.field != ANY_FIELD]
    if name == WORKFLOW:
        return [write for write in found if field == "state" and write.owner in _MAILS]
    if name.startswith(MAIL) and field == "state":
        return [write for write in found if write.owner in _REGISTRATIONS]
    return found


def _is_other_rows(write: Write) -> bool:
    """Whether values without names go to a model that is named, and is none of those with a guarded field."""
    return write.field == ANY_FIELD and write.owner[:1].isupper() and write.owner not in GUARDED


@pytest.mark.parametrize("field", ["state", "places_taken"])
def test_a_guarded_field_has_one_writer(field):
    found = [
        f"{name_of(path)}:{write.line} writes {field}"
        for path in python_files(*APPS)
        for write in strangers(name_of(path), tree(path), field)
    ]

    assert found == []


def test_the_writers_are_where_they_are_looked_for():
    files = {name_of(path): tree(path) for path in python_files("registrations")}

    assert writes_of(files[WORKFLOW], "state") != []
    assert writes_of(files[WORKFLOW], "places_taken") != []
    assert any(writes_of(module, "state") for name, module in files.items() if name.startswith(MAIL))


@pytest.mark.parametrize(
    "snippet",
    [
        "registration.state = State.CONFIRMED",
        "registration.state, registration.version = State.CONFIRMED, 2",
        "for registration.state in states: pass",
        "Registration.objects.filter(pk=1).update(state=State.CONFIRMED)",
        "Registration.objects.filter(pk=1).update(**{'state': 'confirmed'})",
        "rows.update(**values)",
        "Registration.objects.bulk_update(rows, ['version', 'state'])",
        "Registration.objects.bulk_update(rows, fields)",
        "Registration.objects.bulk_update(rows, fields=('state',))",
        "Registration.objects.bulk_create([Registration(state=State.CONFIRMED)])",
        "Registration.objects.get_or_create(pk=1, defaults={'state': 'confirmed'})",
        "Registration.objects.update_or_create(pk=1, defaults=values)",
        "setattr(registration, 'state', State.CONFIRMED)",
        "setattr(registration, name, value)",
    ],
)
def test_each_way_of_writing_a_state_is_found(snippet):
    assert strangers("registrations/services/intake.py", ast.parse(snippet), "state") != []


@pytest.mark.parametrize(
    "snippet",
    [
        "call.places_taken += 1",
        "Call.objects.update(places_taken=F('places_taken') + 1)",
        "Call(places_taken=3)",
    ],
)
def test_each_way_of_writing_the_places_is_found(snippet):
    assert strangers("events/services/events.py", ast.parse(snippet), "places_taken") != []


@pytest.mark.parametrize(
    "snippet",
    [
        "registration.state == State.CONFIRMED",
        "Registration.objects.filter(state=State.CONFIRMED)",
        "Registration.objects.exclude(state__in=NOT_LIVE).update(version=2)",
        "ToldEvent.objects.update(**fresh)",
        "state = registration.state",
        "render(request, state=registration.state)",
    ],
)
def test_reading_a_state_is_fine(snippet):
    assert strangers("registrations/services/intake.py", ast.parse(snippet), "state") == []


def test_the_outbox_and_the_workflow_may_not_write_for_each_other():
    registration = ast.parse("Registration.objects.update(state=State.CONFIRMED)")
    mail = ast.parse("mail.state = MailState.SENT")

    assert strangers("registrations/mail/outbox.py", registration, "state") != []
    assert strangers("registrations/mail/outbox.py", mail, "state") == []
    assert strangers(WORKFLOW, mail, "state") != []
    assert strangers(WORKFLOW, registration, "state") == []
