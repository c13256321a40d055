"""The page of a call's proposals: made by a button, read with receipt and reasons, staged by another button."""

import pytest

from registrations.enums import Outcome, PinDirection, ProposedAs, State
from registrations.models import Decision, Proposal, Registration
from tests.factories import (
    NOW,
    CallFactory,
    DecisionFactory,
    PinFactory,
    ProposalFactory,
    ProposalLineFactory,
    RegistrationFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def page_of(told, query=""):
    return signed_in(told.organiser).get(f"{call_page(told.call, 'board/proposal/')}?{query}")


def propose(told, **data):
    return signed_in(told.organiser).post(call_page(told.call, "board/proposal/"), data, follow=True)


def stage(told, proposal, **data):
    address = call_page(told.call, "board/proposal/stage/")
    return signed_in(told.organiser).post(address, {"proposal": proposal.pk, **data}, follow=True)


def scored(call, score):
    person = application(call)
    Registration.objects.filter(pk=person.pk).update(score=score, review_count=1)
    return person


def test_before_any_proposal_the_page_says_so_and_a_look_makes_none():
    told = story()
    assert "No proposal yet." in page_of(told).content.decode()
    assert not Proposal.objects.exists()


def test_the_button_proposes_and_stages_nobody():
    told = story(capacity=1)
    best = scored(told.call, 90)
    page = propose(told, seed="7")
    proposal = Proposal.objects.get()
    assert (proposal.seed, proposal.made_by) == (7, told.organiser)
    assert [line.registration for line in page.context["selected"]] == [best]
    assert not Decision.objects.exists()
    text = page.content.decode()
    assert "Proven: no list is better" in text
    assert proposal.input_sha256 in text
    assert f"propose_selection {told.call.event.slug} --seed 7" in text


def test_each_person_has_a_reason():
    told = story(capacity=1)
    scored(told.call, 90)
    page = propose(told)
    lines = [*page.context["selected"], *page.context["reserve"], *page.context["others"]]
    assert len(lines) == 2
    for line in lines:
        assert line.reason
        assert line.reason in page.content.decode().replace("&#x27;", "'")


def test_a_minimum_that_nobody_can_meet_is_said_in_words():
    told = story(capacity=2)
    SelectionRuleFactory(call=told.call, attribute="profession", value="police", minimum=1, maximum=None)
    page = propose(told)
    assert page.context["unmet"] == ["Profession “Police”: 0 instead of at least 1"]


def test_pins_that_contradict_a_rule_are_refused_in_words():
    told = story(capacity=5)
    SelectionRuleFactory(call=told.call, value="LV", maximum=1)
    for person in (told.applicant, application(told.call)):
        PinFactory(registration=person, direction=PinDirection.IN)
    page = propose(told)
    assert page.status_code == 409
    assert "P-2AAAA" in page.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("seed", ["-1", "x", str(2**63)])
def test_a_seed_that_is_none_is_refused(seed):
    told = story()
    assert propose(told, seed=seed).status_code == 422
    assert not Proposal.objects.exists()


def test_the_page_says_when_something_has_changed_since():
    told = story(capacity=1)
    scored(told.call, 90)
    assert "Something has changed since" not in propose(told).content.decode()
    scored(told.call, 95)
    assert "Something has changed since" in page_of(told).content.decode()


def test_a_whole_proposal_is_staged_by_one_button():
    told = story(capacity=1)
    best = scored(told.call, 90)
    propose(told)
    page = stage(told, Proposal.objects.get())
    kept = set(Decision.objects.values_list("registration_id", "outcome"))
    assert kept == {(best.pk, Outcome.SELECT), (told.applicant.pk, Outcome.RESERVE)}
    assert "Staged as proposed: 1 select, 1 reserve list." in page.content.decode()


def test_what_is_staged_already_is_counted_without_those_who_gave_up():
    told = story()
    for state in (State.SUBMITTED, State.WITHDRAWN):
        DecisionFactory(registration=RegistrationFactory(call=told.call, state=state))
    assert page_of(told).context["decided"] == 1


def test_everyone_else_is_staged_only_with_the_tick():
    told = story()
    proposal = ProposalFactory(call=told.call)
    ProposalLineFactory(proposal=proposal, registration=told.applicant, proposed_as=ProposedAs.NOT_PROPOSED, rank=None)
    stage(told, proposal)
    assert not Decision.objects.exists()
    stage(told, proposal, others="1")
    assert Decision.objects.get().outcome == Outcome.DECLINE


def test_an_earlier_proposal_can_be_read_but_not_staged():
    told = story()
    old = ProposalLineFactory(registration=told.applicant, reason="The older words.").proposal
    ProposalFactory(call=told.call, made_at=NOW)
    page = page_of(told, f"proposal={old.pk}")
    text = page.content.decode()
    assert "The older words." in text
    assert "This is an earlier proposal." in text
    assert "Stage it wholly" not in text
    assert "newer proposal" in stage(told, old).content.decode()
    assert not Decision.objects.exists()


def test_a_proposal_of_another_call_is_not_shown_and_not_staged():
    told = story()
    other = ProposalLineFactory(reason="Of another call.").proposal
    assert "Of another call." not in page_of(told, f"proposal={other.pk}").content.decode()
    assert "There is no such proposal." in stage(told, other).content.decode()
    assert not Decision.objects.exists()


def test_who_gave_up_since_is_marked_on_the_list():
    told = story()
    ProposalLineFactory(registration=told.applicant)
    Registration.objects.update(state=State.WITHDRAWN)
    assert "Place given up" in page_of(told).content.decode()


def test_nobody_else_proposes_or_stages():
    told = story()
    for user in (told.reviewer, UserFactory()):
        client = signed_in(user)
        assert client.post(call_page(told.call, "board/proposal/")).status_code == 403
        assert client.post(call_page(told.call, "board/proposal/stage/")).status_code == 403
    open_call = CallFactory(organisers=[told.organiser])
    assert signed_in(told.organiser).post(call_page(open_call, "board/proposal/stage/")).status_code == 404
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_needs_as_many_queries_for_three_as_for_one(number, django_assert_num_queries):
    told = story()
    proposal = ProposalFactory(call=told.call)
    for person in [told.applicant, *(application(told.call) for _ in range(number - 1))]:
        ProposalLineFactory(proposal=proposal, registration=person)
    client, address = signed_in(told.organiser), call_page(told.call, "board/proposal/")
    client.get(address)
    with django_assert_num_queries(17):
        client.get(address)
