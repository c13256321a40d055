"""The public form, from the address of the event to "One more step"."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ranportal.shared import answers
from registrations.enums import State
from registrations.links import code_of
from registrations.models import Answer, OutgoingMail, PrivateLink, Question, Registration
from registrations.services import uploads
from tests import papers
from tests.factories import NOW, CallFactory, EventFactory, QuestionFactory, RegistrationFactory
from tests.registrations.pages import form, register_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_good_form_leads_to_one_more_step(client: Client) -> None:
    call = CallFactory()

    response = client.post(register_url(call), form())

    assert (response.status_code, response["Location"]) == (303, f"{register_url(call)}sent/")
    page = client.get(response["Location"])
    assert page.status_code == 200
    assert "We sent a code to your address. Without it we cannot consider your registration." in text_of(page)
    registration = Registration.objects.get()
    assert (registration.state, registration.country, registration.profession) == (State.UNPROVEN, "LV", "psychology")
    assert registration.identity.email == "janis@example.org"


def test_the_code_proves_the_address_and_opens_the_private_page(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())
    code = code_of(PrivateLink.objects.get())

    response = client.post(f"{register_url(call)}sent/", {"code": f"{code[:4]} {code[4:]}"})

    registration = Registration.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/registrations/mine/{registration.reference}/"
    assert registration.state == State.CONFIRMED
    assert "Your place is confirmed" in text_of(client.get(response["Location"]))


def test_a_wrong_code_is_told_and_proves_nothing(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())
    wrong = f"{(int(code_of(PrivateLink.objects.get())) + 1) % 10**8:08}"

    response = client.post(f"{register_url(call)}sent/", {"code": wrong})

    assert response.status_code == 422
    assert "This code does not fit." in text_of(response)
    assert Registration.objects.get().state == State.UNPROVEN


def test_a_code_that_is_no_code_costs_no_try(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())

    response = client.post(f"{register_url(call)}sent/", {"code": "1234"})

    assert response.status_code == 422
    assert "The code has eight digits." in text_of(response)
    assert PrivateLink.objects.get().code_tries == 0


def test_the_code_works_only_in_the_browser_that_sent_the_form(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())

    response = Client().post(f"{register_url(call)}sent/", {"code": code_of(PrivateLink.objects.get())})

    assert response.status_code == 422
    assert Registration.objects.get().state == State.UNPROVEN


def test_after_five_tries_the_right_code_is_answered_like_a_wrong_one(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())
    code = code_of(PrivateLink.objects.get())
    wrong = f"{(int(code) + 1) % 10**8:08}"

    pages = [text_of(client.post(f"{register_url(call)}sent/", {"code": wrong})) for _ in range(5)]
    last = client.post(f"{register_url(call)}sent/", {"code": code})

    assert last.status_code == 422
    assert Registration.objects.get().state == State.UNPROVEN
    assert len({page.count("This code does not fit.") for page in pages}) == 1


def test_an_incomplete_form_comes_back_with_what_was_typed(client: Client) -> None:
    call = CallFactory()
    QuestionFactory(call=call, key="why", kind="long_text", label="Why?", is_required=True)

    response = client.post(register_url(call), form(email="not an address", q_why="", organisation="<b>Clinic</b>"))

    page = text_of(response)
    assert response.status_code == 422
    assert "Enter an e-mail address, as name@example.org." in page
    assert "Please answer this question." in page
    assert 'value="not an address"' in page
    assert "&lt;b&gt;Clinic&lt;/b&gt;" in page
    assert Registration.objects.count() == 0


def test_an_empty_form_is_an_incomplete_form(client: Client) -> None:
    assert client.post(register_url(CallFactory()), {}).status_code == 422


def test_fields_that_no_question_has_are_ignored(client: Client) -> None:
    call = CallFactory()

    response = client.post(register_url(call), form(q_nothing="x", role="speaker", state="confirmed", reference="P-1"))

    registration = Registration.objects.get()
    assert response.status_code == 303
    assert (registration.state, registration.role) == (State.UNPROVEN, "participant")
    assert registration.answers.count() == 0


@pytest.mark.parametrize(
    ("trait", "words"),
    [
        ({"closed": True}, "Registration closed"),
        ({"not_yet_open": True}, "Not yet open"),
        ({"event__cancelled": True}, "Cancelled"),
        ({"capacity": 0, "has_waiting_list": False}, "No places left"),
    ],
)
def test_a_call_that_is_not_open_shows_why_and_no_form(client: Client, trait: dict[str, object], words: str) -> None:
    call = CallFactory(**trait)

    shown, sent = client.get(register_url(call)), client.post(register_url(call), form())

    assert (shown.status_code, sent.status_code) == (200, 409)
    assert words in text_of(shown)
    assert 'name="family_name"' not in text_of(shown) + text_of(sent)
    assert "Your form was not taken" in text_of(sent)
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("trait", [{"hidden": True}, {"draft": True}, {"scheduled": True}])
def test_the_form_of_an_event_that_nobody_sees_is_not_there(client: Client, trait: dict[str, bool]) -> None:
    call = CallFactory(event=EventFactory(**trait))

    assert client.get(register_url(call)).status_code == 404
    assert client.post(register_url(call), form()).status_code == 404


def test_an_event_without_a_call_has_no_form(client: Client) -> None:
    assert client.get(f"/events/{EventFactory().slug}/register/").status_code == 404


def test_the_deadline_itself_is_too_late_and_the_moment_before_is_not(client: Client) -> None:
    call = CallFactory(closes_at=NOW)

    with time_machine.travel(NOW, tick=False):
        late = client.post(register_url(call), form())
    with time_machine.travel(NOW - timedelta(milliseconds=1), tick=False):
        just = client.post(register_url(call), form())

    assert (late.status_code, just.status_code) == (409, 303)


def test_the_page_before_the_form_says_deadline_effort_and_what_happens(client: Client) -> None:
    call = CallFactory(selective=True, closes_at=datetime(2026, 9, 7, 22, tzinfo=UTC), closes_on=date(2026, 9, 7))
    QuestionFactory(call=call, kind="long_text")

    page = text_of(client.get(register_url(call)))

    assert "until the end of Monday 7 September (Brussels time)" in page
    assert "and one question." in page
    assert "about 5 minutes" in page
    assert "everyone hears by Tuesday 15 September" in page
    assert reverse("registrations:privacy") in page
    assert "No names, places or details of a case." in page
    assert "Send application" in page


def test_known_and_unknown_addresses_get_the_same_pages(client: Client) -> None:
    call = CallFactory()
    RegistrationFactory(call=call, identity__email="known@example.org")
    stranger = Client()

    known, unknown = (
        client.post(register_url(call), form(email="known@example.org")),
        stranger.post(register_url(call), form(email="unknown@example.org")),
    )
    known_page, unknown_page = client.get(known["Location"]), stranger.get(unknown["Location"])

    assert (known.status_code, known.content, known["Location"]) == (
        unknown.status_code,
        unknown.content,
        unknown["Location"],
    )
    del known.headers["X-Request-ID"], unknown.headers["X-Request-ID"]
    assert dict(known.headers) == dict(unknown.headers)
    assert {name: (len(c.value), c["path"], c["max-age"]) for name, c in known.cookies.items()} == {
        name: (len(c.value), c["path"], c["max-age"]) for name, c in unknown.cookies.items()
    }
    assert without_token(known_page.content) == without_token(unknown_page.content)
    wrong = [c.post(known["Location"], {"code": "12345678"}) for c in (client, stranger)]
    assert without_token(wrong[0].content) == without_token(wrong[1].content)


def test_the_cookie_of_a_visit_does_not_tell_what_it_holds(client: Client) -> None:
    call = CallFactory()
    client.post(register_url(call), form())
    first = client.cookies["visit"].value
    client.post(register_url(call), form())

    assert client.cookies["visit"].value != first
    assert client.cookies["visit"]["httponly"] is True
    assert client.cookies["visit"]["samesite"] == "Lax"


def test_sending_twice_is_one_registration_and_one_mail(client: Client) -> None:
    call = CallFactory()

    responses = [client.post(register_url(call), form()) for _ in range(2)]

    assert [response.status_code for response in responses] == [303, 303]
    assert Registration.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


def test_a_form_of_many_questions_takes_no_more_statements_than_one(
    client: Client, django_assert_max_num_queries: object
) -> None:
    small, large = CallFactory(unlimited=True), CallFactory(unlimited=True)
    QuestionFactory(call=small, key="only")
    for number in range(30):
        QuestionFactory(call=large, key=f"k{number}")
        RegistrationFactory(call=large)

    counts = []
    for call, said in ((small, {"q_only": "x"}), (large, {f"q_k{number}": "x" for number in range(30)})):
        with django_assert_max_num_queries(27) as captured:
            assert client.post(register_url(call), form(**said)).status_code == 303
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert Question.objects.filter(answers__isnull=False).count() == 31


def test_a_file_is_stored_where_nobody_is_served(client: Client, settings: Any) -> None:
    call = CallFactory()
    QuestionFactory(call=call, key="cv", kind="file", is_required=True)
    sent = {**form(), "q-cv": SimpleUploadedFile("Jānis ../CV.pdf", papers.pdf(), content_type="text/html")}

    response = client.post(register_url(call), sent)

    answer = Answer.objects.get()
    assert response.status_code == 303
    assert answer.value == {"name": "CV.pdf", "size": len(papers.pdf()), "content_type": "application/pdf"}
    assert re.fullmatch(r"answers/[0-9a-f]{32}", answer.file.name)
    assert Path(answer.file.path).read_bytes() != papers.pdf()
    assert uploads.opened(answer).read() == papers.pdf()
    assert not Path(answer.file.path).is_relative_to(settings.MEDIA_ROOT)


def test_more_text_than_any_form_holds_is_answered_in_our_page(client: Client) -> None:
    call = CallFactory()
    QuestionFactory(call=call, key="why", kind="long_text")

    kept = client.post(register_url(call), form(q_why="x" * 150_000))
    refused = client.post(register_url(call), form(q_why="x" * 250_000))

    assert (kept.status_code, refused.status_code) == (303, 413)
    assert Answer.objects.get().value == "x" * 150_000


def test_pages_of_the_form_are_kept_by_nobody(client: Client) -> None:
    call = CallFactory()

    for response in (
        client.get(register_url(call)),
        client.post(register_url(call), {}),
        client.get(f"{register_url(call)}sent/"),
    ):
        assert response["Cache-Control"] == "no-store, private"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "same-origin"


def without_token(page: bytes) -> bytes:
    """The page without the random token of its form."""
    head, _, rest = page.partition(b'name="csrfmiddlewaretoken" value="')
    return head + rest[64:]


@pytest.mark.parametrize("address", ["known@example.org", "unknown@example.org"])
def test_asking_for_the_link_takes_its_time_whether_the_address_is_known_or_not(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    RegistrationFactory(identity__email="known@example.org")
    settings.ANSWER_FLOOR = timedelta(seconds=1)
    waits: list[float] = []
    monkeypatch.setattr(answers.time, "sleep", waits.append)
    started = time.monotonic()
    assert client.post("/registrations/link/", {"email": address}).status_code == 303
    spent = time.monotonic() - started
    assert len(waits) == 1
    assert 1 - spent <= waits[0] <= 1
