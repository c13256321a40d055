"""Forms sent twice, again, late, or for an address that is known already."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations import links
from registrations.enums import Act, MailKind, MailState, QuestionKind, State
from registrations.models import Answer, Identity, OutgoingMail, PrivateLink, Registration, Transition
from registrations.questions import GivenAnswer
from registrations.services import intake, places, uploads, workflow
from tests.factories import NOW, CallFactory, QuestionFactory, RegistrationFactory, person

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def send(call, number=1, now=NOW, answers=None, beside=None, **details):
    return intake.submit(
        call=call, person=person(number, **details), answers=answers or {}, now=now, received_at=now, beside=beside
    )


def proven(call, number=1):
    link = send(call, number).link
    return intake.prove(registration=link.registration, version=link.version, now=NOW)


def mails(kind: MailKind):
    return OutgoingMail.objects.filter(kind=kind)


def test_answers_are_stored_with_the_wording_of_their_questions():
    question = QuestionFactory(label="Why do you come?")
    send(question.call, answers={question: GivenAnswer(value="To learn", text="To learn")})
    answer = Answer.objects.get()
    assert (answer.question, answer.label, answer.value, answer.text) == (
        question,
        "Why do you come?",
        "To learn",
        "To learn",
    )


def test_the_same_form_twice_is_one_registration_with_one_mail_and_the_same_link():
    call = CallFactory()
    first = send(call)
    second = send(call, now=NOW + timedelta(minutes=9, seconds=59))
    assert second.link == first.link
    assert (Registration.objects.count(), OutgoingMail.objects.count(), Transition.objects.count()) == (1, 1, 1)


def test_the_same_form_that_arrives_late_by_a_slow_way_says_nothing_more_to_who_proved_the_address():
    call = CallFactory()
    first = send(call)
    intake.prove(registration=first.link.registration, version=1, now=NOW + timedelta(minutes=1))
    assert send(call, now=NOW + timedelta(minutes=2)).link is None
    assert (Registration.objects.count(), mails(MailKind.SAME_ADDRESS).count()) == (1, 0)
    send(call, now=NOW + timedelta(minutes=10))
    assert mails(MailKind.SAME_ADDRESS).count() == 1


def test_the_same_form_ten_minutes_later_asks_for_a_new_mail_and_is_a_new_version():
    call = CallFactory()
    first = send(call)
    second = send(call, now=NOW + timedelta(minutes=10))
    registration = Registration.objects.get()
    assert (first.link.version, second.link.version, registration.version) == (1, 2, 2)
    assert [t.act for t in registration.transitions.all()] == [Act.SEND, Act.SEND_AGAIN]
    assert list(mails(MailKind.PROVE_ADDRESS).order_by("pk").values_list("state", flat=True)) == [
        MailState.CANCELLED,
        MailState.QUEUED,
    ]


def test_another_form_for_an_unproven_address_replaces_the_first_one():
    question = QuestionFactory(is_required=True)
    send(question.call, answers={question: GivenAnswer("one", "one")})
    later = NOW + timedelta(minutes=1)
    send(question.call, now=later, family_name="Ozols", country="EE", answers={question: GivenAnswer("two", "two")})
    registration = Registration.objects.get()
    assert (registration.identity.family_name, registration.country, registration.sent_at) == ("Ozols", "EE", later)
    assert [a.value for a in Answer.objects.all()] == ["two"]


def test_the_link_of_the_first_form_does_not_prove_the_second_one():
    call = CallFactory()
    first = send(call)
    second = send(call, family_name="Ozols", now=NOW + timedelta(minutes=1))
    with pytest.raises(intake.NewerForm, match="newest mail"):
        intake.prove(registration=first.link.registration, version=first.link.version, now=NOW)
    assert intake.prove(registration=second.link.registration, version=2, now=NOW).state == State.CONFIRMED


def test_a_form_for_a_proven_address_changes_nothing_and_tells_its_owner():
    call = CallFactory()
    registration = proven(call)
    OutgoingMail.objects.all().delete()
    before = [list(m.objects.order_by("pk").values()) for m in (Registration, Identity, Transition, PrivateLink)]

    sent = send(call, family_name="Somebody Else")

    assert sent.link is None
    assert before == [
        list(m.objects.order_by("pk").values()) for m in (Registration, Identity, Transition, PrivateLink)
    ]
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.registration) == (MailKind.SAME_ADDRESS, registration)


def test_the_owner_is_told_of_forms_with_the_same_address_at_most_once_a_day():
    call = CallFactory()
    proven(call)
    for hours in (0, 1, 11):
        send(call, now=NOW + timedelta(hours=hours), family_name=f"Number {hours}")
    assert mails(MailKind.SAME_ADDRESS).count() == 1
    send(call, now=NOW + timedelta(hours=12))
    assert mails(MailKind.SAME_ADDRESS).count() == 2


def test_another_person_of_the_same_address_registers_beside_the_first():
    call = CallFactory()
    first = proven(call)
    sent = send(call, family_name="Colleague", beside=first)
    second = sent.link.registration
    assert (second.address_index, second.same_address_number) == (first.address_index, 1)
    assert intake.prove(registration=second, version=1, now=NOW).state == State.CONFIRMED
    assert send(call, family_name="Third", beside=first).link.registration.same_address_number == 2
    assert mails(MailKind.SAME_ADDRESS).count() == 0


def test_beside_a_registration_of_another_address_nobody_is_smuggled_in():
    call = CallFactory()
    first, other = proven(call, 1), proven(call, 2)
    assert send(call, 1, beside=other).link is None
    assert call.registrations.filter(address_index=first.address_index).count() == 1


def test_who_gave_up_may_register_again():
    call = CallFactory()
    places.withdraw(registration=proven(call), now=NOW)
    again = send(call, now=NOW + timedelta(hours=1))
    assert again.link.registration.state == State.UNPROVEN
    assert call.registrations.count() == 2


def test_the_same_address_registers_for_two_calls():
    assert send(CallFactory()).link
    assert send(CallFactory()).link


@pytest.mark.parametrize(
    ("at", "is_taken"),
    [("opens_at", True), ("opens_at-", False), ("closes_at-", True), ("closes_at", False)],
)
def test_what_counts_is_when_the_form_was_received_to_the_microsecond(at, is_taken):
    call = CallFactory()
    received_at = getattr(call, at.rstrip("-")) - (MOMENT if at.endswith("-") else timedelta(0))
    # The transaction itself may begin long after the deadline: a slow upload, a queue at the lock.
    now = call.closes_at + timedelta(seconds=40)
    if is_taken:
        sent = intake.submit(call=call, person=person(), answers={}, now=now, received_at=received_at)
        assert sent.link.registration.sent_at == received_at
    else:
        with pytest.raises(intake.CallNotOpen):
            intake.submit(call=call, person=person(), answers={}, now=now, received_at=received_at)
        assert not Registration.objects.exists()


@pytest.mark.parametrize("event", ["hidden", "cancelled", "draft", "scheduled"])
def test_no_form_is_taken_when_the_event_is(event):
    with pytest.raises(intake.CallNotOpen):
        send(CallFactory(**{f"event__{event}": True}))
    assert not OutgoingMail.objects.exists()


def test_a_deadline_that_moved_while_the_form_was_open_counts():
    call = CallFactory()
    type(call).objects.filter(pk=call.pk).update(closes_at=NOW)
    with pytest.raises(intake.CallNotOpen):
        send(call)


def test_no_form_is_taken_without_places_and_without_a_waiting_list():
    call = CallFactory(capacity=1, has_waiting_list=False)
    proven(call, 1)
    with pytest.raises(intake.CallNotOpen):
        send(call, 2)


def test_a_form_that_breaks_at_its_last_step_leaves_nothing(monkeypatch):
    def breaks(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("registrations.services.intake.outbox.put", breaks)
    with pytest.raises(RuntimeError):
        send(CallFactory())
    assert not any(m.objects.exists() for m in (Registration, Identity, PrivateLink, Transition, OutgoingMail))


def test_a_form_costs_at_most_20_statements_whatever_the_call_holds():
    def statements(people: int) -> int:
        call = CallFactory(capacity=100)
        RegistrationFactory.create_batch(people, call=call)
        questions = QuestionFactory.create_batch(8, call=call)
        answers = {question: GivenAnswer("x", "x") for question in questions}
        with CaptureQueriesContext(connection) as queries:
            send(call, 1000 + people, answers=answers)
        return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    few, many = statements(1), statements(30)
    assert few == many
    assert many <= 20


def test_a_known_and_an_unknown_address_get_the_same_answer_but_for_the_hidden_link():
    call = CallFactory()
    proven(call, 1)
    assert send(call, 1) == intake.Sent(None)
    assert send(call, 2) == intake.Sent(PrivateLink.objects.latest("pk"))


def test_a_file_that_is_replaced_is_deleted_when_the_new_one_is_stored_for_good(django_capture_on_commit_callbacks):
    question = QuestionFactory(kind=QuestionKind.FILE)

    def given(text: bytes) -> dict:
        upload = SimpleUploadedFile("cv.pdf", text)
        return {question: GivenAnswer({"name": "cv.pdf"}, "cv.pdf", upload)}

    send(question.call, answers=given(b"one"))
    first = Answer.objects.get().file
    with django_capture_on_commit_callbacks() as callbacks:
        send(question.call, answers=given(b"two"), now=NOW + timedelta(minutes=1))
    assert first.storage.exists(first.name)
    for callback in callbacks:
        callback()
    second = Answer.objects.get().file
    assert not first.storage.exists(first.name)
    assert uploads.opened(Answer.objects.get()).read() == b"two"
    assert "cv" not in second.name


def test_the_first_mail_has_a_code_only_where_it_can_be_typed():
    call = CallFactory()
    send(call)
    assert OutgoingMail.objects.get().facts["has_code"] is True


def test_references_stay_unique_when_chance_repeats_itself(monkeypatch):
    chances = iter(["P-22222", "P-22222", "P-33333"])
    monkeypatch.setattr(intake, "new_reference", lambda: next(chances))
    call = CallFactory()
    send(call, 1)
    send(call, 2)
    assert set(Registration.objects.values_list("reference", flat=True)) == {"P-22222", "P-33333"}


def test_the_lock_is_taken_before_the_rules_are_asked(monkeypatch):
    order = []
    locked, may_send = workflow.locked, intake.policies.may_send
    monkeypatch.setattr(workflow, "locked", lambda call: order.append("lock") or locked(call))
    monkeypatch.setattr(
        intake.policies,
        "may_send",
        lambda call, received_at: order.append("rule") or may_send(call, received_at=received_at),
    )
    send(CallFactory())
    assert order == ["lock", "rule"]


def test_the_newest_link_is_the_one_that_the_mail_carries():
    call = CallFactory()
    send(call)
    sent = send(call, family_name="Ozols")
    mail = mails(MailKind.PROVE_ADDRESS).get(state=MailState.QUEUED)
    assert mail.link == sent.link
    assert links.find(links.token_of(mail.link), now=NOW).version == 2
