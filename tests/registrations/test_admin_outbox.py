"""The outbox in the admin: mails as their readers see them, and what people may do with them."""

from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from registrations.enums import MailState
from registrations.links import token_of
from registrations.mail import delivery, restored
from registrations.models import MailGate, OutgoingMail
from registrations.services import intake
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory, person

pytestmark = pytest.mark.django_db

LIST = "/admin/registrations/outgoingmail/"


@pytest.fixture
def organiser() -> User:
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def call(organiser: User) -> Call:
    return CallFactory(unlimited=True, organisers=[organiser])


@pytest.fixture
def client(organiser: User) -> Client:
    """Signed in as the organiser of the call."""
    client = Client()
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    return client


def mail_of(call: Call, **traits: Any) -> OutgoingMail:
    return OutgoingMailFactory(registration=RegistrationFactory(call=call), **traits)


def address(mail: OutgoingMail, name: str = "change") -> str:
    return f"{LIST}{mail.pk}/{name}/"


def test_a_mail_is_shown_as_its_reader_sees_it_without_the_live_link(client: Client, call: Call) -> None:
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    assert link is not None
    mail = OutgoingMail.objects.get()

    page = client.get(address(mail)).content.decode()

    assert link.registration.reference in page
    assert "please confirm your address" in page
    assert "/registrations/p/…/" in page
    assert token_of(link) not in page
    assert "•••• ••••" in page
    assert "applicant1@example.org" not in page


def test_a_delivered_mail_is_shown_without_the_live_link_either(client: Client, call: Call) -> None:
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    assert link is not None
    delivery.drain(clock=lambda: NOW, seconds=5)
    mail = OutgoingMail.objects.get()

    page = client.get(address(mail)).content.decode()

    assert mail.state == MailState.SENT
    assert token_of(link) not in page


def test_what_a_mail_holds_becomes_no_markup_of_the_page(client: Client, call: Call) -> None:
    mail = mail_of(call)
    mail.facts["when"] = '<script>alert(1)</script><b style="x" onclick="y">bold</b>'
    mail.save()

    page = client.get(address(mail)).content.decode()

    assert "<script>alert" not in page
    assert "onclick=" not in page.replace("&quot;", '"').split('data-mail="html"')[0]


def test_a_mail_whose_text_cannot_be_made_is_shown_all_the_same(client: Client, call: Call) -> None:
    mail = mail_of(call, kind="confirmed", state=MailState.UNRENDERABLE)
    mail.facts = {"calendar": {"uid": "1", "sequence": 0, "sessions": [["never", "never"]]}}
    mail.save()

    page = client.get(address(mail)).content.decode()

    assert "The text of this mail could not be made" in page


@pytest.mark.parametrize(
    ("state", "name", "becomes"),
    [
        (MailState.REFUSED, "retry", MailState.QUEUED),
        (MailState.HELD, "retry", MailState.QUEUED),
        (MailState.QUEUED, "cancel", MailState.CANCELLED),
        (MailState.QUEUED, "hold", MailState.HELD),
        (MailState.HELD, "cancel", MailState.CANCELLED),
        (MailState.CANCELLED, "hold", MailState.CANCELLED),
    ],
)
def test_what_is_done_with_a_mail_changes_its_state(
    client: Client, call: Call, state: MailState, name: str, becomes: MailState
) -> None:
    mail = mail_of(call, state=state)

    client.post(address(mail, name))

    mail.refresh_from_db()
    assert mail.state == becomes


def test_a_sent_mail_can_be_neither_cancelled_nor_repeated(client: Client, call: Call) -> None:
    mail = mail_of(call, sent=True)

    page = client.post(address(mail, "retry"), follow=True).content.decode()

    mail.refresh_from_db()
    assert mail.state == MailState.SENT
    assert "only what was refused, cancelled or held, or came back, can be sent again" in page


def test_nothing_is_done_by_following_a_link(client: Client, call: Call) -> None:
    mail = mail_of(call, refused=True)

    assert [client.get(address(mail, name)).status_code for name in ("retry", "cancel", "hold")] == [405, 405, 405]
    assert [client.get(f"{LIST}{name}/").status_code for name in ("pause", "resume")] == [405, 405]


def test_several_mails_are_repeated_at_once(client: Client, call: Call) -> None:
    mails = [mail_of(call, refused=True), mail_of(call, refused=True), mail_of(call, sent=True)]

    page = client.post(LIST, {"action": "retry", "_selected_action": [mail.pk for mail in mails]}, follow=True)

    assert OutgoingMail.objects.filter(state=MailState.QUEUED).count() == 2
    assert "Sent to the queue again: 2 mails." in page.content.decode()
    assert "1 left as it is" in page.content.decode()


def test_another_organisers_mails_cannot_be_touched(client: Client) -> None:
    mail = OutgoingMailFactory(refused=True)

    assert client.post(address(mail, "retry")).status_code == 404
    client.post(LIST, {"action": "retry", "_selected_action": [mail.pk]})

    mail.refresh_from_db()
    assert mail.state == MailState.REFUSED


def test_all_mail_is_paused_and_resumed_and_everybody_sees_it(client: Client, organiser: User) -> None:
    client.post(f"{LIST}pause/", {"reason": "Wrong date in the text"})

    assert not delivery.is_gate_open(now=NOW)
    assert MailGate.objects.get().paused_by == organiser
    for page in (client.get(LIST).content.decode(), client.get("/admin/").content.decode()):
        assert "All outgoing mail is paused" in page
    assert "Wrong date in the text" in client.get(LIST).content.decode()

    client.post(f"{LIST}resume/")
    assert delivery.is_gate_open(now=NOW)
    assert "paused</strong>" not in client.get(LIST).content.decode()


def test_another_organiser_neither_resumes_nor_takes_the_pause_over(client: Client, call: Call) -> None:
    MailGate.objects.create(pk=1, paused_at=NOW, paused_by=UserFactory(name="Ada Pauser"), reason="A wrong text")

    page = client.post(f"{LIST}resume/", follow=True).content.decode()
    client.post(f"{LIST}pause/", {"reason": "Mine now"})

    gate = MailGate.objects.get()
    assert (gate.paused_by.name, gate.reason) == ("Ada Pauser", "A wrong text")
    assert "Ada Pauser" in page
    assert "Only who paused the mail, or an administrator, lets it go again." in page
    assert f"{LIST}resume/" not in page


def test_a_pause_from_the_command_line_is_for_administrators_to_end(client: Client, call: Call) -> None:
    MailGate.objects.create(pk=1, paused_at=NOW)

    client.post(f"{LIST}resume/")
    assert MailGate.objects.get().paused_at == NOW

    client.force_login(UserFactory(role=Role.ADMINISTRATOR), backend="django.contrib.auth.backends.ModelBackend")
    client.post(f"{LIST}resume/")
    assert MailGate.objects.get().paused_at is None


def test_an_organiser_tries_a_relay_again_that_nobody_paused(client: Client, call: Call) -> None:
    MailGate.objects.create(pk=1, closed_until=NOW, failures=2, reason="Busy")

    client.post(f"{LIST}resume/")

    assert MailGate.objects.get().failures == 0


def test_the_list_names_the_event_by_its_address(client: Client, call: Call) -> None:
    call.event.title = "A long title " * 8
    call.event.save()
    mail_of(call)

    page = client.get(LIST).content.decode()

    assert f'<td class="field-event">{call.event.slug}</td>' in page


def test_pausing_leaves_its_trace_without_a_name(client: Client, call: Call, organiser: User) -> None:
    mail = mail_of(call, refused=True)

    client.post(f"{LIST}pause/")
    client.post(address(mail, "retry"))

    entries = list(organiser.logentry_set.values_list("object_repr", flat=True))
    assert len(entries) == 2
    assert not any(mail.registration.identity.family_name in text or "@" in text for text in entries)


def test_the_first_page_tells_of_mails_that_did_not_go_out(client: Client, call: Call) -> None:
    assert "did not go out" not in client.get("/admin/").content.decode()
    OutgoingMailFactory(refused=True)
    assert "did not go out" not in client.get("/admin/").content.decode()

    mail_of(call, refused=True)
    OutgoingMail.objects.update(created_at="2099-01-01T00:00:00Z")

    assert "1 mail did not go out." in client.get("/admin/").content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_takes_a_number_of_queries_that_does_not_grow(
    client: Client, call: Call, django_assert_max_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        mail_of(call)

    with django_assert_max_num_queries(22):
        assert client.get(LIST).status_code == 200


@pytest.mark.parametrize(
    "question", ["registration__identity__email__startswith=a", "facts__contains=x", "link__key_id=1", "q=anna"]
)
def test_the_list_answers_no_question_about_people(client: Client, call: Call, question: str) -> None:
    mail_of(call)

    answer = client.get(f"{LIST}?{question}")

    assert answer.status_code in (302, 400) or len(answer.context["cl"].result_list) == 1


def test_filters_show_what_is_asked_for(client: Client, call: Call) -> None:
    mail_of(call)
    refused = mail_of(call, refused=True)

    found = client.get(f"{LIST}?state__exact=refused&call={call.pk}").context["cl"].result_list

    assert list(found) == [refused]


def test_a_cancelled_mail_is_not_sent(client: Client, call: Call) -> None:
    mail = mail_of(call)

    client.post(address(mail, "cancel"))

    assert delivery.drain(clock=lambda: NOW, seconds=5) == 0


def test_what_a_restore_holds_is_shown_and_goes_when_a_person_says_so(client: Client, call: Call) -> None:
    held, other = mail_of(call), mail_of(call, sent=True)
    restored.hold_unfinished(now=NOW)
    by_hand = mail_of(call, state=MailState.HELD)

    assert "1 mail waits since a restore" in client.get("/admin/").content.decode()
    page = client.get(f"{LIST}?restored=held").content.decode()
    assert "1 mail waits since the database was restored" in page
    assert "On hold, since a restore, may have arrived already" in page
    assert address(held) in page
    assert address(by_hand) not in page

    chosen = {"action": "send_restored", "_selected_action": [held.pk, other.pk, by_hand.pk]}
    assert "1 mail goes now." in client.post(LIST, chosen, follow=True).content.decode()
    held.refresh_from_db()
    by_hand.refresh_from_db()
    assert (held.state, held.is_maybe_repeated, held.restored_at) == (MailState.QUEUED, True, None)
    assert by_hand.state == MailState.HELD
    assert "since a restore" not in client.get("/admin/").content.decode()
