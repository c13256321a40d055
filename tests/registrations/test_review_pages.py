"""The reviewers' own pages: answers without identity, scores, conflicts of interest."""

import pytest

from registrations.enums import QuestionKind, State
from registrations.models import Review
from tests import sealed
from tests.factories import AnswerFactory, QuestionFactory, RegistrationFactory, ReviewAssignmentFactory, ReviewFactory
from tests.registrations.people_story import REVIEWS, application, set_clock, signed_in, story

pytestmark = pytest.mark.django_db

SECRETS = ("Zoë", "Őrségi", "zoe@example.org", "Example clinic", "Psychologist, Latvia", "Vegan", "Diet?")


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def of_call(told):
    return f"{REVIEWS}calls/{told.call.pk}/"


def of(told, registration=None, page=""):
    return f"{of_call(told)}{(registration or told.applicant).reference}/{page}"


def scores(told, value="4", comment=""):
    return {f"criterion-{told.criterion.pk}": value, "comment": comment}


def test_a_reviewer_sees_the_assigned_calls_with_progress():
    told = story()
    story(reference="P-9ZZZZ")
    application(told.call)
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)

    page = signed_in(told.reviewer).get(REVIEWS)

    assert [(call, call.done, call.total) for call in page.context["calls"]] == [(told.call, 1, 2)]


@pytest.mark.parametrize("number", [1, 30])
def test_the_pages_need_at_most_twenty_queries(number, django_assert_max_num_queries):
    told = story()
    for _ in range(number - 1):
        ReviewFactory(registration=told.applicant)
        application(told.call)
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)
    client = signed_in(told.reviewer)
    for address in (REVIEWS, of_call(told), of(told)):
        with django_assert_max_num_queries(20):
            assert client.get(address).status_code == 200


def test_no_page_of_a_reviewer_holds_identity_or_answers_for_organisers():
    told = story()
    client = signed_in(told.reviewer)
    for address in ("/admin/", REVIEWS, of_call(told), of(told)):
        text = client.get(address).content.decode()
        assert not [secret for secret in SECRETS if secret in text], address
    assert "Because of my work" in client.get(of(told)).content.decode()


def test_the_name_of_an_uploaded_file_is_not_shown_and_its_download_has_a_neutral_one():
    told = story()
    question = QuestionFactory(call=told.call, key="cv", kind=QuestionKind.FILE, audience="reviewers")
    facts = {"name": "cv-zoe-orsegi.pdf", "size": 3, "content_type": "application/pdf"}
    answer = AnswerFactory(registration=told.applicant, question=question, value=facts, text="cv-zoe-orsegi.pdf (PDF)")
    sealed.attach(answer, b"%PDF")
    client = signed_in(told.reviewer)

    text = client.get(of(told)).content.decode()
    download = client.get(of(told, page=f"files/{answer.pk}/"))

    assert "zoe" not in text.lower()
    assert download.headers["Content-Disposition"] == 'attachment; filename="P-2AAAA-cv.pdf"'
    assert b"".join(download.streaming_content) == b"%PDF"


def test_a_file_for_organisers_is_not_there_for_reviewers():
    told = story()
    question = QuestionFactory(call=told.call, key="id", kind=QuestionKind.FILE, audience="organisers")
    answer = AnswerFactory(registration=told.applicant, question=question, value={}, text="f")
    sealed.attach(answer, b"%PDF")
    assert signed_in(told.reviewer).get(of(told, page=f"files/{answer.pk}/")).status_code == 404


def test_saving_scores_leads_to_the_next_application():
    told = story()
    second = application(told.call, reference="P-3BBBB")

    answer = signed_in(told.reviewer).post(of(told), scores(told, comment="Clear aims."))

    assert answer.headers["Location"] == of(told, second)
    review = Review.objects.get()
    assert (review.reviewer, review.comment, review.scores.get().value) == (told.reviewer, "Clear aims.", 4)


def test_after_the_last_one_comes_the_list():
    told = story()
    answer = signed_in(told.reviewer).post(of(told), scores(told))
    assert answer.headers["Location"] == of_call(told)


def test_what_is_missing_is_said_and_the_comment_is_kept():
    told = story()
    page = signed_in(told.reviewer).post(of(told), {"comment": "Kept words"})
    assert page.status_code == 422
    assert "Kept words" in page.content.decode()
    assert not Review.objects.exists()


@pytest.mark.parametrize("value", ["6", "-1", "x"])
def test_a_score_out_of_range_is_not_taken(value):
    told = story()
    assert signed_in(told.reviewer).post(of(told), scores(told, value)).status_code == 422
    assert not Review.objects.exists()


def test_others_scores_are_shown_only_after_one_s_own():
    told = story()
    other = ReviewFactory(registration=told.applicant, comment="The opinion of another")
    other.scores.create(criterion=told.criterion, value=1)
    client = signed_in(told.reviewer)

    before = client.get(of(told))
    client.post(of(told), scores(told))
    after = client.get(of(told))

    assert before.context["others"] == []
    assert "The opinion of another" not in before.content.decode()
    assert "The opinion of another" in after.content.decode()
    assert other.reviewer.name not in after.content.decode()


def test_a_conflict_of_interest_closes_the_answers_and_takes_the_scores_out():
    told = story()
    client = signed_in(told.reviewer)
    client.post(of(told), scores(told))

    answer = client.post(of(told, page="conflict/"), {"conflict-comment": "We work together."})

    review = Review.objects.get()
    assert answer.status_code == 302
    assert (review.has_conflict, review.scores.count()) == (True, 0)
    assert "Because of my work" not in client.get(of(told)).content.decode()


def test_scores_that_are_sent_after_a_conflict_of_interest_are_refused_in_words():
    told = story()
    client = signed_in(told.reviewer)
    client.post(of(told, page="conflict/"))

    answer = client.post(of(told), scores(told))

    review = Review.objects.get()
    assert (answer.status_code, review.has_conflict, review.scores.count()) == (409, True, 0)
    assert "Because of my work" not in answer.content.decode()
    assert "conflict of interest" in answer.content.decode()
    assert "Because of my work" not in client.get(of(told)).content.decode()


def test_other_calls_and_other_states_are_not_there_for_a_reviewer():
    told, other = story(), story(reference="P-9ZZZZ")
    client = signed_in(told.reviewer)
    withdrawn = RegistrationFactory(call=told.call, state=State.WITHDRAWN)
    unproven = RegistrationFactory(call=told.call, unproven=True)
    addresses = [
        of_call(other),
        of(other),
        of(told, other.applicant),
        of(told, withdrawn),
        of(told, unproven),
        of(told, page="files/1/"),
    ]
    for address in addresses:
        assert client.get(address).status_code == 404, address
    for address in (of(other), of(other, page="conflict/"), of(told, other.applicant)):
        assert client.post(address, scores(told)).status_code == 404, address
    assert not Review.objects.exists()


def test_who_is_no_longer_assigned_sees_nothing_any_more():
    told = story()
    told.call.review_assignments.all().delete()
    client = signed_in(told.reviewer)
    assert list(client.get(REVIEWS).context["calls"]) == []
    assert client.get(of(told)).status_code == 404


def test_an_organiser_who_reviews_nothing_has_no_review_pages():
    told = story()
    assert signed_in(told.organiser).get(REVIEWS).status_code == 403
    ReviewAssignmentFactory(call=told.call, reviewer=told.organiser)
    assert signed_in(told.organiser).get(REVIEWS).status_code == 403
