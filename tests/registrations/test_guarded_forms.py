"""The public forms keep programs out and let people through: with what was typed, without script or puzzle."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ranportal.shared import cleaning, clock
from ranportal.shared.form_guard import STAMP, TRAP, new_stamp
from registrations.links import token_of
from registrations.models import OutgoingMail, Registration
from tests.factories import NOW, CallFactory, QuestionFactory, RegistrationFactory
from tests.registrations.pages import form, register_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_people_meet_it(settings):
    settings.FORM_LEAST_SECONDS, settings.FORMS_PER_HOUR = 2, 120
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def call():
    return CallFactory()


def stamp_of(call, *, age=timedelta(minutes=1)):
    return new_stamp(f"register/{call.event.slug}", now=clock.now() - age)


def send(client, call, *, stamp, **typed):
    return client.post(register_url(call), {**form(**typed), STAMP: stamp})


def stored():
    return Registration.objects.count(), OutgoingMail.objects.count()


def test_the_page_carries_a_stamp_and_a_field_that_people_never_see(client, call):
    page = text_of(client.get(register_url(call)))
    assert 'type="hidden" name="stamp"' in page
    assert '<div class="portal-hidden" aria-hidden="true">' in page
    assert 'name="website" id="website" value="" tabindex="-1" autocomplete="off"' in page
    assert 'name="stamp"' in text_of(client.get("/registrations/link/"))


@pytest.mark.parametrize("age", [None, timedelta(hours=13)])
def test_without_a_fresh_stamp_the_page_comes_again_with_what_was_typed(client, call, age):
    QuestionFactory(call=call, key="why", kind="long_text")
    QuestionFactory(call=call, key="cv", kind="file")
    stamp = "" if age is None else stamp_of(call, age=age)
    answer = send(client, call, stamp=stamp, organisation="<b>Clinic</b>", q_why="Long thoughts")
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Please press the button once more" in page
    assert "Files have to be chosen again." in page
    assert "Long thoughts" in page
    assert 'value="&lt;b&gt;Clinic&lt;/b&gt;"' in page
    assert stored() == (0, 0)


def test_who_presses_the_button_once_more_gets_through_without_a_script(client, call, settings):
    settings.FORM_LEAST_SECONDS = 0
    page = text_of(send(client, call, stamp="forged"))
    fresh = page.partition('name="stamp" value="')[2].partition('"')[0]
    assert send(client, call, stamp=fresh).status_code == 303
    assert stored() == (1, 1)


@pytest.fixture
def looked_at(monkeypatch):
    """The files that were looked at; the look itself is left out."""
    found = []
    monkeypatch.setattr("registrations.fields.cleaning.cleaned", lambda content, kind: found.append(content) or content)
    return found


def with_file(client, call, *, stamp, **typed):
    return send(client, call, stamp=stamp, **{"q-cv": SimpleUploadedFile("cv.pdf", b"%PDF-1.7"), **typed})


def test_nobody_looks_into_the_files_of_a_form_that_is_refused_at_first(client, call, looked_at):
    QuestionFactory(call=call, key="cv", kind="file")
    blocked = Client(enforce_csrf_checks=True)
    answers = [
        with_file(client, call, stamp=""),
        with_file(client, call, stamp=stamp_of(call), **{TRAP: "x"}),
        with_file(blocked, call, stamp=stamp_of(call)),
    ]
    assert [answer.status_code for answer in answers] == [422, 303, 403]
    assert "Files have to be chosen again." in text_of(answers[0])
    assert looked_at == []


def test_incomplete_forms_with_files_are_so_many_an_hour_too(client, call, settings, looked_at):
    settings.FORMS_PER_HOUR = 2
    QuestionFactory(call=call, key="cv", kind="file")
    answers = [with_file(client, call, stamp=stamp_of(call), email="") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
    assert len(looked_at) == 2


def test_where_too_many_files_are_looked_at_the_page_comes_again_with_what_was_typed(client, call, monkeypatch):
    QuestionFactory(call=call, key="cv", kind="file")
    monkeypatch.setattr(cleaning, "WAIT", 0.01)
    monkeypatch.setattr(cleaning, "_turns", threading.BoundedSemaphore(1))
    with cleaning._turn():
        answer = with_file(client, call, stamp=stamp_of(call), organisation="My clinic")
    assert answer.status_code == 422
    assert cleaning.BUSY in text_of(answer)
    assert 'value="My clinic"' in text_of(answer)
    assert stored() == (0, 0)
    assert cleaning._turns.acquire(blocking=False), "a turn was kept"


def test_a_stamp_of_another_call_counts_for_nothing(client, call):
    assert send(client, call, stamp=stamp_of(CallFactory())).status_code == 422
    assert stored() == (0, 0)


def test_a_filled_trap_is_answered_like_a_success_and_nothing_is_stored(client, call):
    known, other = Client(), Client()
    success = known.post(register_url(call), {**form(), STAMP: stamp_of(call)})
    before = stored()
    trapped = other.post(register_url(call), {**form(email="bot@example.org"), STAMP: stamp_of(call), TRAP: "x"})
    for answer in (success, trapped):
        del answer.headers["X-Request-ID"]
    assert (trapped.status_code, trapped["Location"], dict(trapped.headers)) == (
        success.status_code,
        success["Location"],
        dict(success.headers),
    )
    assert {n: len(c.value) for n, c in trapped.cookies.items()} == {
        n: len(c.value) for n, c in success.cookies.items()
    }
    assert stored() == before == (1, 1)


def test_the_link_form_has_a_trap_and_a_stamp_too(client):
    RegistrationFactory(confirmed=True, identity__email="known@example.org")
    typed = {"email": "known@example.org"}
    refused = client.post("/registrations/link/", {**typed, STAMP: ""})
    stamp = new_stamp("link", now=clock.now() - timedelta(minutes=1))
    trapped = client.post("/registrations/link/", {**typed, STAMP: stamp, TRAP: "x"})
    assert (refused.status_code, trapped.status_code) == (422, 303)
    assert 'value="known@example.org"' in text_of(refused)
    assert not OutgoingMail.objects.exists()
    assert client.post("/registrations/link/", {**typed, STAMP: stamp}).status_code == 303
    assert OutgoingMail.objects.count() == 1


def test_one_network_has_its_forms_of_an_hour_and_is_told_when_it_goes_on(client, call, settings):
    settings.FORMS_PER_HOUR = 2
    answers = [send(client, call, stamp=stamp_of(call), email=f"p{number}@example.org") for number in range(3)]
    last = answers[-1]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert 0 < int(last["Retry-After"]) <= 3600
    assert 'value="p2@example.org"' in text_of(last)
    assert stored() == (2, 2)


def test_a_made_up_forwarded_address_gains_nothing(client, call, settings):
    settings.FORMS_PER_HOUR, settings.TRUSTED_PROXIES = 2, 0
    answers = [
        client.post(
            register_url(call),
            {**form(email=f"p{number}@example.org"), STAMP: stamp_of(call)},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )
        for number in range(3)
    ]
    assert answers[-1].status_code == 429


def test_the_deadline_is_asked_before_the_stamp(client):
    late = CallFactory(closes_at=clock.now() - timedelta(days=1), opens_at=clock.now() - timedelta(days=9))
    assert send(client, late, stamp="").status_code == 409


def test_who_blocks_cookies_keeps_what_was_typed_and_reads_what_to_do(call):
    client = Client(enforce_csrf_checks=True)
    answer = send(client, call, stamp=stamp_of(call), organisation="My clinic")
    page = text_of(answer)
    assert answer.status_code == 403
    assert "Please allow cookies for this site" in page
    assert 'value="My clinic"' in page
    assert "csrf" in answer.cookies
    assert stored() == (0, 0)


def test_every_cookie_of_the_public_pages_ends_with_the_visit(client, call):
    person = RegistrationFactory(confirmed=True, call=call)
    event = f"/events/{call.event.slug}/"
    for address in ("/", "/events/", event, register_url(call), "/registrations/link/", "/registrations/privacy/"):
        client.get(address)
    assert send(client, call, stamp=stamp_of(call)).status_code == 303
    client.get(f"/registrations/p/{token_of(person.links.get())}/", follow=True)
    ends = {name: (cookie["expires"], cookie["max-age"]) for name, cookie in client.cookies.items()}
    assert {"csrf", "visit"} <= set(ends)
    assert set(ends.values()) == {("", "")}


def test_what_another_site_sends_is_not_shown(call):
    client = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://evil.example"}
    answer = client.post(register_url(call), {**form(organisation="Evil"), STAMP: stamp_of(call)}, headers=headers)
    assert answer.status_code == 403
    assert "Evil" not in text_of(answer)
    assert stored() == (0, 0)


def test_a_lost_cookie_on_other_pages_is_the_plain_page():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "somebody@example.org"})
    assert answer.status_code == 403
    assert "Please send the form again" in text_of(answer)
