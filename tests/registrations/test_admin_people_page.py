"""The page of one registration and the acts on it."""

import re

import pytest
from django.db import transaction

from registrations import identity_checks
from registrations.enums import Act, Channel, CheckResult, MailKind, Outcome, ParticipantRole, QuestionKind, State
from registrations.models import Answer, Decision, OutgoingMail, Registration, Review
from registrations.services import identities, pulse
from tests import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    DecisionFactory,
    OutgoingMailFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewFactory,
)
from tests.registrations.people_story import act_page, application, change_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def do(told, registration, act, **fields):
    """Send the act's form as the organiser's browser does."""
    data = {f"{act}-{name}": value for name, value in fields.items()}
    return signed_in(told.organiser).post(act_page(registration, act), data)


def test_the_page_shows_everything_about_the_person():
    told = story()
    ReviewFactory(registration=told.applicant, comment="Reads well.").scores.create(criterion=told.criterion, value=4)
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.RECEIVED, sent=True)

    page = signed_in(told.organiser).get(change_page(told.applicant))

    text = page.content.decode()
    for words in (
        "P-2AAAA",
        "Zoë Őrségi",
        "zoe@example.org",
        "Why?",
        "Because of my work",
        "Vegan",
        "Reads well.",
        "Latvia",
    ):
        assert words in text


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_needs_at_most_thirty_queries(number, django_assert_max_num_queries):
    told = story()
    pulse.beat(now=NOW)
    for _ in range(number - 1):
        ReviewFactory(registration=told.applicant).scores.create(criterion=told.criterion, value=4)
        OutgoingMailFactory(registration=told.applicant)
    client = signed_in(told.organiser)

    with django_assert_max_num_queries(30):
        client.get(change_page(told.applicant))


def test_the_previous_and_the_next_registration_of_the_call_are_linked():
    told = story()
    RegistrationFactory()
    last = application(told.call)
    client = signed_in(told.organiser)

    first_page, last_page = client.get(change_page(told.applicant)), client.get(change_page(last))

    assert (first_page.context["previous_id"], first_page.context["next_id"]) == (None, last.pk)
    assert (last_page.context["previous_id"], last_page.context["next_id"]) == (told.applicant.pk, None)


def test_registrants_text_stays_text():
    told = story()
    sealed.rewrite(
        told.applicant.answers.filter(question=told.motivation), text="<script>alert(1)</script>{{ request }}"
    )
    told.applicant.identity.family_name = '"><img src=x onerror=alert(1)>'
    told.applicant.identity.save()

    text = signed_in(told.organiser).get(change_page(told.applicant)).content.decode()

    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ request }}" in text


def test_the_check_is_noted_with_who_and_why():
    told = story()
    shown = identity_checks.seen(told.applicant)

    answer = do(told, told.applicant, "check", result="fine", note="Called the clinic.", shown=shown)

    assert answer.headers["Location"] == change_page(told.applicant)
    told.applicant.refresh_from_db()
    check = told.applicant.checks.get()
    assert (told.applicant.check_result, check.note, check.checked_by) == (
        CheckResult.FINE,
        "Called the clinic.",
        told.organiser,
    )


def test_a_check_of_what_changed_meanwhile_is_refused_and_the_page_that_comes_back_may_be_sent():
    told = story()
    page = signed_in(told.organiser).get(change_page(told.applicant)).content.decode()
    with transaction.atomic():
        identities.rewrite(registration=told.applicant, said={"family_name": "Somebody-Else"}, now=NOW)

    answer = do(told, told.applicant, "check", result="fine", note="Called the clinic.", shown=shown_on(page))

    text = answer.content.decode()
    told.applicant.refresh_from_db()
    assert (answer.status_code, told.applicant.check_result) == (409, CheckResult.NOT_LOOKED_AT)
    assert "please look again" in text
    assert "Called the clinic." in text
    assert "Somebody-Else" in text
    do(told, told.applicant, "check", result="fine", note="Called the clinic.", shown=shown_on(text))
    told.applicant.refresh_from_db()
    assert told.applicant.check_result == CheckResult.FINE


def shown_on(page: str) -> str:
    return re.search(r'name="check-shown" value="([^"]+)"', page)[1]


def test_an_organiser_scores_too():
    told = story()
    do(told, told.applicant, "score", **{f"criterion-{told.criterion.pk}": "3", "comment": "Good."})
    review = Review.objects.get()
    assert (review.reviewer, review.comment, review.scores.get().value) == (told.organiser, "Good.", 3)


def test_a_missing_score_is_said_and_the_comment_is_kept():
    told = story()
    page = do(told, told.applicant, "score", comment="Kept words")
    assert page.status_code == 422
    assert "Please choose a number." in page.content.decode()
    assert "Kept words" in page.content.decode()
    assert not Review.objects.exists()


def test_a_decision_is_staged_and_undone():
    told = story()
    do(told, told.applicant, "stage", outcome="reserve", reason="Later.")
    decision = Decision.objects.get()
    assert (decision.outcome, decision.reason, decision.released_at) == (Outcome.RESERVE, "Later.", None)

    do(told, told.applicant, "unstage")
    assert not Decision.objects.exists()


def test_an_address_is_confirmed_by_telephone():
    told = story()
    unproven = RegistrationFactory(call=told.call, unproven=True)

    do(told, unproven, "prove", channel="telephone")

    unproven.refresh_from_db()
    trace = unproven.transitions.get(act=Act.PROVE)
    assert (unproven.state, trace.by, trace.channel) == (State.SUBMITTED, told.organiser, Channel.TELEPHONE)


def test_an_address_is_corrected_and_asked_to_be_confirmed_again():
    told = story()
    unproven = RegistrationFactory(call=told.call, unproven=True)

    do(told, unproven, "address", email="right@example.org", channel="telephone")

    unproven = Registration.objects.get(pk=unproven.pk)
    assert (unproven.identity.email, unproven.version) == ("right@example.org", 2)
    assert OutgoingMail.objects.get(registration=unproven).kind == MailKind.PROVE_ADDRESS


def test_an_address_that_another_has_is_refused_in_words_and_stays_in_the_field():
    told = story()
    unproven = RegistrationFactory(call=told.call, unproven=True)

    page = do(told, unproven, "address", email="zoe@example.org", channel="mail")

    text = page.content.decode()
    assert page.status_code == 409
    assert "registered already, as P-2AAAA" in text
    assert 'value="zoe@example.org"' in text


def test_a_place_is_confirmed_and_given_up_for_the_person():
    told = story()
    selected = RegistrationFactory(call=told.call, selected=True)

    do(told, selected, "confirm", channel="telephone")
    selected.refresh_from_db()
    assert selected.state == State.CONFIRMED

    do(told, selected, "give-up", channel="letter")
    selected.refresh_from_db()
    assert (selected.state, selected.transitions.last().channel) == (State.WITHDRAWN, Channel.LETTER)


def test_an_unanswered_place_is_given_on():
    told = story()
    selected = RegistrationFactory(call=told.call, selected=True)
    do(told, selected, "give-on", reason="No answer.")
    selected.refresh_from_db()
    assert selected.state == State.LAPSED


def test_a_decision_is_reconsidered_only_with_a_reason():
    told = story()
    declined = RegistrationFactory(call=told.call, declined=True)

    without = do(told, declined, "reconsider", target="confirmed", reason="", channel="mail")
    assert without.status_code == 422
    do(told, declined, "reconsider", target="confirmed", reason="A place became free.", channel="mail")

    declined.refresh_from_db()
    trace = declined.transitions.get(act=Act.RECONSIDER)
    assert (declined.state, trace.reason, trace.by) == (State.CONFIRMED, "A place became free.", told.organiser)


def test_a_full_call_refuses_in_words_with_what_was_typed():
    told = story(capacity=1)
    RegistrationFactory(call=told.call, confirmed=True)
    declined = RegistrationFactory(call=told.call, declined=True)

    page = do(told, declined, "reconsider", target="confirmed", reason="Kept words", channel="mail")

    assert page.status_code == 409
    assert (
        "places"
        in page.context["acts"][[a.name for a, _ in page.context["acts"]].index("reconsider")][1].errors["__all__"][0]
    )
    assert "Kept words" in page.content.decode()


def test_the_role_is_changed_and_with_it_the_place():
    told = story()
    confirmed = RegistrationFactory(call=told.call, confirmed=True)

    do(told, confirmed, "role", role="speaker")

    confirmed.refresh_from_db()
    told.call.refresh_from_db()
    assert (confirmed.role, confirmed.is_counted, told.call.places_taken) == (ParticipantRole.SPEAKER, False, 0)


def test_attendance_is_marked_and_corrected():
    told = story()
    confirmed = RegistrationFactory(call=told.call, confirmed=True)
    for mark, state, is_excused in (
        ("excused", State.ABSENT, True),
        ("attended", State.ATTENDED, False),
        ("open", State.CONFIRMED, False),
    ):
        do(told, confirmed, "attendance", mark=mark)
        confirmed.refresh_from_db()
        assert (confirmed.state, confirmed.is_excused) == (state, is_excused)


def test_an_act_that_is_no_longer_possible_is_refused_and_changes_nothing():
    told = story()
    withdrawn = RegistrationFactory(call=told.call, withdrawn=True)
    page = do(told, withdrawn, "confirm", channel="mail")
    assert page.status_code == 409
    withdrawn.refresh_from_db()
    assert withdrawn.state == State.WITHDRAWN


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("address", {"email": "new@example.org", "channel": "mail"}),
        ("role", {"role": ParticipantRole.SPEAKER, "is_counted": "on"}),
        ("stage", {"outcome": Outcome.SELECT, "reason": "Good"}),
    ],
)
def test_what_a_stale_page_sends_is_refused_in_words(act, fields):
    told = story()
    withdrawn = RegistrationFactory(call=told.call, withdrawn=True, identity__email="old@example.org")
    before = Registration.objects.values().get(pk=withdrawn.pk)

    page = do(told, withdrawn, act, **fields)

    assert page.status_code == 409
    assert f"is not possible any more: this registration is “{State.WITHDRAWN.label}” now" in page.content.decode()
    withdrawn.identity.refresh_from_db()
    assert withdrawn.identity.email == "old@example.org"
    assert Registration.objects.values().get(pk=withdrawn.pk) == before
    assert not withdrawn.transitions.filter(act__in=["correct_address", "change_role", "stage"]).exists()


def test_what_was_staged_about_somebody_who_gave_up_is_over():
    told = story()
    DecisionFactory(registration=told.applicant)
    client, undo = signed_in(told.organiser), act_page(told.applicant, "unstage")
    text = client.get(change_page(told.applicant)).content.decode()
    assert (undo in text, "Staged, nobody told" in text) == (True, True)
    Registration.objects.update(state=State.WITHDRAWN)
    text = client.get(change_page(told.applicant)).content.decode()
    assert (undo in text, "Staged, nobody told" in text, "Was staged" in text) == (False, False, True)


def test_scores_are_closed_once_the_decision_is_released():
    told = story()
    declined = RegistrationFactory(call=told.call, declined=True)
    page = do(told, declined, "score", **{f"criterion-{told.criterion.pk}": "4", "comment": ""})
    assert page.status_code == 409
    assert not Review.objects.exists()


def test_nothing_is_done_to_a_person_whose_data_were_erased():
    told = story()
    Registration.objects.filter(pk=told.applicant.pk).update(address_index="erased:P-2AAAA")

    page = do(told, told.applicant, "address", email="new@example.org", channel="mail")

    assert page.status_code == 409
    assert "were erased" in page.content.decode()
    assert signed_in(told.organiser).get(change_page(told.applicant)).context["acts"] == []


def test_only_acts_that_make_sense_are_offered():
    told = story()
    client = signed_in(told.organiser)
    DecisionFactory(registration=told.applicant)
    unproven = RegistrationFactory(call=told.call, unproven=True)

    names = [act.name for act, _ in client.get(change_page(told.applicant)).context["acts"]]
    assert names == [
        *("check", "score", "readers", "redact", "stage", "unstage", "role", "address", "close-link", "give-up"),
    ]
    names = [act.name for act, _ in client.get(change_page(unproven)).context["acts"]]
    assert names == ["check", "prove", "role", "address", "give-up"]


def test_reading_the_page_changes_nothing():
    told = story()
    before = list(Registration.objects.values()), OutgoingMail.objects.count()
    signed_in(told.organiser).get(change_page(told.applicant))
    assert (list(Registration.objects.values()), OutgoingMail.objects.count()) == before


def test_an_act_needs_a_post():
    told = story()
    assert signed_in(told.organiser).get(act_page(told.applicant, "give-up")).status_code == 405


def test_an_unknown_act_is_not_there():
    told = story()
    assert signed_in(told.organiser).post(act_page(told.applicant, "erase")).status_code == 404


def test_a_document_that_is_not_stored_any_more_is_said_to_be_gone(settings, tmp_path):
    settings.PRIVATE_MEDIA_ROOT = tmp_path
    told = story()
    question = QuestionFactory(call=told.call, kind=QuestionKind.FILE)
    answer = AnswerFactory(registration=told.applicant, question=question, value={}, text="f")
    Answer.objects.filter(pk=answer.pk).update(file="gone/away.pdf")
    address = change_page(told.applicant).replace("change/", f"files/{answer.pk}/")

    page = signed_in(told.organiser).get(address)

    assert page.status_code == 404
    assert "We cannot find this page" in page.content.decode()
