"""Scoring on the reviewers' pages: anchors, abstaining, what is next, what changed, and likely conflicts."""

from datetime import timedelta

import pytest

from registrations.enums import Act, AskedOf, QuestionKind, State
from registrations.models import Answer, Review, Transition
from tests import sealed
from tests.factories import NOW, AnswerFactory, CriterionFactory, QuestionFactory, ReviewFactory, ReviewTaskFactory
from tests.registrations.people_story import REVIEWS, act_page, application, change_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)
WARNING = "You may know this person: the organisation or mail domain is yours."


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def of(told, registration=None, page=""):
    return f"{REVIEWS}calls/{told.call.pk}/{(registration or told.applicant).reference}/{page}"


def text_of(response):
    return response.content.decode()


def scores(told, value="4"):
    return {f"criterion-{told.criterion.pk}": value, "comment": ""}


def edit(told, *, at=LATER):
    answers = Answer.objects.filter(registration=told.applicant, question=told.motivation)
    sealed.rewrite(answers, text="Other words", changed_at=at)


def colleague(told):
    told.reviewer.organisation = "EXAMPLE  Clinic"
    told.reviewer.save()


# Scores


def test_the_anchors_of_a_criterion_stand_beside_it_as_text():
    told = story()
    told.criterion.anchors = "5 = works with <b>radicalised</b> people every week\n0 = does not"
    told.criterion.save()
    text = text_of(signed_in(told.reviewer).get(of(told)))
    assert "5 = works with &lt;b&gt;radicalised&lt;/b&gt; people every week" in text
    assert "0 = does not" in text


def test_a_criterion_without_a_score_is_abstained_from():
    told = story()
    need = CriterionFactory(call=told.call)
    client = signed_in(told.reviewer)

    client.post(of(told), {**scores(told), f"criterion-{need.pk}": "abstain"})

    assert [score.criterion for score in Review.objects.get().scores.all()] == [told.criterion]
    form = client.get(of(told)).context["form"]
    assert form[f"criterion-{need.pk}"].value() == "abstain"


def test_a_review_without_any_score_is_done_and_counts_for_nobody():
    told = story()
    answer = signed_in(told.reviewer).post(of(told), scores(told, "abstain"))
    told.applicant.refresh_from_db()
    assert answer.status_code == 302
    assert (told.applicant.score, told.applicant.review_count, Review.objects.get().scores.count()) == (None, 0, 0)
    assert Transition.objects.get(act=Act.SCORE).reason == "No scores."


def test_nothing_chosen_is_no_abstaining():
    told = story()
    page = signed_in(told.reviewer).post(of(told), {"comment": ""})
    assert page.status_code == 422
    assert "Please choose a number." in text_of(page)


# What is next


def test_skipping_previous_and_next_lead_through_one_s_own_applications():
    told = story()
    second, third = application(told.call, reference="P-3BBBB"), application(told.call, reference="P-4CCCC")
    ReviewFactory(registration=second, reviewer=told.reviewer)
    context = signed_in(told.reviewer).get(of(told)).context
    assert (context["previous"], context["next"], context["skip_to"]) == (None, second.reference, third.reference)


def test_the_last_application_that_waits_offers_no_skipping():
    told = story()
    assert signed_in(told.reviewer).get(of(told)).context["skip_to"] is None


def test_an_application_given_to_others_is_not_there():
    told = story()
    other = application(told.call, reference="P-3BBBB")
    ReviewTaskFactory(registration=other, reviewer=told.reviewer)
    client = signed_in(told.reviewer)
    for answer in (client.get(of(told)), client.post(of(told), scores(told)), client.post(of(told, page="conflict/"))):
        assert answer.status_code == 404
    assert client.get(of(told, other)).status_code == 200


def test_when_all_is_done_the_list_says_so():
    told = story()
    page = signed_in(told.reviewer).post(of(told), scores(told), follow=True)
    assert "All done. Thank you." in text_of(page)
    assert page.context["next_reference"] is None


# What changed since


def test_an_answer_edited_after_the_score_marks_the_review():
    told = story()
    client = signed_in(told.reviewer)
    client.post(of(told), scores(told))
    assert "Changed since your score" not in text_of(client.get(of(told)))

    edit(told)

    assert "Changed since your score" in text_of(client.get(of(told)))
    assert "1 changed since your score" in text_of(client.get(REVIEWS))
    assert client.get(REVIEWS).context["calls"][0].stale == 1
    organiser = signed_in(told.organiser)
    assert "an answer changed since" in text_of(organiser.get(change_page(told.applicant)))


def test_saving_again_says_that_the_scores_hold(monkeypatch):
    told = story()
    client = signed_in(told.reviewer)
    client.post(of(told), scores(told))
    edit(told)
    set_clock(monkeypatch, LATER + timedelta(minutes=1))
    client.post(of(told), scores(told))
    assert client.get(REVIEWS).context["calls"][0].stale == 0


@pytest.mark.parametrize(
    "hidden", [{"audience": "organisers"}, {"audience": "reviewers", "asked_of": AskedOf.SELECTED}]
)
def test_an_edited_answer_that_reviewers_do_not_see_marks_nothing(hidden):
    told = story()
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)
    question = QuestionFactory(call=told.call, **hidden)
    AnswerFactory(registration=told.applicant, question=question, changed_at=LATER)
    assert signed_in(told.reviewer).get(REVIEWS).context["calls"][0].stale == 0


def test_a_declared_conflict_never_becomes_stale():
    told = story()
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer, has_conflict=True)
    edit(told)
    assert signed_in(told.reviewer).get(REVIEWS).context["calls"][0].stale == 0


def test_what_changed_comes_up_again_after_all_that_waits():
    told = story()
    second, third = application(told.call, reference="P-3BBBB"), application(told.call, reference="P-4CCCC")
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)
    edit(told)
    client = signed_in(told.reviewer)
    ways = [client.post(of(told, one), scores(told)).headers["Location"] for one in (second, third)]
    assert ways == [of(told, third), of(told)]


# Likely conflicts


def test_who_may_know_the_person_is_warned_before_any_answer_is_read():
    told = story()
    colleague(told)
    ReviewFactory(registration=told.applicant, comment="Another's opinion")
    page = signed_in(told.reviewer).get(of(told))
    assert WARNING in text_of(page)
    assert not [
        words for words in ("Because of my work", "Another's", "Example clinic", "Why?") if words in text_of(page)
    ]


def test_the_domain_of_the_own_address_warns_too_and_a_public_one_does_not():
    told = story()
    client = signed_in(told.reviewer)
    assert WARNING not in text_of(client.get(of(told)))
    told.applicant.identity.email, told.reviewer.email = "ana@riga-clinic.lv", "rita@riga-clinic.lv"
    told.applicant.identity.save()
    told.reviewer.save()
    assert WARNING in text_of(client.get(of(told)))


def test_reading_all_the_same_opens_the_answers_and_is_recorded_once():
    told = story()
    colleague(told)
    client = signed_in(told.reviewer)

    pages = [client.post(of(told, page="read/"), follow=True) for _ in range(2)]

    assert all("Because of my work" in text_of(page) for page in pages)
    trace = Transition.objects.get(act=Act.READ_ANYWAY)
    assert (trace.registration, trace.by, trace.at) == (told.applicant, told.reviewer, NOW)


def test_nothing_goes_past_the_warning():
    told = story()
    colleague(told)
    question = QuestionFactory(call=told.call, key="cv", kind=QuestionKind.FILE, audience="reviewers")
    answer = AnswerFactory(registration=told.applicant, question=question, value={}, text="f")
    sealed.attach(answer, b"%PDF")
    client = signed_in(told.reviewer)

    scored = client.post(of(told), scores(told))

    assert (scored.status_code, Review.objects.count()) == (409, 0)
    assert "Because of my work" not in text_of(scored)
    assert client.get(of(told, page=f"files/{answer.pk}/")).status_code == 404


def test_a_conflict_is_declared_from_the_warning():
    told = story()
    colleague(told)
    client = signed_in(told.reviewer)
    too_long = client.post(of(told, page="conflict/"), {"conflict-comment": "x" * 6000})
    assert too_long.status_code == 422
    assert "Because of my work" not in text_of(too_long)
    client.post(of(told, page="conflict/"))
    assert Review.objects.get().has_conflict
    assert not Transition.objects.filter(act=Act.READ_ANYWAY).exists()


def test_another_s_reading_opens_nothing():
    told = story()
    colleague(told)
    Transition.objects.create(
        registration=told.applicant,
        act=Act.READ_ANYWAY,
        source=State.SUBMITTED,
        target=State.SUBMITTED,
        at=NOW,
        by=told.organiser,
    )
    assert WARNING in text_of(signed_in(told.reviewer).get(of(told)))


# Passages that an organiser hides


def hide(told, passage, act="redact"):
    answer = told.applicant.answers.get(question=told.motivation)
    fields = {f"{act}-answer": answer.pk, f"{act}-passage": passage}
    return signed_in(told.organiser).post(act_page(told.applicant, act), fields)


def test_a_hidden_passage_is_not_read_and_can_be_shown_again():
    told = story()
    assert hide(told, "because  OF my").status_code == 302
    client = signed_in(told.reviewer)
    assert "▮▮▮ work" in text_of(client.get(of(told)))
    redaction = told.applicant.answers.get(question=told.motivation).redactions.get()
    assert (redaction.redacted_by, redaction.redacted_at) == (told.organiser, NOW)

    signed_in(told.organiser).post(act_page(told.applicant, "show-again"), {"show-again-redaction": redaction.pk})

    assert "Because of my work" in text_of(client.get(of(told)))
    told_of = [trace.reason for trace in Transition.objects.filter(act=Act.REDACT)]
    assert told_of == ["In “Why?”.", "In “Why?”, shown again."]


def test_a_hidden_passage_is_hidden_where_another_answer_or_comment_repeats_it():
    told = story()
    hide(told, "my work")
    question = QuestionFactory(call=told.call, audience="reviewers")
    AnswerFactory(registration=told.applicant, question=question, value="As said, MY  work.")
    ReviewFactory(registration=told.applicant, comment="Likes “my work”.")
    client = signed_in(told.reviewer)
    client.post(of(told), scores(told))
    text = text_of(client.get(of(told)))
    assert "As said, ▮▮▮." in text
    assert "Likes “▮▮▮”." in text


def test_a_passage_that_the_answer_does_not_hold_is_refused_in_words():
    told = story()
    page = hide(told, "something else")
    assert page.status_code == 409
    assert "The answer does not hold this passage." in text_of(page)


def test_only_answers_that_reviewers_read_can_be_hidden_from_them():
    told = story()
    diet = told.applicant.answers.get(question=told.diet)
    data = {"redact-answer": diet.pk, "redact-passage": "Vegan"}
    assert signed_in(told.organiser).post(act_page(told.applicant, "redact"), data).status_code == 422


def test_the_organiser_reads_what_reviewers_read_and_which_passage_is_gone():
    told = story()
    hide(told, "my work")
    page = text_of(signed_in(told.organiser).get(change_page(told.applicant)))
    assert "Because of ▮▮▮" in page
    assert "not in the answer any more" not in page
    edit(told)
    assert "not in the answer any more" in text_of(signed_in(told.organiser).get(change_page(told.applicant)))


def test_what_others_think_is_shown_after_scores_of_one_s_own_only():
    told = story()
    ReviewFactory(registration=told.applicant, comment="Another's opinion")
    client = signed_in(told.reviewer)
    client.post(of(told), scores(told, "abstain"))
    page = text_of(client.get(of(told)))
    assert "opinion" not in page
    assert "What others think is shown after your own scores." in page

    client.post(of(told), scores(told))

    assert "Another&#x27;s opinion" in text_of(client.get(of(told)))


def test_where_nothing_is_scored_what_others_think_is_shown_after_a_comment_of_one_s_own():
    told = story()
    told.criterion.delete()
    ReviewFactory(registration=told.applicant, comment="Another's opinion")
    client = signed_in(told.reviewer)
    assert "opinion" not in text_of(client.get(of(told)))
    client.post(of(told), {"comment": "Mine"})
    assert "Another&#x27;s opinion" in text_of(client.get(of(told)))
