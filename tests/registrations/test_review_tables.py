"""What organisers see of the reviews of a call, and who may see it."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from registrations import review_reports
from registrations.enums import QuestionKind
from registrations.models import ReviewTask
from registrations.review_reports import Showing
from registrations.services import pulse, scoring
from tests.factories import (
    NOW,
    AnswerFactory,
    CriterionFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    ReviewFactory,
    ReviewTaskFactory,
    UserFactory,
)
from tests.registrations.people_story import application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def reviewed(told, *values, registration=None):
    """Reviews of the applicant by as many people as there are scores; None abstains."""
    registration = registration or told.applicant
    reviews = [ReviewFactory(registration=registration) for _ in values]
    for review, value in zip(reviews, values, strict=True):
        if value is not None:
            review.scores.create(criterion=told.criterion, value=value)
    scoring.refresh(registrations=[registration.pk])
    return reviews


def shown(told, showing):
    return [one.reference for one in review_reports.reviewed_applications(told.call, showing=showing)]


def text_of(response):
    return response.content.decode()


def test_the_table_shows_each_reviewer_mean_and_difference():
    told = story()
    first, second = reviewed(told, 5, 3)
    page = signed_in(told.organiser).get(call_page(told.call, "reviews/"))
    text = text_of(page)
    for words in (
        f"{first.reviewer}: <strong>100 %</strong>",
        f"{second.reviewer}: <strong>60 %</strong>",
        "80 %",
        "2 points",
    ):
        assert words in text


def test_who_was_given_it_and_has_not_said_anything_is_named():
    told = story()
    (review,) = reviewed(told, 4)
    ReviewTaskFactory(registration=told.applicant, reviewer=review.reviewer)
    ReviewTaskFactory(registration=told.applicant, reviewer__name="Rosa")
    text = text_of(signed_in(told.organiser).get(call_page(told.call, "reviews/")))
    assert "Rosa: not yet" in text
    assert f"{review.reviewer}: not yet" not in text


def test_a_difference_of_one_point_is_no_difference():
    told = story()
    reviewed(told, 5, 4)
    assert shown(told, Showing.DIFFERENT) == []
    reviewed(told, 3)
    assert shown(told, Showing.DIFFERENT) == [told.applicant.reference]


def test_conflicts_abstentions_and_changes_are_shown():
    told = story()
    abstained, judged = reviewed(told, None, 2)
    ReviewFactory(registration=told.applicant, has_conflict=True, reviewer__name="Rosa")
    AnswerFactory(
        registration=told.applicant,
        question=QuestionFactory(call=told.call, audience="reviewers"),
        changed_at=judged.changed_at + timedelta(minutes=1),
    )
    text = text_of(signed_in(told.organiser).get(call_page(told.call, "reviews/")))
    assert "Rosa: conflict of interest" in text
    assert f"{abstained.reviewer}: no scores" in text
    assert text.count("an answer changed since") == 2
    assert shown(told, Showing.STALE) == shown(told, Showing.CONFLICT) == [told.applicant.reference]


def test_too_few_reviews_are_fewer_than_given_or_than_two():
    told = story()
    assert shown(told, Showing.FEW) == [told.applicant.reference]
    reviewed(told, 4, 4)
    assert shown(told, Showing.FEW) == []
    for _ in range(3):
        ReviewTaskFactory(registration=told.applicant)
    assert shown(told, Showing.FEW) == [told.applicant.reference]


def test_people_who_gave_up_or_never_confirmed_are_not_in_the_table():
    told = story()
    RegistrationFactory(call=told.call, withdrawn=True)
    RegistrationFactory(call=told.call, unproven=True)
    RegistrationFactory(call=told.call, declined=True, reference="P-9DDDD")
    assert shown(told, Showing.ALL) == [told.applicant.reference, "P-9DDDD"]


def test_a_filter_that_nobody_knows_shows_all():
    told = story()
    page = signed_in(told.organiser).get(call_page(told.call, "reviews/?show=nonsense&page=99"))
    assert [one for one, _, _ in page.context["rows"]] == [told.applicant]


@pytest.mark.parametrize("number", [1, 3])
def test_the_table_needs_the_same_queries_for_one_and_for_three(number, django_assert_num_queries):
    told = story()
    pulse.beat(now=NOW)
    reviewed(told, 5, 3)
    for _ in range(number - 1):
        reviewed(told, 5, 3, registration=application(told.call))
    client = signed_in(told.organiser)
    with django_assert_num_queries(17):
        client.get(call_page(told.call, "reviews/"))


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_reviewers_needs_the_same_queries_for_one_and_for_three(number, django_assert_num_queries):
    told = story()
    pulse.beat(now=NOW)
    for _ in range(number - 1):
        ReviewAssignmentFactory(call=told.call)
    client = signed_in(told.organiser)
    with django_assert_num_queries(13):
        client.get(call_page(told.call, "reviewers/"))


@pytest.mark.parametrize("number", [1, 3])
def test_the_reviewers_own_pages_need_the_same_queries_for_one_and_for_three(number, django_assert_num_queries):
    told = story()
    for _ in range(number - 1):
        AnswerFactory(registration=told.applicant, question=QuestionFactory(call=told.call, audience="reviewers"))
        CriterionFactory(call=told.call)
        application(told.call)
    reviewed(told, *(4 for _ in range(number)))
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer).scores.create(criterion=told.criterion, value=4)
    client = signed_in(told.reviewer)
    own = f"/admin/registrations/review/calls/{told.call.pk}/"
    counts = {"/admin/registrations/review/": 5, own: 11, f"{own}{told.applicant.reference}/": 22}
    for address, count in counts.items():
        with django_assert_num_queries(count):
            client.get(address)


def test_chosen_applications_are_given_to_a_reviewer_from_the_table():
    told = story()
    other = application(told.call)
    data = {"chosen": [told.applicant.pk, other.pk], "reviewer": told.reviewer.pk}
    page = signed_in(told.organiser).post(call_page(told.call, "reviews/?show=few"), data, follow=True)
    assert page.redirect_chain[0][0].endswith("?show=few")
    assert f"2 more given to {told.reviewer}." in text_of(page)
    assert ReviewTask.objects.filter(reviewer=told.reviewer).count() == 2


def test_choosing_nothing_nobody_or_a_stranger_is_refused_in_words():
    told, other = story(), story(reference="P-9ZZZZ")
    client = signed_in(told.organiser)
    for data in (
        {"reviewer": told.reviewer.pk},
        {"chosen": [told.applicant.pk]},
        {"chosen": [other.applicant.pk], "reviewer": told.reviewer.pk},
        {"chosen": [told.applicant.pk], "reviewer": other.reviewer.pk},
    ):
        assert client.post(call_page(told.call, "reviews/"), data).status_code == 422
    assert not ReviewTask.objects.exists()


def test_the_page_of_reviewers_counts_what_each_has_done():
    told = story()
    second = application(told.call)
    conflict = application(told.call)
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)
    ReviewFactory(registration=conflict, reviewer=told.reviewer, has_conflict=True)
    load = review_reports.reviewer_loads(told.call)[0]
    assert (load.given, load.done, load.stale, load.conflicts) == (3, 1, 0, 1)

    ReviewTaskFactory(registration=second, reviewer=told.reviewer)

    load = review_reports.reviewer_loads(told.call)[0]
    assert (load.given, load.done, load.conflicts) == (3, 1, 1)


def test_applications_are_spread_from_the_page_and_who_lacks_reviewers_is_named():
    told = story()
    client = signed_in(told.organiser)
    enough = client.post(call_page(told.call, "reviewers/"), {"per_application": 1}, follow=True)
    lacking = client.post(call_page(told.call, "reviewers/"), {"per_application": 2})
    assert "1 given, of 1 application." in text_of(enough)
    assert "The call has 1 reviewers." in text_of(lacking)
    assert f'<th scope="row">{told.applicant.reference}</th><td>1</td>' in text_of(lacking)


@pytest.mark.parametrize("number", ["0", "x", "21", ""])
def test_a_number_of_reviewers_that_makes_no_sense_is_refused(number):
    told = story()
    page = signed_in(told.organiser).post(call_page(told.call, "reviewers/"), {"per_application": number})
    assert page.status_code == 422
    assert not ReviewTask.objects.exists()


def test_documents_for_reviewers_are_warned_of():
    told = story()
    client = signed_in(told.organiser)
    assert "cannot be masked" not in text_of(client.get(call_page(told.call, "reviewers/")))
    QuestionFactory(call=told.call, label="Your CV", kind=QuestionKind.FILE, audience="reviewers")
    assert "“Your CV”" in text_of(client.get(call_page(told.call, "reviewers/")))


def test_documents_given_to_an_earlier_version_of_a_question_are_warned_of_too():
    told = story()
    client = signed_in(told.organiser)
    document = {"call": told.call, "kind": QuestionKind.FILE, "audience": "reviewers", "retired_at": NOW}
    old = QuestionFactory(label="Your old CV", **document)
    QuestionFactory(label="Asked in vain", **document)
    AnswerFactory(registration=told.applicant, question=old)
    page = text_of(client.get(call_page(told.call, "reviewers/")))
    assert "“Your old CV”" in page
    assert "Asked in vain" not in page


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.PUBLISHER])
def test_only_organisers_of_the_call_see_the_tables(role):
    told, other = story(), story(reference="P-9ZZZZ")
    for page in ("reviews/", "reviewers/"):
        assert signed_in(UserFactory(role=role)).get(call_page(told.call, page)).status_code == 403
        assert signed_in(other.organiser).get(call_page(told.call, page)).status_code == 404
        assert signed_in(told.organiser).get(call_page(told.call, page)).status_code == 200
