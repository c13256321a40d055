"""A call is tried as an applicant walks it, and nothing of it stays."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.enums import Role
from events.models import Call
from registrations import extras
from registrations.enums import Extra
from registrations.mail import tasks
from registrations.models import OfferedExtra, OutgoingMail, Registration
from registrations.services import consents, intake, trying
from tests import papers
from tests.factories import (
    NOW,
    CallFactory,
    CriterionFactory,
    EventFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    person,
)
from tests.registrations.pages import form, text_of

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[Any]]:
    """All rows of all tables but the one that keeps who is signed in."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.label != "sessions.Session"]
    return {model._meta.label: sorted(map(_as_text, model._default_manager.values_list())) for model in models}


def _as_text(row: tuple[Any, ...]) -> str:
    return str([bytes(value) if isinstance(value, memoryview) else value for value in row])


@pytest.fixture(autouse=True)
def rings(monkeypatch: Any) -> list[bool]:
    """How often the doorbell rang."""
    rung: list[bool] = []
    monkeypatch.setattr(tasks, "ring", lambda: rung.append(True))
    return rung


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.PUBLISHER), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(call: Call) -> str:
    return f"/admin/events/call/{call.pk}/try/"


def walk(client: Client, call: Call, **typed: Any) -> tuple[str, str]:
    """What the page with the code and the page after it say."""
    after_form = client.post(page(call), form(**typed))
    assert after_form.status_code == 200
    sent = text_of(after_form)
    code = re.search(r"(\d{4}) (\d{4})", sent)
    sealed = re.search(r'name="trial" value="([^"]+)"', sent)
    assert code
    assert sealed
    after_code = client.post(page(call), {"trial": sealed[1], "code": "".join(code.groups())})
    assert after_code.status_code == 200
    return sent, text_of(after_code)


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"selective": True},
        {"not_yet_open": True},
        {"closed": True},
        {"selective": True, "asks_to_confirm": True, "event__draft": True},
        {"event__hidden": True},
        {"event__cancelled": True},
    ],
    ids=str,
)
def test_each_call_is_walked_to_its_end_and_leaves_no_row_no_mail_and_no_ring(
    client: Client, call: dict[str, Any], rings: list[bool], django_capture_on_commit_callbacks: Any
) -> None:
    tried = CallFactory(**call)
    before = everything()

    with time_machine.travel(NOW, tick=False), django_capture_on_commit_callbacks(execute=True) as callbacks:
        client.get(page(tried))
        sent, mine = walk(client, tried)

    assert everything() == before
    assert (callbacks, rings) == ([], [])
    for text in (sent, mine):
        assert "Test: nothing is kept or sent" in text
    assert "One more step" in sent
    assert ("Received" in mine) == bool(call.get("selective"))


def test_control_a_form_that_is_sent_for_real_is_seen_by_the_comparison(
    rings: list[bool], django_capture_on_commit_callbacks: Any
) -> None:
    call = CallFactory()
    before = everything()

    with django_capture_on_commit_callbacks(execute=True):
        intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW)

    after = everything()
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert {"registrations.Registration", "registrations.Identity", "registrations.OutgoingMail"} <= changed
    assert rings == [True]


def test_while_the_trial_lasts_its_rows_are_there() -> None:
    call = CallFactory()
    with trying.walked(call=call, person=person(), answers={}, is_proven=True, now=NOW) as trial:
        assert Registration.objects.get() == trial.registration
        assert OutgoingMail.objects.count() == 2
    assert not Registration.objects.exists()


def test_a_trial_that_breaks_leaves_nothing_either() -> None:
    call = CallFactory()
    with (
        pytest.raises(ZeroDivisionError),
        trying.walked(call=call, person=person(), answers={}, is_proven=True, now=NOW),
    ):
        _ = 1 / 0
    assert not Registration.objects.exists()
    assert Call.objects.get().places_taken == 0


def test_a_selective_call_shows_what_each_decision_would_say(client: Client) -> None:
    call = CallFactory(selective=True)
    CriterionFactory(call=call, label="Works with the target group")
    QuestionFactory(call=call, asked_of="selected")
    with time_machine.travel(NOW, tick=False):
        _, mine = walk(client, call)
    for words in (
        "If the person is selected",
        "A few practical questions wait for you there, too.",
        "If the person goes on the reserve list",
        "If there is no place for the person",
        "We cannot offer you a place this time.",
        "Works with the target group",
    ):
        assert words in mine


def test_an_open_call_shows_the_place_and_no_decisions(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        _, mine = walk(client, CallFactory())
    assert "Your place is confirmed" in mine
    assert "If the person is selected" not in mine


def test_a_trial_shows_nobody_who_takes_part_and_not_how_they_get_there(client: Client) -> None:
    call = CallFactory(event__venue="Secret Street 7")
    OfferedExtra.objects.create(call=call, extra=Extra.LISTED_NAME)
    for number in range(extras.LEAST_LISTED):
        listed = RegistrationFactory(call=call, identity__display_name=f"Listed {number}")
        consents.give(registration=listed, extra=Extra.LISTED_NAME, now=NOW)
    assert len(extras.participants(call)) == extras.LEAST_LISTED

    with time_machine.travel(NOW, tick=False):
        _, mine = walk(client, call)

    assert "Your place is confirmed" in mine
    for hidden in ("Listed 1", "Who takes part", "Secret Street", "secret-room"):
        assert hidden not in mine
    assert "here stands the private address" in mine


def test_a_mistake_is_told_as_in_the_real_form(client: Client) -> None:
    question = QuestionFactory(is_required=True)
    answer = client.post(page(question.call), form(email="nobody", q_question=None))
    real = Client()
    with time_machine.travel(NOW, tick=False):
        beside = real.post(f"/events/{question.call.event.slug}/register/", form(email="nobody"))
    assert (answer.status_code, beside.status_code) == (422, 422)
    assert answer.context["form"].errors == beside.context["form"].errors
    assert "Please answer this question." in text_of(answer)


def test_another_code_does_not_fit(client: Client) -> None:
    call = CallFactory()
    with time_machine.travel(NOW, tick=False):
        sealed = re.search(r'name="trial" value="([^"]+)"', text_of(client.post(page(call), form())))
        assert sealed
        wrong = client.post(page(call), {"trial": sealed[1], "code": "00000000"})
    assert (wrong.status_code, "This code does not fit." in text_of(wrong)) == (422, True)


def test_what_was_sealed_for_one_call_or_altered_opens_no_other(client: Client) -> None:
    call, other = CallFactory(), CallFactory()
    with time_machine.travel(NOW, tick=False):
        sealed = re.search(r'name="trial" value="([^"]+)"', text_of(client.post(page(call), form())))
        assert sealed
        for call_of, value in ((other, sealed[1]), (call, f"{sealed[1]}x")):
            answer = client.post(page(call_of), {"trial": value, "code": "12345678"}, follow=True)
            assert "This test is over." in text_of(answer)
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        late = client.post(page(call), {"trial": sealed[1], "code": "12345678"}, follow=True)
        assert "This test is over." in text_of(late)


def test_an_address_that_is_registered_is_not_given_away(client: Client) -> None:
    call = CallFactory()
    RegistrationFactory(call=call, reference="P-SECRE", identity__email="janis@example.org")
    with time_machine.travel(NOW, tick=False):
        sent, mine = walk(client, call, email="janis@example.org")
    assert "P-SECRE" not in sent + mine
    assert "janis@example.org" in mine


def test_a_file_is_taken_and_not_stored(client: Client, tmp_path: Path) -> None:
    question = QuestionFactory(kind="file", label="Your CV", is_required=True, key="cv")
    upload = SimpleUploadedFile("cv.pdf", papers.pdf(), content_type="application/pdf")
    with time_machine.travel(NOW, tick=False):
        _, mine = walk(client, question.call, q_cv=upload)
    assert "cv.pdf" in mine
    assert not [file for file in (tmp_path / "private").rglob("*") if file.is_file()]


def test_a_call_without_places_says_so(client: Client) -> None:
    call = CallFactory(capacity=1, has_waiting_list=False)
    RegistrationFactory(call=call)
    answer = client.post(page(call), form())
    assert "does not take registrations at the moment" in text_of(answer)


def test_the_preview_is_the_form_without_a_button_in_the_order_that_was_typed(client: Client) -> None:
    call = CallFactory(event=EventFactory(draft=True))
    for key in ("first", "second"):
        QuestionFactory(call=call, key=key, label=f"The {key}?")
    QuestionFactory(call=call, key="diet", label="What do you eat?", asked_of="selected")
    address = f"/admin/events/call/{call.pk}/form/preview/"

    saved, unsaved = (
        text_of(client.get(address)),
        text_of(client.post(address, {"place-second": "1", "place-first": "2"})),
    )

    assert saved.index("The first?") < saved.index("The second?") < saved.index("What do you eat?")
    assert unsaved.index("The second?") < unsaved.index("The first?")
    assert "it is not saved" in unsaved
    assert list(call.questions.values_list("key", flat=True)) == ["first", "second", "diet"]
    for text in (saved, unsaved):
        assert 'type="submit"' not in text
