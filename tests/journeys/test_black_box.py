"""The fixed addresses and names of the portal, asked by somebody who knows nothing else of it and means no good."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Call
from ranportal.shared import clock
from registrations.links import code_of, token_of
from registrations.mail import delivery
from registrations.models import Answer, OutgoingMail, PrivateLink, Registration
from tests import papers
from tests.factories import (
    NOW,
    AnnouncementFactory,
    CallFactory,
    EventFactory,
    PublicationFactory,
    QuestionFactory,
    RegistrationFactory,
    WorkingGroupFactory,
)
from tests.registrations.pages import FORM
from tests.stamps import hidden_fields

pytestmark = pytest.mark.django_db

ADDRESS = "/events/webinar/register/"
KIB = 1024


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def call() -> Call:
    """An open call at /events/webinar/ with a question and one that hangs on it."""
    call = CallFactory(event=EventFactory(slug="webinar"))
    sector = QuestionFactory(
        call=call, key="sector", kind="single_choice", choices=[["prison", "Prison"], ["no", "No"]]
    )
    QuestionFactory(call=call, key="cases", kind="number", condition_question=sector, condition_value="prison")
    QuestionFactory(call=call, key="why", kind="long_text", label="Why?")
    return call


def page(response: HttpResponse) -> str:
    """The page without what differs each time: the secret of its forms."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1…", response.content.decode())


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


# Sending the form


@pytest.mark.parametrize("name", sorted(FORM))
def test_each_field_about_the_person_is_needed_and_the_rest_comes_back_as_typed(
    client: Client, call: Call, name: str
) -> None:
    typed = {**FORM, "q-why": "Because <b>I</b> & you"}
    del typed[name]

    response = client.post(ADDRESS, typed)

    shown = page(response)
    assert response.status_code == 422
    assert "Because &lt;b&gt;I&lt;/b&gt; &amp; you" in shown
    assert all(f'value="{typed[kept]}"' in shown for kept in ("given_name", "email") if kept in typed)
    assert rows()["registrations.Registration"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "XX"),
        ("country", "Latvia"),
        ("country", "lv"),
        ("profession", "wizard"),
        ("privacy", "yes"),
        ("email", "janis@localhost"),
        ("email", "a@example.org\r\nBcc: b@example.org"),
        ("email", "a@example.org, b@example.org"),
        ("q-sector", "police"),
        ("q-cases", "many"),
    ],
)
def test_what_does_not_fit_is_answered_422(client: Client, call: Call, name: str, value: str) -> None:
    response = client.post(ADDRESS, {**FORM, "q-sector": "prison", "q-cases": "3", name: value})

    assert response.status_code == 422
    assert (Registration.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def test_kosovo_and_every_profession_can_be_told(client: Client, call: Call) -> None:
    professions = ["police", "prison", "probation", "health", "psychology", "social_work", "youth_work", "education"]
    professions += ["local_authority", "exit_work", "civil_society", "research", "policy", "other"]

    answers = [
        client.post(ADDRESS, {**FORM, "email": f"{name}@example.org", "country": "XK", "profession": name}).status_code
        for name in professions
    ]

    assert answers == [303] * 14
    assert list(Registration.objects.order_by("pk").values_list("profession", flat=True)) == professions


def test_an_answer_to_a_hidden_question_is_dropped_even_when_it_is_nonsense(client: Client, call: Call) -> None:
    answers = [
        client.post(ADDRESS, {**FORM, "email": email, "q-sector": sector, "q-cases": cases}).status_code
        for email, sector, cases in [
            ("a@example.org", "no", "7"),
            ("b@example.org", "no", "many"),
            ("c@example.org", "prison", "7"),
        ]
    ]

    assert answers == [303, 303, 303]
    (kept,) = Answer.objects.filter(question__key="cases")
    assert (kept.registration.identity.email, kept.value) == ("c@example.org", 7)


def test_fields_that_nobody_asked_for_are_ignored(client: Client, call: Call) -> None:
    extra = {
        "state": "confirmed",
        "proven_at": "2020-01-01",
        "role": "speaker",
        "call": "1",
        "q-salary": "1",
        "id": "1",
    }

    response = client.post(ADDRESS, {**FORM, **extra})

    registration = Registration.objects.get()
    assert response.status_code == 303
    assert (registration.state, registration.role, registration.proven_at) == ("unproven", "participant", None)
    assert Answer.objects.count() == 0


def post_as(client: Client, content_type: str, typed: dict[str, str]) -> HttpResponse:
    """Send the form as browsers send it with files in it, or without."""
    if content_type == "multipart":
        return client.post(ADDRESS, typed)
    body = urlencode({**hidden_fields(ADDRESS), **typed})
    return client.post(ADDRESS, body, content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize("content_type", ["multipart", "urlencoded"])
@pytest.mark.parametrize("letter", ["x", "ë", "\N{FACE WITH TEARS OF JOY}"])
def test_200_kb_of_text_are_kept_to_the_last_letter(client: Client, call: Call, content_type: str, letter: str) -> None:
    long = letter * (200 * KIB // len(letter.encode()))

    response = post_as(client, content_type, {**FORM, "q-why": long})

    assert response.status_code == 303
    assert Answer.objects.get(question__key="why").value == long


@pytest.mark.parametrize("content_type", ["multipart", "urlencoded"])
@pytest.mark.parametrize("letter", ["x", "ë"])
def test_more_text_than_that_is_answered_413_in_our_own_page(
    client: Client, call: Call, content_type: str, letter: str
) -> None:
    long = letter * (220 * KIB // len(letter.encode()))

    response = post_as(client, content_type, {**FORM, "q-why": long})

    assert response.status_code == 413
    assert "<h1" in page(response)
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    "body", [b"given_name=%FF%FE", b"given_name=a%00b", b"given_name=\xff", b"&&&==%", b"%", b"=" * 99]
)
def test_bytes_that_are_no_form_change_nothing_and_are_no_fault_of_ours(
    client: Client, call: Call, body: bytes
) -> None:
    response = client.post(ADDRESS, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code in {400, 422}
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cv.pdf", b"MZ\x90\x00 a program"),
        ("cv.pdf", b""),
        ("cv.pdf", b"<html><script>alert(1)</script>"),
        ("cv.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("cv.pdf", b"%PDF-1.7" + b"x" * (5 * KIB * KIB)),
    ],
)
def test_a_bad_file_is_refused_in_words(client: Client, call: Call, name: str, content: bytes) -> None:
    QuestionFactory(call=call, key="cv", kind="file")

    response = client.post(ADDRESS, {**FORM, "q-cv": SimpleUploadedFile(name, content, "application/pdf")})

    assert response.status_code == 422
    assert re.search(r"Please choose (a PDF|another|a smaller one)", page(response))
    assert Registration.objects.count() == 0


def test_a_file_whose_name_is_a_path_is_kept_under_a_name_of_ours(client: Client, call: Call) -> None:
    QuestionFactory(call=call, key="cv", kind="file")
    file = SimpleUploadedFile("x.pdf", papers.pdf(), "application/pdf")
    file._name = "../../../etc/passwd"

    response = client.post(ADDRESS, {**FORM, "q-cv": file})

    assert response.status_code == 303
    stored = Answer.objects.get(question__key="cv").file
    assert "passwd" not in stored.name
    assert ".." not in stored.name


def test_the_same_form_twice_is_one_registration_and_one_mail(client: Client, call: Call) -> None:
    answers = [client.post(ADDRESS, FORM).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert (Registration.objects.count(), OutgoingMail.objects.count(), PrivateLink.objects.count()) == (1, 1, 1)


# A call that is not open


@pytest.mark.parametrize(
    "trait",
    [
        {"closed": True},
        {"closes_at": NOW},
        {"not_yet_open": True},
        {"event__cancelled": True},
        {"capacity": 0, "has_waiting_list": False},
    ],
    ids=str,
)
def test_a_call_that_is_not_open_has_no_form_and_takes_none(client: Client, trait: dict[str, Any]) -> None:
    CallFactory(event__slug="webinar", **trait)

    shown, sent = client.get(ADDRESS), client.post(ADDRESS, FORM)

    assert (shown.status_code, sent.status_code) == (200, 409)
    assert 'name="email"' not in page(shown) + page(sent)
    assert 'method="post"' not in page(shown) + page(sent)
    assert Registration.objects.count() == 0


@pytest.mark.parametrize("trait", ["draft", "scheduled", "hidden"])
def test_the_form_of_an_event_that_is_not_out_is_not_there(client: Client, trait: str) -> None:
    CallFactory(event=EventFactory(slug="webinar", **{trait: True}))

    answers = [client.get(ADDRESS), client.post(ADDRESS, FORM), client.get("/events/webinar/register/sent/")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_one_moment_before_the_deadline_is_on_time_and_the_deadline_is_not(client: Client, call: Call) -> None:
    with time_machine.travel(call.closes_at - timedelta(microseconds=1), tick=False):
        before = client.post(ADDRESS, FORM).status_code
    with time_machine.travel(call.closes_at, tick=False):
        at = client.post(ADDRESS, {**FORM, "email": "late@example.org"}).status_code

    assert (before, at) == (303, 409)


# What a stranger learns


def test_known_and_unknown_addresses_are_answered_alike_to_the_last_byte(call: Call) -> None:
    for number, state in enumerate(({}, {"unproven": True}, {"on_list": True}, {"withdrawn": True})):
        RegistrationFactory(call=call, identity__email=f"known{number}@example.org", **state)
    emails = [f"known{number}@example.org" for number in range(4)] + ["unknown@example.org"]

    seen = [answers_to(email) for email in emails]

    assert len({str(one) for one in seen}) == 1


def answers_to(email: str) -> list[Any]:
    """What a stranger sees who sends the form with this address, looks at the next page, and asks for the link."""
    client, seen = Client(), []
    for address, typed in ((ADDRESS, {**FORM, "email": email}), ("/registrations/link/", {"email": email})):
        response = client.post(address, typed)
        next_page = client.get(response["Location"])
        for answer in (response, next_page):
            cookies = {name: (len(morsel.value), morsel["max-age"]) for name, morsel in answer.cookies.items()}
            del answer.headers["X-Request-ID"]
            seen.append((answer.status_code, sorted(answer.headers.items()), cookies, page(answer)))
    wrong = client.post(f"{ADDRESS}sent/", {"code": "00000000"})
    return [*seen, (wrong.status_code, page(wrong))]


@pytest.mark.parametrize("end", ["P-ABCDE/", "P-ABCDE/answers/", "%00/", "P-00000/", "é/"])
def test_without_a_private_link_there_is_nothing_to_see(client: Client, call: Call, end: str) -> None:
    RegistrationFactory(call=call, reference="P-ABCDE")

    answers = [
        client.get(f"/registrations/mine/{end}"),
        client.post(f"/registrations/mine/{end}", {"action": "withdraw"}),
    ]

    assert all(answer.status_code in {400, 404} for answer in answers)
    assert "webinar" not in page(answers[0]).lower()
    assert Registration.objects.get().state == "confirmed"


def test_the_page_after_sending_names_nobody_and_no_reference(client: Client, call: Call) -> None:
    client.post(ADDRESS, FORM)
    reference = Registration.objects.get().reference

    shown = page(client.get(f"{ADDRESS}sent/"))

    assert not re.search(r"P-[0-9A-Z]{5}", shown)
    assert not any(FORM[name] in shown for name in ("given_name", "family_name", "email", "organisation"))
    assert reference.startswith("P-")


def test_beside_somebody_whose_link_was_never_opened_nobody_is_registered(client: Client, call: Call) -> None:
    known = RegistrationFactory(call=call, identity__email=FORM["email"])

    shown = client.get(f"{ADDRESS}?beside={known.reference}")
    client.post(f"{ADDRESS}?beside={known.reference}", FORM)

    assert FORM["email"] not in page(shown)
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "{{ 7|add:42000 }}{% debug %}",
        "=HYPERLINK(A1)",
        "a\r\nBcc: everybody@example.org",
        "\u202eevil",
        "\u2028line",
        "' OR 1=1 --",
        "https://evil.example.org/click",
    ],
)
def test_what_people_type_stays_text_on_every_page_and_out_of_every_mail(
    client: Client, call: Call, mail_folder: Path, hostile: str
) -> None:
    typed = dict.fromkeys(("given_name", "family_name", "display_name", "organisation", "q-why"), hostile)
    assert client.post(ADDRESS, {**FORM, **typed}).status_code == 303
    registration = Registration.objects.get()
    delivery.drain(clock=clock.now, seconds=60)
    client.post(f"{ADDRESS}sent/", {"code": code_of(PrivateLink.objects.get())})

    shown = page(client.get(f"/registrations/mine/{registration.reference}/"))
    delivery.drain(clock=clock.now, seconds=60)

    mails = [file.read_text("utf-8") for file in mail_folder.glob("*.eml")]
    assert len(mails) == 2
    assert not any(part in mail for mail in mails for part in ("evil", "alert", "Bcc", "HYPERLINK", "OR 1=1", "42007"))
    assert "<script>alert" not in shown
    assert "42007" not in shown
    assert 'href="https://evil' not in shown
    assert registration.identity.given_name == " ".join(hostile.replace("\u202e", "").replace("\u2028", "").split())


@pytest.mark.parametrize(
    "address",
    [
        "/events/%00/",
        "/events/..%2f..%2fetc%2fpasswd/",
        "/events/?q=%00&page=99999999999999999999",
        "/events/?page=%F0%9F%98%80&kind=%FF",
        "/announcements/?page=0",
        "/publications/?page=-1",
        f"/registrations/p/{'1-' + 'A' * 5000}/",
        "/registrations/p/%0d%0aSet-Cookie:%20visit=x/",
        "/registrations/mine/%0d%0aX:%20y/",
        f"/registrations/mine/{'A' * 5000}/",
        "/events/webinar/register/?beside=%00",
        "/events/webinar/register/?beside=" + "P-ABCDE" * 500,
        "/working-groups/%2e%2e/",
        "//evil.example.org/",
        "/registrations/link/sent/../../../admin/",
    ],
)
def test_strange_addresses_break_nothing(client: Client, call: Call, address: str) -> None:
    response = client.get(address)

    assert response.status_code < 500
    assert "evil.example.org" not in response.headers.get("Location", "")
    assert "Set-Cookie" not in response.headers.get("Location", "")


# Private links


def test_forged_strange_revoked_and_expired_links_get_one_and_the_same_page(client: Client, call: Call) -> None:
    link = RegistrationFactory(call=call).links.get()
    token, number = token_of(link), str(link.pk)
    revoked = RegistrationFactory(call=call).links.get()
    revoked.revoked_at = NOW
    revoked.save()
    mac = token.partition("-")[2]
    forged = [
        f"{number}-{mac[:-1]}{'A' if mac[-1] != 'A' else 'B'}",
        f"{int(number) + 1}-{mac}",
        f"0{token}",
        f"{number}-",
        number,
        mac,
        token.swapcase(),
        f"{token}x",
        "9" * 40 + f"-{mac}",
        f"{number}-{'é' * 43}",
        token_of(revoked),
    ]

    answers = [client.get(f"/registrations/p/{one}/") for one in forged]
    with time_machine.travel(NOW + timedelta(days=59), tick=False):
        answers.append(client.get(f"/registrations/p/{token}/"))

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert len({page(answer) for answer in answers}) == 1
    assert client.get(f"/registrations/p/{token}/").status_code == 303


def test_the_link_stays_out_of_every_address_and_page_that_follows(client: Client, call: Call) -> None:
    registration = RegistrationFactory(call=call)
    token = token_of(registration.links.get())

    response = client.get(f"/registrations/p/{token}/")
    mine = client.get(response["Location"])

    assert (response.status_code, response["Location"]) == (303, f"/registrations/mine/{registration.reference}/")
    assert token not in page(mine)
    assert {response["Referrer-Policy"], mine["Referrer-Policy"]} <= {"no-referrer", "same-origin"}
    assert "no-store" in response["Cache-Control"]
    assert "no-store" in mine["Cache-Control"]
    assert "noindex" in mine["X-Robots-Tag"]


@pytest.mark.parametrize(
    ("trait", "action", "state"),
    [
        ("unproven", "prove", "confirmed"),
        ("selected", "confirm", "confirmed"),
        ("selected", "decline", "withdrawn"),
        ("confirmed", "withdraw", "withdrawn"),
        ("on_list", "withdraw", "withdrawn"),
    ],
)
def test_each_possible_act_is_a_form_of_its_own_with_its_action(
    client: Client, call: Call, trait: str, action: str, state: str
) -> None:
    registration = RegistrationFactory(call=call, **{trait: True})
    client.get(f"/registrations/p/{token_of(registration.links.get())}/")
    address = f"/registrations/mine/{registration.reference}/"

    forms = re.findall(r'<form method="post".*?</form>', page(client.get(address)), re.DOTALL)
    mine = [form for form in forms if f'name="action" value="{action}"' in form]
    response = client.post(address, {"action": action})

    assert len(mine) == 1
    assert len(re.findall('name="action"', mine[0])) == 1
    assert response.status_code == 303
    assert Registration.objects.get(pk=registration.pk).state == state
    assert client.post(address, {"action": action}).status_code == 303


def test_a_form_without_the_secret_of_its_page_is_refused(call: Call) -> None:
    strict = Client(enforce_csrf_checks=True)
    registration = RegistrationFactory(call=call)
    strict.get(f"/registrations/p/{token_of(registration.links.get())}/")

    sent = strict.post(ADDRESS, FORM)
    withdrawn = strict.post(f"/registrations/mine/{registration.reference}/", {"action": "withdraw"})

    assert (sent.status_code, withdrawn.status_code) == (403, 403)
    assert Registration.objects.get().state == "confirmed"


def test_a_code_opens_nothing_in_another_browser_and_nothing_after_half_an_hour(client: Client, call: Call) -> None:
    client.post(ADDRESS, FORM)
    code = code_of(PrivateLink.objects.get())

    stranger = Client().post(f"{ADDRESS}sent/", {"code": code})
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        late = client.post(f"{ADDRESS}sent/", {"code": code})

    assert (stranger.status_code, late.status_code) == (422, 422)
    assert Registration.objects.get().state == "unproven"


# Reading changes nothing


def addresses(call: Call) -> list[str]:
    """Every public address, the private pages of a registration, and some that lead nowhere."""
    group = WorkingGroupFactory()
    announcement, publication = AnnouncementFactory(event=call.event), PublicationFactory()
    registration = RegistrationFactory(call=call, unproven=True)
    return [
        "/",
        "/events/",
        "/events/?kind=webinar&working_group=ran-health&open=1&language=en&q=x&page=9",
        "/events/?kind=%27--&page=-1&open=maybe",
        "/events/webinar/",
        ADDRESS,
        f"{ADDRESS}sent/",
        "/events/webinar/event.ics",
        "/events/calendar.ics",
        "/announcements/",
        f"/announcements/{announcement.slug}/",
        "/announcements/feed/",
        "/publications/",
        f"/publications/{publication.slug}/",
        f"/publications/{publication.slug}/document/",
        f"/working-groups/{group.slug}/",
        "/registrations/link/",
        "/registrations/link/sent/",
        f"/registrations/p/{token_of(registration.links.get())}/",
        "/registrations/mine/",
        f"/registrations/mine/{registration.reference}/",
        f"/registrations/mine/{registration.reference}/answers/",
        "/privacy/",
        "/accessibility/",
        "/sitemap.xml",
        "/healthz/live/",
        "/healthz/web/",
        "/admin/",
        "/admin/login/",
        "/nowhere/",
    ]


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_every_page_writes_no_row(client: Client, call: Call, method: str) -> None:
    all_of_them = addresses(call)
    before = rows()

    with CaptureQueriesContext(connection) as asked:
        answers = {address: getattr(client, method)(address).status_code for address in all_of_them}

    writes = [q["sql"] for q in asked.captured_queries if not q["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert writes == []
    assert rows() == before
    assert {address: status for address, status in answers.items() if status >= 500} == {}
    assert Registration.objects.get().state == "unproven"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_ways_of_asking_are_refused_and_write_no_row(client: Client, call: Call, method: str) -> None:
    all_of_them = addresses(call)
    before = rows()

    answers = {address: getattr(client, method)(address).status_code for address in all_of_them}

    assert rows() == before
    assert {address: status for address, status in answers.items() if status >= 500} == {}
    assert answers[ADDRESS] == 405


def test_a_head_is_answered_like_a_get_without_its_page(client: Client, call: Call) -> None:
    all_of_them = addresses(call)

    answers = {a: (client.get(a).status_code, client.head(a).status_code, client.head(a).content) for a in all_of_them}

    assert {address: answer for address, answer in answers.items() if answer[1:] != (answer[0], b"")} == {}
