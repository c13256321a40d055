"""Invented applicants: the same for the same seed, nobody real, and everything that real ones bring along."""

from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from events.models import Call
from registrations import questions
from registrations.enums import Act, AskedOf, CheckResult, QuestionKind, State
from registrations.models import (
    Answer,
    Check,
    Decision,
    Identity,
    OutgoingMail,
    PrivateLink,
    Registration,
    Review,
    Score,
    Transition,
)
from registrations.services import applicants, scoring
from tests.factories import (
    NOW,
    CallFactory,
    CriterionFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

_CHOICES = [["prison", "Prison"], ["police", "Police"], ["other", "Somewhere else"]]


@pytest.fixture
def call() -> Call:
    """A selective call with a question of each kind that can be invented, two criteria, two reviewers."""
    call = CallFactory(selective=True, organisers=[UserFactory(role=Role.ORGANISER)], closes_at=NOW - timedelta(days=1))
    where = QuestionFactory(call=call, key="where", kind=QuestionKind.SINGLE_CHOICE, choices=_CHOICES, is_required=True)
    QuestionFactory(
        call=call, key="where_else", is_required=True, condition_question=where, condition_value="other", max_length=40
    )
    QuestionFactory(call=call, key="why", kind=QuestionKind.LONG_TEXT, is_required=True, max_words=30)
    QuestionFactory(
        call=call, key="learn", kind=QuestionKind.MULTIPLE_CHOICE, choices=_CHOICES, max_choices=2, is_required=True
    )
    QuestionFactory(call=call, key="people", kind=QuestionKind.NUMBER, min_value=1, max_value=50, is_required=True)
    for kind in ("yes_no", "date", "country", "email", "url", "consent"):
        QuestionFactory(call=call, key=f"a_{kind}", kind=kind, is_required=True)
    CriterionFactory(call=call, max_score=5, weight=2)
    CriterionFactory(call=call, max_score=10)
    ReviewAssignmentFactory.create_batch(2, call=call)
    return call


def _who(call: Call) -> list[tuple[Any, ...]]:
    rows = Registration.objects.filter(call=call).order_by("sent_at").select_related("identity")
    return [(r.reference, r.identity.email, r.identity.family_name, r.country, r.sent_at, r.score) for r in rows]


def test_the_same_seed_makes_the_same_people(call: Call) -> None:
    applicants.make(call=call, count=30, seed=7, now=NOW)
    first, said = _who(call), [answer.text for answer in Answer.objects.order_by("pk")]
    for rows in (Score, Review, Check, Transition, PrivateLink, Answer, Identity, Registration):
        rows.objects.all().delete()

    applicants.make(call=call, count=30, seed=7, now=NOW)

    assert _who(call) == first
    assert [answer.text for answer in Answer.objects.order_by("pk")] == said
    assert len({email for _, email, *_ in first}) == 30


def test_another_seed_makes_others_and_a_higher_number_adds(call: Call) -> None:
    assert applicants.make(call=call, count=20, seed=7, now=NOW) == 20
    assert applicants.make(call=call, count=20, seed=7, now=NOW) == 0
    assert applicants.make(call=call, count=25, seed=7, now=NOW) == 5
    assert applicants.make(call=call, count=20, seed=8, now=NOW) == 20
    assert Registration.objects.filter(call=call).count() == 45


def test_nobody_is_real_and_nobody_is_written_to(call: Call) -> None:
    applicants.make(call=call, count=60, seed=7, now=NOW)

    people = Identity.objects.all()
    assert all(person.email.isascii() and person.email.endswith("@example.org") for person in people)
    assert all(person.organisation.startswith("Example ") for person in people)
    assert not OutgoingMail.objects.exists()


def test_every_form_could_have_been_sent(call: Call) -> None:
    QuestionFactory(call=call, key="travel", asked_of=AskedOf.SELECTED, is_required=True)
    QuestionFactory(call=call, key="old", retired_at=NOW - timedelta(days=3), is_required=True)
    applicants.make(call=call, count=60, seed=7, now=NOW)

    for registration in Registration.objects.all():
        given = {answer.question: answer.value for answer in registration.answers.select_related("question")}
        values = {question.key: value for question, value in given.items()}
        assert {"travel", "old"}.isdisjoint(values)
        assert ("where_else" in values) == (values["where"] == "other")
        for question, value in given.items():
            kind = questions.KINDS[question.kind]
            typed = kind.initial(value)
            cleaned = kind.field(question).clean(str(typed) if question.kind == QuestionKind.NUMBER else typed)
            assert kind.given(question, cleaned).value == value


def test_each_has_the_way_behind_them_that_everybody_goes(call: Call) -> None:
    applicants.make(call=call, count=40, seed=7, now=NOW)

    for registration in Registration.objects.prefetch_related("transitions", "links"):
        acts = [(step.act, step.source, step.target) for step in registration.transitions.all()[:2]]
        assert acts == [(Act.SEND, "", State.UNPROVEN), (Act.PROVE, State.UNPROVEN, State.SUBMITTED)]
        assert registration.state == State.SUBMITTED
        assert call.opens_at <= registration.sent_at < call.closes_at
        assert registration.sent_at <= registration.proven_at == registration.state_changed_at <= NOW
        assert [link.version for link in registration.links.all()] == [1]
    assert not Transition.objects.filter(at__gt=NOW).exists()


def test_most_apply_shortly_before_the_deadline_unless_the_call_is_open(call: Call) -> None:
    applicants.make(call=call, count=200, seed=7, now=NOW)
    last_fifth = call.closes_at - (call.closes_at - call.opens_at) / 5

    assert Registration.objects.filter(sent_at__gte=last_fifth).count() > 80
    still_open = CallFactory(selective=True)
    applicants.make(call=still_open, count=20, seed=7, now=NOW)
    assert not Registration.objects.filter(call=still_open, sent_at__gte=NOW).exists()


def test_countries_professions_and_organisations_are_skewed(call: Call) -> None:
    applicants.make(call=call, count=600, seed=7, now=NOW)
    people = Identity.objects.select_related("registration")
    countries = Counter(person.registration.country for person in people)
    organisations = Counter(person.organisation for person in people)

    assert 20 <= len(countries) <= 30
    assert countries["DE"] > 5 * countries["EE"]
    assert 8 <= len({person.registration.profession for person in people}) <= 12
    assert organisations.most_common(1)[0][1] >= 8
    assert list(organisations.values()).count(1) > 50


def test_scores_of_one_person_are_alike_and_are_repeated_on_the_registration(call: Call) -> None:
    applicants.make(call=call, count=120, seed=7, now=NOW)
    columns = ("pk", "score", "score_spread", "review_count")
    written = list(Registration.objects.order_by("pk").values_list(*columns))
    scoring.refresh(registrations=[pk for pk, *_ in written])

    for before, after in zip(written, Registration.objects.order_by("pk").values_list(*columns), strict=True):
        assert after == pytest.approx(before)
    assert Review.objects.count() == 240
    spreads = Registration.objects.exclude(score_spread=None).values_list("score_spread", flat=True)
    assert sum(spreads) / len(spreads) < 2
    assert max(score or 0 for _, score, _, _ in written) > 80
    assert {score.value <= score.criterion.max_score for score in Score.objects.select_related("criterion")} == {True}
    assert not Score.objects.filter(review__has_conflict=True).exists()


def test_without_reviewers_and_organisers_nobody_is_scored_or_checked() -> None:
    call = CallFactory(selective=True)
    CriterionFactory(call=call)

    assert applicants.make(call=call, count=10, seed=7, now=NOW) == 10
    assert not Review.objects.exists()
    assert not Check.objects.exists()


def test_some_are_checked_by_an_organiser(call: Call) -> None:
    applicants.make(call=call, count=80, seed=7, now=NOW)

    checked = Registration.objects.exclude(check_result=CheckResult.NOT_LOOKED_AT)
    assert 5 < checked.count() < 40
    assert checked.count() == Check.objects.count() == Transition.objects.filter(act=Act.CHECK).count()


def test_some_took_part_before_and_no_real_person_applies(call: Call) -> None:
    for number in range(30):
        RegistrationFactory(state=State.ATTENDED, identity__email=f"earlier{number}@example.org")
    RegistrationFactory.create_batch(5, state=State.ATTENDED, identity__email="somebody@ministry.example")
    applicants.make(call=call, count=60, seed=7, now=NOW)

    addresses = [identity.email for identity in Identity.objects.filter(registration__call=call)]
    assert 3 < sum(email.startswith("earlier") for email in addresses) < 25
    assert not any(email.endswith("ministry.example") for email in addresses)


def test_where_the_event_is_over_those_with_places_have_been_there(call: Call) -> None:
    later = max(session.ends_at for session in call.event.sessions.all()) + timedelta(days=1)
    applicants.make(call=call, count=40, seed=7, now=later)
    call.refresh_from_db()

    states = Counter(Registration.objects.values_list("state", flat=True))
    assert states == {State.ATTENDED: 8, State.ABSENT: 2, State.DECLINED: 30}
    assert call.places_taken == call.capacity == 10
    assert Decision.objects.exclude(released_at=None).count() == 40
    declined = Registration.objects.filter(state=State.DECLINED)[0]
    acts = list(declined.transitions.exclude(act__in=[Act.SCORE, Act.CHECK]).values_list("act", flat=True))
    assert acts == [Act.SEND, Act.PROVE, Act.RELEASE]
    assert not Transition.objects.filter(at__gt=later).exists()


def test_a_call_that_is_open_to_all_or_not_open_yet_is_refused() -> None:
    for call in (CallFactory(), CallFactory(selective=True, not_yet_open=True)):
        with pytest.raises(applicants.NoApplications):
            applicants.make(call=call, count=3, seed=7, now=NOW)
    assert not Registration.objects.exists()


def test_all_of_them_or_nobody(call: Call) -> None:
    with (
        patch.object(Transition.objects, "bulk_create", side_effect=IntegrityError("made up")),
        pytest.raises(IntegrityError),
    ):
        applicants.make(call=call, count=10, seed=7, now=NOW)

    assert not Registration.objects.exists()


def test_hundreds_take_hardly_more_statements_than_a_few(call: Call) -> None:
    with CaptureQueriesContext(connection) as few:
        applicants.make(call=call, count=5, seed=7, now=NOW)
    with CaptureQueriesContext(connection) as many:
        applicants.make(call=call, count=400, seed=8, now=NOW)

    assert len(few) <= 30
    # A statement of SQLite takes fewer rows.
    assert len(many) <= len(few) + (10 if connection.vendor == "postgresql" else 80)


def test_the_command_makes_applicants(call: Call) -> None:
    out = StringIO()
    with patch("ranportal.shared.clock.now", return_value=NOW), override_settings(DEMO=True):
        call_command("seed_applicants", call.event.slug, "--count", "12", "--seed", "3", stdout=out)

    assert Registration.objects.count() == 12
    assert "12 new applicants, 0 were there already" in out.getvalue()


@pytest.mark.parametrize("count", ["0", "-1", "many", "50001"])
def test_the_command_refuses_an_impossible_number(call: Call, count: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 50000"):
        call_command("seed_applicants", call.event.slug, f"--count={count}")


def test_the_command_refuses_an_unknown_call_and_an_open_one() -> None:
    with override_settings(DEMO=True):
        with pytest.raises(CommandError, match="no call"):
            call_command("seed_applicants", "nothing")
        with pytest.raises(CommandError, match="selective"):
            call_command("seed_applicants", CallFactory().event.slug)


def test_the_command_refuses_a_real_installation(call: Call) -> None:
    with override_settings(DEMO=False), pytest.raises(CommandError, match="real installation"):
        call_command("seed_applicants", call.event.slug)
    assert not Registration.objects.exists()
