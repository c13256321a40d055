"""The dossier of one registration: complete for a complaint, and in the person's copy nothing about others."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from registrations import dossiers
from registrations.enums import Act, Outcome, ProposedAs, ReasonCode, State
from registrations.mail import catalogue
from registrations.models import Check, Decision, Redaction, Registration, Review
from registrations.services import scoring
from tests import sealed
from tests.factories import (
    NOW,
    DecisionFactory,
    OutgoingMailFactory,
    PinFactory,
    ProposalFactory,
    ProposalLineFactory,
    ReviewFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import Story, change_page, export, signed_in, story

pytestmark = pytest.mark.django_db

OTHER = "P-2ZZZZ"
RECEIPT = {
    "capacity": 10,
    "objective": {"shortfall": 0, "places": 10, "score": 733.25},
    "optimal": True,
    "gap": 0,
    "solver": "HiGHS 1.11",
    "unmet": [{"attribute": "organisation", "value": "clinic of somebody else", "min": 1, "got": 0}],
}
#: What would tell the person of others.
OF_OTHERS = (OTHER, "not proposed: 3 of 3 places", "clinic of somebody else", "Olga Organiser", "Dora Deputy", "7th")


@dataclass
class Told:
    """The usual story with everything that can be known about its applicant."""

    base: Story
    deputy: User
    line_reason: str = "7th by score; not proposed: 3 of 3 places for LV taken by higher scores"


@pytest.fixture
def told() -> Told:
    base = story()
    User.objects.filter(pk=base.organiser.pk).update(name="Olga Organiser")
    base.organiser.refresh_from_db()
    deputy = UserFactory(name="Dora Deputy", role=Role.ORGANISER)
    full = Told(base, deputy)
    one = base.applicant
    base.criterion.anchors = "5 = every week\n0 = never"
    base.criterion.save()
    SelectionRuleFactory(call=base.call)
    SelectionRuleFactory(call=base.call, attribute="organisation", value="clinic of somebody else", maximum=1)
    SelectionRuleFactory(call=base.call, attribute="first_time", value="true", maximum=None, minimum=8, weight=2)
    ReviewFactory(registration=one, reviewer=base.reviewer, comment="Fits.").scores.create(
        criterion=base.criterion, value=4
    )
    ReviewFactory(registration=one, has_conflict=True)
    scoring.refresh(registrations=[one.pk])
    _trace(one, Act.SCORE, by=base.reviewer, reason="Fit: 4")
    _trace(one, Act.STAGE, by=base.organiser, reason=f"Not selected: {OTHER} is closer to it")
    _trace(one, Act.UNSTAGE, by=base.organiser)
    proposal = ProposalFactory(call=base.call, made_by=base.organiser, receipt=RECEIPT)
    ProposalLineFactory(
        registration=one, proposal=proposal, proposed_as=ProposedAs.NOT_PROPOSED, rank=None, reason=full.line_reason
    )
    PinFactory(registration=one, reason=f"Came with {OTHER}.", pinned_by=base.organiser)
    DecisionFactory(
        registration=one,
        outcome=Outcome.RESERVE,
        rank=77,
        reason_code=ReasonCode.NO_PLACE,
        reason=f"After {OTHER}, before others; see {one.reference}.",
        staged_by=base.organiser,
        released_at=NOW,
        released_by=deputy,
        proposal=proposal,
        is_deviation=True,
    )
    Check.objects.create(registration=one, result="fine", note="Known.", checked_at=NOW, checked_by=base.organiser)
    OutgoingMailFactory(registration=one, kind="reserve", sent=True)
    return full


def _trace(registration: Registration, act: Act, *, by: User, reason: str = "") -> None:
    registration.transitions.create(
        act=act, source=State.SUBMITTED, target=State.SUBMITTED, at=NOW - timedelta(hours=3), by=by, reason=reason
    )


def _page(told: Told, copy: str) -> str:
    return signed_in(told.base.organiser).get(f"{_address(told, copy)}/").content.decode()


def _file(told: Told, copy: str) -> dict:
    return json.loads(export(signed_in(told.base.organiser), f"{_address(told, copy)}.json").content)


def _address(told: Told, copy: str) -> str:
    return change_page(told.base.applicant).replace("change/", f"dossier/{copy}")


def test_the_organisers_copy_tells_everything(told: Told) -> None:
    dossier = _file(told, "organisers")

    assert dossier["criteria"][0]["anchors"] == [{"score": 5, "means": "every week"}, {"score": 0, "means": "never"}]
    assert [(rule["about"], rule["value"]) for rule in dossier["rules"]] == [
        ("Country", "each by itself"),
        ("Organisation", "clinic of somebody else"),
        ("First time", "First time"),
    ]
    assert {"question": "Why?", "answer": "Because of my work"}.items() <= dossier["answers"][0].items()
    assert dossier["score"] == {"mean_per_cent": 80.0, "spread": 0, "reviews": 1}
    assert dossier["proposals"][0]["reason"] == told.line_reason
    assert dossier["proposals"][0]["receipt"] == RECEIPT
    assert dossier["decision"]["staged_by"] == "Olga Organiser"
    assert dossier["decision"]["released_by"] == "Dora Deputy"
    assert dossier["decision"]["code"] == "Not enough places"
    assert dossier["decision"]["deviates_from_proposal"] is True
    assert [step["what"] for step in dossier["history"]] == ["Scored", "Decision staged", "Staged decision undone"]
    assert dossier["mails"][0]["subject"] == f"Your registration {told.base.applicant.reference}: news"
    assert dossier["checks"][0]["note"] == "Known."
    assert dossier["pin"]["direction"] == "In"


def test_reviewers_have_numbers_in_both_copies(told: Told) -> None:
    told.base.reviewer.name = "Rosa Reviewer"
    told.base.reviewer.save()
    for copy in ("organisers", "person"):
        dossier = _file(told, copy)
        assert [review["by"] for review in dossier["reviews"]] == ["Reviewer 1", "Reviewer 2"]
        assert [review["has_conflict"] for review in dossier["reviews"]] == [False, True]
        assert dossier["history"][0]["by"] == "Reviewer 1"
        assert "Rosa" not in json.dumps(dossier) + _page(told, copy)


def test_a_review_before_a_changed_answer_is_marked(told: Told) -> None:
    Review.objects.filter(reviewer=told.base.reviewer).update(changed_at=NOW - timedelta(days=30))
    assert [review["is_stale"] for review in _file(told, "person")["reviews"]] == [True, False]
    assert "An answer was changed after this review." in _page(told, "person")


@pytest.mark.parametrize("words", OF_OTHERS)
def test_the_person_s_copy_tells_nothing_of_others(told: Told, words: str) -> None:
    assert words in json.dumps(_file(told, "organisers"), ensure_ascii=False)
    assert words not in json.dumps(_file(told, "person"), ensure_ascii=False)
    page = _page(told, "person")
    assert words not in page[page.index("The application</h2>") :]


def test_the_person_s_copy_has_no_ranks_and_keeps_the_own_reference(told: Told) -> None:
    organisers, person = _file(told, "organisers"), _file(told, "person")

    assert organisers["decision"]["rank"] == 77
    assert "rank" not in person["decision"]
    assert "rank" not in person["proposals"][0]
    assert set(person["proposals"][0]["receipt"]) == {"capacity", "objective", "optimal", "gap", "solver"}
    assert (
        person["decision"]["reason"] == f"After (another person), before others; see {told.base.applicant.reference}."
    )
    assert person["decision"]["staged_by"] == person["decision"]["released_by"] == "An organiser"


def test_what_is_not_released_is_in_the_organisers_copy_alone(told: Told) -> None:
    Decision.objects.update(released_at=None, released_by=None)

    organisers, person = _file(told, "organisers"), _file(told, "person")

    assert organisers["decision"]["outcome"] == "Reserve list"
    assert person["decision"] is None
    assert "Nothing is decided." in _page(told, "person")
    staging = {"Decision staged", "Staged decision undone"}
    assert staging <= {step["what"] for step in organisers["history"]}
    assert not staging & {step["what"] for step in person["history"]}


def test_pages_titles_and_names_of_files_hold_the_reference_and_no_name(told: Told) -> None:
    client = signed_in(told.base.organiser)
    for copy, name in (("organisers", "dossier-P-2AAAA.json"), ("person", "dossier-P-2AAAA-for-the-person.json")):
        page = _page(told, copy)
        assert "<title>Dossier P-2AAAA" in page
        assert "Őrségi" not in page
        assert "zoe@example.org" not in page
        response = export(client, f"{_address(told, copy)}.json")
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert "zoe" not in response.content.decode().lower()


def test_the_page_shows_what_the_file_holds(told: Told) -> None:
    page = _page(told, "organisers")
    for words in (
        "Reviewer 1",
        "7th by score",
        "Dora Deputy",
        "Staged decision undone",
        "5 = every week",
        "HiGHS 1.11",
    ):
        assert words in page
    assert "at least 8 (weight 2)" in page


def test_a_dossier_of_somebody_of_whom_little_is_known_can_be_read() -> None:
    base = story(reference="P-2CCCC")
    bare = Told(base, base.organiser)
    base.call.criteria.all().delete()
    for copy in ("organisers", "person"):
        assert "Nothing is decided." in _page(bare, copy)
        assert _file(bare, copy)["decision"] is None


def test_after_an_erasure_the_dossier_can_still_be_made(told: Told) -> None:
    told.base.applicant.identity.delete()
    assert _file(told, "organisers")["reference"] == "P-2AAAA"


def test_only_organisers_of_the_call_reach_it(told: Told) -> None:
    stranger = story(reference="P-2BBBB").organiser
    for copy in ("organisers/", "person/", "organisers.json", "person.json"):
        address = change_page(told.base.applicant).replace("change/", f"dossier/{copy}")
        assert Client().get(address).status_code == 302
        assert signed_in(told.base.reviewer).get(address).status_code == 403
        assert signed_in(stranger).get(address).status_code == 404
        assert signed_in(told.base.organiser).get(address).status_code == 200
    assert signed_in(told.base.organiser).get(f"{_address(told, 'everybody')}/").status_code == 404


def test_a_redacted_passage_is_not_told_in_the_history(told: Told) -> None:
    answer = told.base.applicant.answers.get(question=told.base.motivation)
    Redaction.objects.create(answer=answer, passage="my work", redacted_at=NOW, redacted_by=told.base.organiser)
    assert _file(told, "organisers")["answers"][0]["answer"] == "Because of my work"


def test_the_number_of_queries_is_the_same_for_much_and_little(told: Told, django_assert_num_queries: Any) -> None:
    one = Registration.objects.select_related("call__event").get(pk=told.base.applicant.pk)
    for _ in range(2):
        with django_assert_num_queries(13):
            dossiers.of_registration(one, now=NOW, subject_of=catalogue.subject)
        for _ in range(3):
            ReviewFactory(registration=one).scores.create(criterion=told.base.criterion, value=2)
            ProposalLineFactory(registration=one)
            OutgoingMailFactory(registration=one)
            _trace(one, Act.CHECK, by=UserFactory())


def test_a_conflict_of_interest_tells_the_person_nothing_of_the_reviewer(told: Told) -> None:
    one = told.base.applicant
    recused = one.reviews.get(has_conflict=True)
    Review.objects.filter(pk=recused.pk).update(comment="He is my former boss")
    _trace(one, Act.DECLARE_CONFLICT, by=recused.reviewer)
    _trace(one, Act.READ_ANYWAY, by=told.base.reviewer)

    organisers, person = _file(told, "organisers"), _file(told, "person")

    assert organisers["reviews"][1]["comment"] == "He is my former boss"
    assert [review["comment"] for review in person["reviews"]] == ["Fits.", ""]
    assert [step["by"] for step in organisers["history"][-2:]] == ["Reviewer 2", "Reviewer 1"]
    assert [step["by"] for step in person["history"][-2:]] == ["A reviewer", "A reviewer"]


def test_who_read_in_spite_of_a_warning_and_said_nothing_has_a_number_too(told: Told) -> None:
    reader = UserFactory(name="Rosa Reader")
    _trace(told.base.applicant, Act.READ_ANYWAY, by=reader)
    dossier = _file(told, "organisers")
    assert dossier["history"][-1]["by"] == "Reviewer 3"
    assert [review["by"] for review in dossier["reviews"]] == ["Reviewer 1", "Reviewer 2"]
    assert "Rosa" not in json.dumps(dossier) + _page(told, "organisers")


def test_addresses_in_texts_of_the_staff_are_left_out_for_the_person(told: Told) -> None:
    words = "Ask ann@clinic.lv, +371 2912 3456."
    sealed.rewrite(Check.objects.all(), note=words)
    assert _file(told, "organisers")["checks"][0]["note"] == words
    assert _file(told, "person")["checks"][0]["note"] == "Ask (mail address), (telephone number)."


def test_whoever_hands_the_copy_over_is_told_to_read_it_first(told: Told) -> None:
    words = "Read the free texts before you hand this over: they may name others."
    assert words in _page(told, "person")
    assert words not in _page(told, "organisers")


def test_whoever_writes_a_note_is_told_who_may_read_it(told: Told) -> None:
    page = signed_in(told.base.organiser).get(change_page(told.base.applicant)).content.decode()
    assert "The person may read it on request. No names, places or details of a case." in page
    assert "For staff only" not in page
