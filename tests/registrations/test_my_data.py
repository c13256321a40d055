"""What the law gives to each person, on the private page: see, take along, correct, erase; at once, and traced."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Call
from registrations.enums import Act, CheckResult, MailKind, State
from registrations.in_words import as_text, parts
from registrations.mail import catalogue
from registrations.models import Answer, OutgoingMail, Registration
from registrations.services import details, intake, workflow
from tests.factories import NOW, AnswerFactory, CallFactory, RegistrationFactory, UserFactory, person
from tests.registrations.pages import follow, mine_url, text_of

pytestmark = pytest.mark.django_db

CORRECTION = {
    "given_name": "Jana",
    "family_name": "Kalniņa",
    "display_name": "Somebody from Riga",
    "organisation": "Another clinic",
    "country": "EE",
}


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(registration: Registration, name: str) -> str:
    return f"{mine_url(registration)}{name}/"


def acts(registration: Registration) -> list[str]:
    return [t.act for t in registration.transitions.all()]


def mine(client: Client, **values: Any) -> Registration:
    registration = RegistrationFactory(**values)
    follow(client, registration)
    return registration


def closed() -> Call:
    return CallFactory(closed=True)


# See and take along


def test_the_page_shows_everything_in_words(client: Client):
    registration = mine(client, identity__family_name="Ozoliņš")
    AnswerFactory(registration=registration, value="Captions, please", text="Captions, please")

    page = text_of(client.get(page_of(registration, "data")))

    for words in ("Ozoliņš", "Captions, please", registration.reference, "Latvia"):
        assert words in page
    assert "30 August 2026, 14:00" in page


def test_looking_leaves_no_trace_and_changes_nothing(client: Client):
    registration = mine(client)
    for name in ("data", "correct", "erase"):
        for method in (client.get, client.head):
            assert method(f"{page_of(registration, name)}?action=json&sure=on").status_code == 200

    assert acts(registration) == []
    assert Registration.objects.get().is_erased is False


@pytest.mark.parametrize(
    ("action", "name", "content_type"),
    [("json", "my-data.json", "application/json"), ("text", "my-data.txt", "text/plain; charset=utf-8")],
)
def test_everything_is_taken_along_as_a_file(client: Client, action, name, content_type):
    registration = mine(client, identity__family_name="Ozoliņš")

    answer = client.post(page_of(registration, "data"), {"action": action})

    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == content_type
    assert "no-store" in answer["Cache-Control"]
    assert "Ozoliņš" in answer.content.decode()
    assert acts(registration) == [Act.DOWNLOAD]


def test_the_file_says_what_the_page_says(client: Client):
    registration = mine(client)

    told = json.loads(client.post(page_of(registration, "data"), {"action": "json"}).content)

    assert told["reference"] == registration.reference
    assert told["email"] == registration.identity.email
    assert [one["what"] for one in told["history"]] == ["Own data downloaded"]


def test_an_unknown_button_takes_nothing_along(client: Client):
    registration = mine(client)

    assert client.post(page_of(registration, "data"), {"action": "xml"}).status_code == 400
    assert acts(registration) == []


def test_words_say_moments_lists_and_nothing_at_all():
    zone = CallFactory().event.zone
    told = {"sent_at": "2026-09-01T12:00:00+00:00", "checks": [], "decision": {"outcome": "Select"}, "hidden": ["x"]}

    first, checks, decision, hidden = parts(told, zone)

    assert first.groups == [[("Sent at", "1 September 2026, 14:00")]]
    assert (checks.title, checks.groups) == ("Checks", [])
    assert decision.groups == [[("Outcome", "Select")]]
    assert hidden.groups == [[("", "x")]]


def test_countries_are_named_and_what_is_empty_stands_in_one_line():
    zone = CallFactory().event.zone
    told = {"country": "LV", "checks": [], "looks": [], "hidden": ["x"]}

    text = as_text(told, zone)

    assert "Country: Latvia" in text
    assert "Checks\n======" not in text
    assert text.endswith("Nothing is held under: Checks, Looks\n")


def test_the_page_names_the_country_and_gathers_what_is_empty(client: Client):
    registration = mine(client)

    page = text_of(client.get(page_of(registration, "data")))

    assert "Latvia" in page
    assert "LV" not in page
    assert "Nothing is held under: Answers, " in page
    assert "Nothing. " not in page


def test_other_registrations_of_the_address_are_named_if_they_were_opened(client: Client):
    first = mine(client, identity__email="two@example.org")
    assert "You have other registrations" not in text_of(client.get(page_of(first, "data")))
    mine(client)
    second = mine(client, identity__email="two@example.org")

    page = text_of(client.get(page_of(first, "data")))

    assert "You have other registrations" in page
    assert second.reference in page
    assert "This page is about" in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_answer_and_for_three(client: Client, number):
    registration = mine(client)
    for _ in range(number):
        AnswerFactory(registration=registration)

    with CaptureQueriesContext(connection) as queries:
        client.get(page_of(registration, "data"))

    assert len(queries) == 15


# Correct


def test_who_somebody_is_is_put_right_after_the_deadline_too(client: Client):
    registration = mine(client, call=closed())

    answer = client.post(page_of(registration, "correct"), CORRECTION)

    assert (answer.status_code, answer["Location"]) == (303, f"{mine_url(registration)}?saved=1")
    held = Registration.objects.select_related("identity").get()
    identity = held.identity
    said = {name: getattr(identity, name) for name in CORRECTION if name != "country"}
    assert {**said, "country": held.country} == CORRECTION
    assert identity.email == registration.identity.email
    assert acts(registration) == [Act.CHANGE_ANSWERS]
    assert OutgoingMail.objects.get().kind == MailKind.ANSWERS_CHANGED


@pytest.mark.parametrize("is_over", [False, True])
def test_the_mail_names_the_day_until_which_more_may_change_only_while_it_is_to_come(client: Client, is_over):
    registration = mine(client, call=closed() if is_over else CallFactory())
    client.post(page_of(registration, "correct"), CORRECTION)
    mail = catalogue.preview(OutgoingMail.objects.get())
    assert ["You can change them again" in part for part in (mail.text, mail.html)] == [not is_over] * 2


def test_the_same_again_changes_nothing(client: Client):
    registration = mine(client)
    for _ in range(2):
        client.post(page_of(registration, "correct"), CORRECTION)

    assert acts(registration) == [Act.CHANGE_ANSWERS]


def test_an_address_that_is_slipped_in_stays_out(client: Client):
    registration = mine(client)

    client.post(page_of(registration, "correct"), {**CORRECTION, "email": "other@example.org", "profession": "police"})

    held = Registration.objects.select_related("identity").get()
    assert (held.identity.email, held.profession) == (registration.identity.email, registration.profession)


def test_what_is_missing_is_said(client: Client):
    registration = mine(client)

    answer = client.post(page_of(registration, "correct"), {**CORRECTION, "organisation": ""})

    assert answer.status_code == 422
    assert "Enter your organisation." in text_of(answer)
    assert acts(registration) == []


@pytest.mark.parametrize(
    ("needs_check", "changed", "result"),
    [
        (True, {"organisation": "Another clinic"}, CheckResult.NOT_LOOKED_AT),
        (True, {"family_name": "Other"}, CheckResult.NOT_LOOKED_AT),
        (True, {"display_name": "Somebody"}, CheckResult.FINE),
        (False, {"family_name": "Other"}, CheckResult.NOT_LOOKED_AT),
    ],
)
def test_nobody_is_let_in_under_a_name_that_nobody_looked_at(needs_check, changed, result):
    call = CallFactory(join_link_needs_check=needs_check)
    checked = {"check_result": CheckResult.FINE, "checked_at": NOW, "checked_by": UserFactory()}
    registration = RegistrationFactory(call=call, **checked)
    identity = registration.identity
    same = {name: getattr(identity, name) for name in details.CORRECTED}

    details.correct(registration=registration, country=registration.country, now=NOW, **{**same, **changed})

    assert Registration.objects.get().check_result == result


def test_a_form_sent_after_a_correction_counts_as_a_change():
    call = CallFactory()
    sent = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW)
    registration = sent.link.registration
    details.correct(registration=registration, country="EE", now=NOW, **dict.fromkeys(details.CORRECTED, "X"))

    intake.change_answers(registration=registration, person=person(), answers={}, now=NOW, received_at=NOW)

    assert Registration.objects.select_related("identity").get().identity.given_name == person().given_name


def test_a_correction_that_breaks_leaves_what_was_there(monkeypatch):
    registration = RegistrationFactory()

    def broken(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(workflow, "record", broken)
    with pytest.raises(RuntimeError):
        details.correct(registration=registration, country="EE", now=NOW, **dict.fromkeys(details.CORRECTED, "X"))

    held = Registration.objects.select_related("identity").get()
    assert (held.country, held.identity.given_name) == ("LV", "Jānis")


# Erase


def test_erasing_needs_a_tick(client: Client):
    registration = mine(client)

    answer = client.post(page_of(registration, "erase"), {})

    assert answer.status_code == 422
    assert "Tick the box if you mean it." in text_of(answer)
    assert not Registration.objects.get().is_erased


def test_a_tick_erases_everything_and_ends_the_visit(client: Client):
    registration = mine(client, identity__family_name="Ozoliņš")
    AnswerFactory(registration=registration)

    answer = client.post(page_of(registration, "erase"), {"sure": "on"})

    assert (answer.status_code, answer["Location"]) == (303, "/registrations/erased/")
    assert "Done. Your registration is erased." in text_of(client.get(answer["Location"]))
    held = Registration.objects.select_related("identity").get()
    assert held.is_erased
    assert (held.identity.family_name, held.identity.email) == ("", "")
    assert not Answer.objects.exists()
    assert client.get(mine_url(registration)).status_code == 404
    assert client.get("/registrations/mine/").status_code == 200
    assert registration.reference not in text_of(client.get("/registrations/mine/"))


def test_places_stay_right_and_the_next_on_the_list_moves_up(client: Client):
    call = CallFactory(capacity=1)
    registration = mine(client, call=call)
    waiting = RegistrationFactory(call=call, on_list=True)

    client.post(page_of(registration, "erase"), {"sure": "on"})

    assert Registration.objects.get(pk=registration.pk).state == State.WITHDRAWN
    assert Registration.objects.get(pk=waiting.pk).state == State.CONFIRMED
    assert Call.objects.get().places_taken == 1


def test_no_mail_follows_to_who_is_gone(client: Client):
    registration = mine(client)

    client.post(page_of(registration, "erase"), {"sure": "on"})

    assert not OutgoingMail.objects.filter(registration=registration).exclude(state="cancelled").exists()


def test_the_registration_of_another_stays(client: Client):
    other = RegistrationFactory(identity__email="same@example.org")
    registration = mine(client, identity__email="same@example.org")

    client.post(page_of(registration, "erase"), {"sure": "on"})

    assert [r.is_erased for r in Registration.objects.order_by("pk")] == [False, True]
    assert not Registration.objects.get(pk=other.pk).transitions.exists()


def test_an_erased_registration_opens_no_more(client: Client):
    registration = mine(client)
    cookies = client.cookies.copy()
    client.post(page_of(registration, "erase"), {"sure": "on"})
    client.cookies = cookies

    assert client.get(page_of(registration, "data")).status_code == 404


@pytest.mark.parametrize("name", ["data", "correct", "erase"])
def test_strangers_find_no_such_page(client: Client, name):
    registration = RegistrationFactory()
    mine(client)

    assert client.get(page_of(registration, name)).status_code == 404
    assert client.post(page_of(registration, name), {"sure": "on", "action": "json"}).status_code == 404
    assert not Registration.objects.get(pk=registration.pk).is_erased


def test_a_visit_that_is_over_sees_nothing(client: Client):
    registration = mine(client)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        assert client.get(page_of(registration, "data")).status_code == 404
