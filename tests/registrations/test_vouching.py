"""Contact points whom a person names: what they are asked, what they see, and what comes of their answer."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from ranportal.shared.crypto import derived_keys, link_mac
from registrations import own_data, policies, vouch_links
from registrations.enums import Act, CheckResult, MailKind, MailState, State, VouchAnswer
from registrations.identity_checks import who_is
from registrations.mail import addressees, addressing, catalogue
from registrations.models import OutgoingMail, Registration, Transition, Vouch
from registrations.people import address_index
from registrations.services import places, vouching
from registrations.views import visit
from registrations.views import vouch as questions
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory
from tests.registrations.pages import follow, mine_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def registration():
    call = CallFactory(join_link_needs_check=True)
    return RegistrationFactory(call=call, identity__email="me@clinic.example.org", identity__organisation="A clinic")


def ask(registration, *, email="chief@clinic.example.org", now=NOW) -> Vouch:
    return vouching.ask(registration=registration, name="Anna Chief", email=email, now=now)


def contact_url(registration) -> str:
    return f"{mine_url(registration)}contact/"


def open_question(client: Client, vouch: Vouch) -> Any:
    return client.get(f"/registrations/contact/{vouch_links.token_of(vouch)}/")


def message_to(vouch: Vouch) -> str:
    mail = OutgoingMail.objects.get(vouch=vouch)
    recipient = addressing.as_servers_read_it(addressees.address_of(mail))
    return addressing.filled_in(catalogue.render(mail), mail, recipient=recipient).decode()


# Asking


def test_a_contact_point_is_asked_by_a_mail_of_its_own(registration):
    vouch = ask(registration)
    mail = OutgoingMail.objects.get(kind=MailKind.VOUCH_ASKED)
    assert (mail.vouch, mail.registration, mail.link) == (vouch, None, None)
    assert "To: chief@clinic.example.org" in message_to(vouch)
    assert f"/registrations/contact/{vouch_links.token_of(vouch)}/" in message_to(vouch)
    assert Transition.objects.filter(registration=registration, act=Act.ASK_VOUCH).count() == 1


def test_the_mail_names_neither_the_person_nor_the_event_nor_what_was_typed(registration):
    message = message_to(ask(registration))
    for named in ("Bērziņš", "A clinic", registration.reference, registration.call.event.title, "Anna", "me@clinic"):
        assert named not in message


def test_the_link_is_in_no_row(registration):
    vouch = ask(registration)
    mac = vouch_links.token_of(vouch).partition("-")[2]
    mail = OutgoingMail.objects.get()
    assert mac not in str(mail.facts) + str(mail.__dict__) + str(vouch.__dict__)


def test_by_the_mail_s_key_nobody_is_found(registration):
    vouch = ask(registration)
    assert vouch.address_index == address_index("Chief@clinic.example.org")
    assert vouch.address_index not in OutgoingMail.objects.get().key


def test_the_name_and_the_address_are_sealed(registration):
    ask(registration)
    sealed = bytes(Vouch.objects.values_list("sealed", flat=True).get())
    assert b"chief" not in sealed
    assert b"Anna" not in sealed


@pytest.mark.parametrize("email", ["me@clinic.example.org", "ME@clinic.example.org", "me@CLINIC.example.org."])
def test_the_own_address_is_no_contact_point(registration, email):
    with pytest.raises(vouching.OwnAddress):
        ask(registration, email=email)
    assert not Vouch.objects.exists()


def test_nobody_is_named_twice_and_three_are_enough(registration):
    for number in range(3):
        ask(registration, email=f"chief{number}@clinic.example.org")
    with pytest.raises(vouching.NamedAlready):
        ask(registration, email="Chief1@clinic.example.org")
    with pytest.raises(vouching.EnoughNamed):
        ask(registration, email="fourth@clinic.example.org")
    assert OutgoingMail.objects.count() == 3


def test_a_question_that_was_taken_back_still_counts(registration):
    for number in range(3):
        vouching.withdraw(vouch=ask(registration, email=f"chief{number}@clinic.example.org"), now=NOW)
    with pytest.raises(vouching.EnoughNamed):
        ask(registration, email="fourth@clinic.example.org")


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"state": State.UNPROVEN, "proven_at": None}, False),
        ({"proven_at": None}, False),
        ({"state": State.WITHDRAWN}, False),
        ({"state": State.ATTENDED}, False),
        ({"check_result": CheckResult.FINE}, False),
        ({"check_result": CheckResult.ASK_BACK}, True),
    ],
)
def test_only_who_stands_and_is_still_looked_at_may_name_somebody(registration, changes, may):
    Registration.objects.filter(pk=registration.pk).update(**changes)
    registration = Registration.objects.select_related("call").get()
    assert policies.may_name_contact(registration) is may
    if not may:
        with pytest.raises(vouching.NotAsked):
            ask(registration)


def test_a_call_that_asks_for_no_check_asks_nobody():
    with pytest.raises(vouching.NotAsked):
        ask(RegistrationFactory())


def test_one_address_gets_three_questions_an_hour_and_six_a_day_whoever_names_it():
    for _ in range(8):
        ask(RegistrationFactory(call=CallFactory(join_link_needs_check=True)))
    due = OutgoingMail.objects.order_by("due_at").values_list("due_at", flat=True)
    assert [(moment - NOW) / timedelta(hours=1) for moment in due] == [0, 0, 0, 1, 1, 1, 24, 24]


def test_mails_to_the_own_registration_of_a_contact_point_count_with_its_questions(registration):
    chief = RegistrationFactory(identity__email="chief@clinic.example.org")
    for version in range(3):
        OutgoingMailFactory(registration=chief, kind=MailKind.LINK_AGAIN, key=f"k{version}", due_at=NOW)
    ask(registration)
    assert OutgoingMail.objects.get(kind=MailKind.VOUCH_ASKED).due_at == NOW + timedelta(hours=1)


# The contact point


def test_the_link_leads_by_303_to_an_address_without_it_and_reading_changes_nothing(client: Client, registration):
    vouch = ask(registration)
    with CaptureQueriesContext(connection) as queries:
        response = open_question(client, vouch)
        page = text_of(client.get(response["Location"]))
    assert (response.status_code, response["Location"]) == (303, "/registrations/contact/")
    assert [q["sql"] for q in queries.captured_queries if not q["sql"].startswith("SELECT")] == []
    assert "Jānis Bērziņš" in page
    assert "A clinic" in page
    assert Vouch.objects.get().answer == ""


def test_the_page_says_nothing_of_the_event_or_the_person_besides(client: Client, registration):
    open_question(client, ask(registration))
    pages = [client.get(f"/registrations/contact/{page}") for page in ("", "thanks/", "1-forged/")]
    for told in (registration.call.event.title, registration.reference, "me@clinic", "adicali", "extremis", "RAN"):
        assert [page.status_code for page in pages if told in text_of(page)] == []


@pytest.mark.parametrize("answer", VouchAnswer.values)
def test_an_answer_is_noted_with_its_trace_and_decides_nothing(client: Client, registration, answer):
    vouch = ask(registration)
    open_question(client, vouch)
    response = client.post("/registrations/contact/", {"answer": answer, "seen": who_is(registration.identity)})
    assert (response.status_code, response["Location"]) == (303, "/registrations/contact/thanks/")

    vouch.refresh_from_db()
    registration.refresh_from_db()
    assert (vouch.answer, vouch.answered_at) == (answer, NOW)
    assert (registration.state, registration.check_result) == (State.CONFIRMED, CheckResult.NOT_LOOKED_AT)
    trace = Transition.objects.get(registration=registration, act=Act.VOUCH)
    assert (trace.reason, trace.by) == ("", None)
    assert open_question(client, vouch).status_code == 404


def test_an_answer_about_another_name_than_the_page_showed_is_asked_again(client: Client, registration):
    open_question(client, ask(registration))
    answer = {"answer": "knows", "seen": who_is(registration.identity)}
    registration.identity.family_name = "Other"
    registration.identity.save()
    response = client.post("/registrations/contact/", answer)
    assert (response.status_code, Vouch.objects.get().answer) == (409, "")
    assert "Other" in text_of(response)
    client.post("/registrations/contact/", {"answer": "knows", "seen": who_is(registration.identity)})
    assert Vouch.objects.get().answer == VouchAnswer.KNOWS


def test_something_else_than_the_two_buttons_is_no_answer(client: Client, registration):
    open_question(client, ask(registration))
    assert client.post("/registrations/contact/", {"answer": "maybe"}).status_code == 400
    assert Vouch.objects.get().answer == ""


@pytest.mark.parametrize("way", ["answered", "withdrawn", "too old", "given up", "forged", "of another", "truncated"])
def test_a_link_that_is_over_or_forged_opens_nothing(client: Client, registration, at_now, way):
    vouch = ask(registration)
    token = vouch_links.token_of(vouch)
    if way == "answered":
        vouching.answer(vouch=vouch, answer=VouchAnswer.KNOWS, now=NOW)
    elif way == "withdrawn":
        vouching.withdraw(vouch=vouch, now=NOW)
    elif way == "too old":
        at_now.move_to(NOW + timedelta(days=14))
    elif way == "given up":
        places.withdraw(registration=registration, now=NOW)
    elif way == "forged":
        token = f"{vouch.pk}-{'A' * 27}"
    elif way == "of another":
        token = f"{vouch.pk + 1}-{token.partition('-')[2]}"
    else:
        token = token[:-1]
    assert client.get(f"/registrations/contact/{token}/").status_code == 404
    assert client.get("/registrations/contact/").status_code == 404


def test_a_private_link_is_no_question_and_a_question_no_private_link(client: Client, registration):
    from_person = registration.links.first()
    vouch = ask(registration)
    mac = link_mac("private-link", str(vouch.pk), 1, derived_keys("private-link")[0])
    assert client.get(f"/registrations/contact/{vouch.pk}-{mac}/").status_code == 404
    assert client.get(f"/registrations/p/{from_person.pk}-{vouch_links.token_of(vouch)[2:]}/").status_code == 404


def test_a_link_made_before_the_secret_changed_still_opens(client: Client, registration, settings):
    token = vouch_links.token_of(ask(registration))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "another-secret-of-at-least-fifty-signs-" * 2,
        [settings.SECRET_KEY],
    )
    assert client.get(f"/registrations/contact/{token}/").status_code == 303
    assert vouch_links.token_of(Vouch.objects.get()) == token


def test_after_an_hour_the_link_is_opened_again(client: Client, registration, at_now):
    vouch = ask(registration)
    open_question(client, vouch)
    at_now.shift(timedelta(hours=1))
    assert client.post("/registrations/contact/", {"answer": "knows"}).status_code == 404
    assert open_question(client, vouch).status_code == 303


# The person


def test_who_gives_up_has_nobody_asked_any_more(registration):
    ask(registration)
    places.withdraw(registration=registration, now=NOW)
    assert OutgoingMail.objects.get(kind=MailKind.VOUCH_ASKED).state == MailState.CANCELLED


def test_a_question_that_is_taken_back_is_not_sent(client: Client, registration):
    vouch = ask(registration)
    follow(client, registration)
    response = client.post(contact_url(registration), {"withdraw": "1"})
    assert (response.status_code, response["Location"]) == (303, contact_url(registration))
    vouch.refresh_from_db()
    assert vouch.revoked_at == NOW
    assert OutgoingMail.objects.get().state == MailState.CANCELLED


def test_what_was_answered_is_not_taken_back(client: Client, registration):
    vouching.answer(vouch=ask(registration), answer=VouchAnswer.DOES_NOT, now=NOW)
    follow(client, registration)
    assert client.post(contact_url(registration), {"withdraw": "1"}).status_code == 409
    assert Vouch.objects.get().revoked_at is None


def test_the_person_sees_that_somebody_answered_and_not_what(client: Client, registration):
    vouching.answer(vouch=ask(registration), answer=VouchAnswer.DOES_NOT, now=NOW)
    follow(client, registration)
    page = text_of(client.get(contact_url(registration)))
    assert "Anna Chief" in page
    assert "Has answered" in page
    assert VouchAnswer.DOES_NOT.label not in page


def test_somebody_is_named_on_the_own_page(client: Client, registration):
    follow(client, registration)
    assert contact_url(registration) in text_of(client.get(mine_url(registration)))
    sent = client.post(contact_url(registration), {"name": "Anna Chief", "email": "chief@clinic.example.org"})
    assert (sent.status_code, sent["Location"]) == (303, contact_url(registration))
    assert Vouch.objects.get().email == "chief@clinic.example.org"


def test_what_is_missing_is_asked_for_and_a_refusal_is_said(client: Client, registration):
    follow(client, registration)
    assert client.post(contact_url(registration), {"name": "", "email": "x"}).status_code == 422
    own = client.post(contact_url(registration), {"name": "Me", "email": "me@clinic.example.org"})
    assert own.status_code == 409
    assert "This is your own address." in text_of(own)


def test_strangers_name_nobody(client: Client, registration):
    sent = client.post(contact_url(registration), {"name": "A", "email": "chief@clinic.example.org"})
    assert sent.status_code == 404
    assert not Vouch.objects.exists()


def test_the_own_data_tell_that_somebody_answered_and_not_what(registration):
    vouching.answer(vouch=ask(registration), answer=VouchAnswer.DOES_NOT, now=NOW)
    told = str([own_data.of_registration(registration), own_data.for_person(registration)])
    assert "Anna Chief" in told
    assert VouchAnswer.DOES_NOT.label not in told
    assert VouchAnswer.DOES_NOT.value not in told


def test_what_a_browser_keeps_for_one_kind_of_visit_opens_none_of_the_other(rf: RequestFactory) -> None:
    kinds = [view._COOKIE for view in (visit, questions)]
    for kept in kinds:
        response = HttpResponse()
        kept.keep(response, [7], now=NOW)
        [cookie] = response.cookies.values()
        request = rf.get("/")
        request.COOKIES = {kind._name: cookie.value for kind in kinds}

        assert [kind.read(request, now=NOW) for kind in kinds] == [[7] if kind is kept else [] for kind in kinds]
