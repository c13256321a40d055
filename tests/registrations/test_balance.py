"""The balance of a group: who applied, is proposed and staged by each attribute, against what the rules want."""

import pytest

from registrations import balance
from registrations.attributes import attributes_of
from registrations.balance import Group
from registrations.enums import Outcome, ProposedAs, QuestionKind
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    DecisionFactory,
    ProposalLineFactory,
    QuestionFactory,
    RegistrationFactory,
    SelectionRuleFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return CallFactory(selective=True)


def applicant(call, **traits):
    return RegistrationFactory(call=call, submitted=True, **traits)


def parts(call):
    rules = list(call.selection_rules.all())
    attributes = balance.shown_attributes(attributes_of(call), rules)
    found = balance.parts(call, attributes=attributes, rules=rules, proposal=call.proposals.first())
    return {part.attribute.key: part for part in found}


def told(part):
    return {group.words: (group.applied, group.proposed, group.staged) for group in part.lines}


def test_each_country_is_counted_as_applied_proposed_and_staged(call):
    for _ in range(2):
        applicant(call, country="FR")
    ProposalLineFactory(registration=applicant(call, country="LV"))
    DecisionFactory(registration=applicant(call, country="LV"))
    DecisionFactory(registration=applicant(call, country="FR"), outcome=Outcome.DECLINE)
    assert told(parts(call)["country"]) == {"France": (3, 0, 0), "Latvia": (2, 1, 1)}


def test_who_holds_a_place_already_counts_with_the_staged_and_who_gave_up_nowhere(call):
    RegistrationFactory(call=call, confirmed=True, country="LV")
    RegistrationFactory(call=call, withdrawn=True, country="LV")
    RegistrationFactory(call=call, unproven=True, country="LV")
    assert told(parts(call)["country"]) == {"Latvia": (1, 0, 1)}


def test_reserves_of_a_proposal_are_not_proposed(call):
    ProposalLineFactory(registration=applicant(call), proposed_as=ProposedAs.RESERVE)
    assert told(parts(call)["country"]) == {"Latvia": (1, 0, 0)}


def test_first_timers_are_those_whom_no_other_call_saw(call):
    elsewhere = CallFactory(selective=True)
    email = "again@example.org"
    RegistrationFactory(call=elsewhere, state="attended", identity__email=email)
    applicant(call, identity__email=email)
    applicant(call)
    DecisionFactory(registration=applicant(call))
    assert told(parts(call)["first_time"]) == {"First time": (2, 0, 1), "Was there before": (1, 0, 0)}


def test_one_organisation_written_in_two_ways_is_one_and_stands_in_no_address(call):
    applicant(call, identity__organisation="Example Clinic")
    applicant(call, identity__organisation=" example clinic ")
    part = parts(call)["organisation"]
    assert [(group.words, group.applied) for group in part.groups] == [("Example Clinic", 2)]
    assert "clinic" not in part.groups[0].key
    assert "clinic" not in part.groups[0].value


def test_answers_to_every_wording_of_a_question_count_together(call):
    choices = [["a", "Prisons"], ["b", "Health"]]
    old = QuestionFactory(
        call=call, key="working_group", kind=QuestionKind.SINGLE_CHOICE, choices=choices, retired_at=NOW
    )
    new = QuestionFactory(call=call, key="working_group", kind=QuestionKind.SINGLE_CHOICE, choices=choices, version=2)
    AnswerFactory(registration=applicant(call), question=old, value="Prisons")
    AnswerFactory(registration=applicant(call), question=new, value="Prisons")
    applicant(call)
    DecisionFactory(registration=AnswerFactory(registration=applicant(call), question=new, value="Health").registration)
    found = told(parts(call)["q-working_group"])
    assert found == {"Prisons": (2, 0, 0), "Health": (1, 0, 1), "Not said": (1, 0, 0)}


def test_a_question_is_shown_only_where_a_rule_names_it_or_everybody_wants_it(call):
    QuestionFactory(call=call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=[["a", "A"]])
    assert "q-sector" not in parts(call)
    SelectionRuleFactory(call=call, attribute="q-sector", value="A", minimum=1, maximum=None)
    assert [group.words for group in parts(call)["q-sector"].groups] == ["A"]


def test_rules_for_each_value_and_for_one_hold_together(call):
    applicant(call, country="FR")
    applicant(call, country="LV")
    SelectionRuleFactory(call=call, maximum=3)
    SelectionRuleFactory(call=call, value="FR", minimum=2, maximum=2)
    SelectionRuleFactory(call=call, value="DE", minimum=1, maximum=None)
    targets = {group.words: (group.minimum, group.maximum) for group in parts(call)["country"].groups}
    assert targets == {"France": (2, 2), "Latvia": (None, 3), "Germany": (1, 3)}


@pytest.mark.parametrize(
    ("staged", "minimum", "maximum", "target", "verdict"),
    [
        (1, 3, None, "min 3", "2 too few"),
        (3, 3, None, "min 3", ""),
        (4, None, 3, "max 3", "1 too many"),
        (3, None, 3, "max 3", ""),
        (0, 2, 4, "2 to 4", "2 too few"),
        (5, 2, 2, "2", "3 too many"),
        (5, None, None, "", ""),
    ],
)
def test_a_target_and_how_far_off_it_is_are_said_in_words(staged, minimum, maximum, target, verdict):
    group = Group("country", "FR", "France", staged=staged, minimum=minimum, maximum=maximum)
    assert (group.target, group.verdict) == (target, verdict)


def test_small_organisations_are_counted_together_except_where_a_rule_is_broken(call):
    for number in range(12):
        people = [applicant(call, identity__organisation=f"House {number:02}") for _ in range(1 if number > 9 else 2)]
    SelectionRuleFactory(call=call, attribute="organisation", maximum=1)
    part = parts(call)["organisation"]
    assert (len(part.groups), part.others.words, part.others.applied) == (10, "2 others", 2)

    DecisionFactory(registration=people[0])
    DecisionFactory(registration=applicant(call, identity__organisation="House 11"))
    SelectionRuleFactory(call=call, attribute="organisation", value="house 10", maximum=1)
    shown = {group.words for group in parts(call)["organisation"].groups}
    assert {"House 10"} <= shown


def test_each_attribute_is_found_by_the_same_three_queries(call, django_assert_num_queries):
    attributes = balance.shown_attributes(attributes_of(call), [])
    for number in (1, 3):
        for _ in range(number):
            applicant(call)
        with django_assert_num_queries(3):
            balance.parts(call, attributes=attributes, rules=[], proposal=None)


def test_the_line_of_all_others_says_that_each_keeps_to_the_rules(call):
    SelectionRuleFactory(call=call, attribute="country", maximum=3)
    for country in ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR"):
        applicant(call, country=country)
    part = parts(call)["country"]
    assert (part.others.words, part.others.target, part.others.is_off) == ("2 others", "each within", False)
    assert parts(call)["profession"].others is None
