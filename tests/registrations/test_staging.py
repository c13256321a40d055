"""What is kept with a staged decision: the reason that can be counted, and whether a proposal said otherwise."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations import policies
from registrations.enums import Act, Outcome, ProposedAs, ReasonCode, State
from registrations.models import Decision, Registration, Transition
from registrations.services import selection
from tests.factories import NOW, CallFactory, ProposalFactory, ProposalLineFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


def stage(*people, outcome=Outcome.SELECT, code=ReasonCode.SCORE, reason="", by=None):
    by = by or UserFactory()
    return selection.stage(registrations=people, outcome=outcome, code=code, reason=reason, by=by, now=NOW)


def applicant(call, **traits):
    return RegistrationFactory(call=call, submitted=True, **traits)


@pytest.fixture
def call():
    return CallFactory(selective=True)


def proposed(call, person, said=ProposedAs.SELECTED, rank=1):
    proposal = call.proposals.first() or ProposalFactory(call=call)
    return ProposalLineFactory(proposal=proposal, registration=person, proposed_as=said, rank=rank)


def test_a_reason_that_can_be_counted_needs_no_words(call):
    person = applicant(call)
    stage(person, code=ReasonCode.BALANCE)
    decision = Decision.objects.get()
    assert (decision.reason_code, decision.reason, decision.is_deviation) == (ReasonCode.BALANCE, "", False)
    assert Transition.objects.get(act=Act.STAGE).reason == "Select: For the balance of the group"


def test_another_reason_says_nothing_without_words(call):
    person = applicant(call)
    with pytest.raises(selection.NotStageable, match="Please give a reason"):
        stage(person, code=ReasonCode.OTHER, reason="  ")
    assert not Decision.objects.exists()
    stage(person, code=ReasonCode.OTHER, reason="Speaks the language of the host.")
    assert Transition.objects.get(act=Act.STAGE).reason == "Select: Speaks the language of the host."


@pytest.mark.parametrize(
    ("said", "outcome", "deviates"),
    [
        (ProposedAs.SELECTED, Outcome.SELECT, False),
        (ProposedAs.RESERVE, Outcome.RESERVE, False),
        (ProposedAs.NOT_PROPOSED, Outcome.DECLINE, False),
        (ProposedAs.SELECTED, Outcome.RESERVE, True),
        (ProposedAs.SELECTED, Outcome.DECLINE, True),
        (ProposedAs.NOT_PROPOSED, Outcome.SELECT, True),
        (None, Outcome.SELECT, False),
    ],
)
def test_a_decision_deviates_where_the_proposal_said_otherwise(said, outcome, deviates):
    assert policies.is_deviation(outcome, said) is deviates


def test_the_newest_proposal_and_a_deviation_from_it_are_kept_with_the_decision(call):
    person, same = applicant(call), applicant(call)
    proposed(call, person, ProposedAs.NOT_PROPOSED, rank=None)
    proposed(call, same)
    stage(person, same, code=ReasonCode.NEEDED)
    kept = {d.registration_id: (d.proposal_id, d.is_deviation) for d in Decision.objects.all()}
    newest = call.proposals.get().pk
    assert kept == {person.pk: (newest, True), same.pk: (newest, False)}


def test_an_older_proposal_is_deviated_from_no_more(call):
    person = applicant(call)
    proposed(call, person, ProposedAs.NOT_PROPOSED, rank=None)
    newer = ProposalFactory(call=call, made_at=NOW)
    ProposalLineFactory(proposal=newer, registration=person)
    stage(person, code=ReasonCode.PROPOSED)
    assert not Decision.objects.get().is_deviation


def test_as_proposed_is_no_reason_for_what_was_not_proposed_and_the_refusal_names_whom(call):
    other, person = applicant(call, reference="P-OTHER"), applicant(call)
    proposed(call, person)
    proposed(call, other, ProposedAs.RESERVE)
    with pytest.raises(selection.NotStageable, match="does not say “Select” about P-OTHER"):
        stage(person, other, code=ReasonCode.PROPOSED)
    assert not Decision.objects.exists()
    assert stage(person, code=ReasonCode.PROPOSED) == 1


def test_without_a_proposal_nothing_is_as_proposed(call):
    with pytest.raises(selection.NotStageable, match="P-ALONE"):
        stage(applicant(call, reference="P-ALONE"), code=ReasonCode.PROPOSED)


def test_undo_brings_back_that_nothing_is_staged(call):
    person = applicant(call)
    stage(person, outcome=Outcome.RESERVE)
    selection.unstage(registrations=[person], by=UserFactory(), now=NOW)
    assert not Decision.objects.exists()
    assert Registration.objects.get(pk=person.pk).state == State.SUBMITTED


def test_many_are_staged_by_as_many_statements_as_few(call):
    by = UserFactory()
    few, many = ([applicant(call) for _ in range(number)] for number in (2, 30))
    counted = []
    for people in (few, many):
        with CaptureQueriesContext(connection) as statements:
            stage(*people, outcome=Outcome.RESERVE, by=by)
        counted.append(len(statements))
    assert counted[0] == counted[1]
    assert list(Decision.objects.order_by("rank").values_list("rank", flat=True)) == list(range(1, 33))


def whole_proposal(call):
    first, second, waiting, other = (applicant(call) for _ in range(4))
    proposed(call, second, rank=2)
    proposed(call, first, rank=1)
    proposed(call, waiting, ProposedAs.RESERVE)
    proposed(call, other, ProposedAs.NOT_PROPOSED, rank=None)
    return first, second, waiting, other


def test_a_proposal_is_staged_wholly_with_its_reserves_in_order(call):
    first, second, waiting, other = whole_proposal(call)
    later = applicant(call)
    proposed(call, later, ProposedAs.RESERVE, rank=2)

    staged = selection.stage_proposal(proposal=call.proposals.get(), with_others=False, by=UserFactory(), now=NOW)

    assert staged == {Outcome.SELECT: 2, Outcome.RESERVE: 2}
    kept = {d.registration_id: (d.outcome, d.rank, d.reason_code) for d in Decision.objects.all()}
    assert kept == {
        first.pk: (Outcome.SELECT, None, ReasonCode.PROPOSED),
        second.pk: (Outcome.SELECT, None, ReasonCode.PROPOSED),
        waiting.pk: (Outcome.RESERVE, 1, ReasonCode.PROPOSED),
        later.pk: (Outcome.RESERVE, 2, ReasonCode.PROPOSED),
    }
    assert not Decision.objects.filter(registration=other).exists()


def test_everyone_else_is_staged_only_when_asked_for(call):
    *_, other = whole_proposal(call)
    selection.stage_proposal(proposal=call.proposals.get(), with_others=True, by=UserFactory(), now=NOW)
    assert Decision.objects.get(registration=other).outcome == Outcome.DECLINE


def test_who_gave_up_since_is_left_out(call):
    first, *_ = whole_proposal(call)
    Registration.objects.filter(pk=first.pk).update(state=State.WITHDRAWN)
    staged = selection.stage_proposal(proposal=call.proposals.get(), with_others=False, by=UserFactory(), now=NOW)
    assert staged[Outcome.SELECT] == 1


def test_what_an_earlier_proposal_said_is_undone_and_what_a_person_said_stays(call):
    _, second, waiting, other = whole_proposal(call)
    by = UserFactory()
    selection.stage_proposal(proposal=call.proposals.get(), with_others=False, by=by, now=NOW)
    selection.stage(registrations=[other], outcome=Outcome.RESERVE, code=ReasonCode.NEEDED, reason="", by=by, now=NOW)
    newer = ProposalFactory(call=call, made_at=NOW)
    ProposalLineFactory(registration=second, proposal=newer, proposed_as=ProposedAs.RESERVE)

    selection.stage_proposal(proposal=newer, with_others=False, by=by, now=NOW)

    assert {d.registration_id: d.outcome for d in Decision.objects.all()} == {
        second.pk: Outcome.RESERVE,
        other.pk: Outcome.RESERVE,
    }
    assert waiting.transitions.filter(act=Act.UNSTAGE).count() == 1


def test_only_the_newest_proposal_can_be_staged_wholly(call):
    whole_proposal(call)
    old = call.proposals.get()
    ProposalFactory(call=call, made_at=NOW)
    with pytest.raises(selection.NotStageable, match="newer proposal"):
        selection.stage_proposal(proposal=old, with_others=False, by=UserFactory(), now=NOW)
    assert not Decision.objects.exists()
