"""A proposal for a call: what is asked, what is stored, and that nobody's state moves."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Call
from registrations import proposal as solver
from registrations.enums import CheckResult, PinDirection, ProposedAs, QuestionKind, State
from registrations.models import Answer, Decision, Proposal, ProposalLine, Registration
from registrations.services import proposing
from tests.factories import (
    NOW,
    CallFactory,
    PinFactory,
    QuestionFactory,
    RegistrationFactory,
    SelectionRuleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    made: Call = CallFactory.create(selective=True, capacity=2)
    return made


def applicant(call: Call, score: float | None = 50, **fields: Any) -> Registration:
    made: Registration = RegistrationFactory.create(call=call, submitted=True, score=score, **fields)
    return made


def asked_of(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(proposing.input_of(call, seed=7).document)
    return found


def proposed(call: Call, seed: int = 7) -> dict[str, tuple[str, int | None, str]]:
    made = proposing.propose(call=call, by=None, now=NOW, seed=seed)
    lines = made.lines.select_related("registration")
    return {line.registration.reference: (line.proposed_as, line.rank, line.reason) for line in lines}


def test_a_proposal_is_stored_with_a_line_for_each_applicant_and_moves_nobody(call: Call) -> None:
    first, second, third = (applicant(call, score) for score in (90, 80.456, 70))

    assert proposed(call) == {
        first.reference: (ProposedAs.SELECTED, 1, "1st by score"),
        second.reference: (ProposedAs.SELECTED, 2, "2nd by score"),
        third.reference: (
            ProposedAs.RESERVE,
            1,
            "1st on the reserve list, 3rd by score: all 2 places taken by higher scores",
        ),
    }
    assert set(call.registrations.values_list("state", flat=True)) == {State.SUBMITTED}
    assert not Decision.objects.exists()


def test_the_receipt_says_all_but_people(call: Call) -> None:
    applicant(call, 90.004, country="FR")
    SelectionRuleFactory.create(call=call, attribute="country", value="FR", minimum=2, maximum=None, weight=3)
    by = UserFactory.create()
    made = proposing.propose(call=call, by=by, now=NOW, seed=7)

    receipt = made.receipt
    assert (made.made_by, made.made_at, made.seed) == (by, NOW, 7)
    assert made.input_sha256 == proposing.input_of(call, seed=7).sha256 == receipt["input_sha256"]
    assert made.rules_version == receipt["rules_version"]
    assert receipt["objective"] == {"shortfall": 3, "places": 1, "score": 90}
    assert receipt["unmet"] == [{"attribute": "country", "value": "FR", "min": 2, "got": 1}]
    assert receipt["contradictions"] == [["at least 2 for France (only 1 applied)"]]
    assert (receipt["optimal"], receipt["gap"], receipt["solver"]) == (True, 0, "HiGHS 1.15.1")
    assert call.registrations.get().reference not in json.dumps(receipt)


def test_the_same_seed_gives_the_same_lines_and_none_draws_one(call: Call) -> None:
    for _ in range(6):
        applicant(call)
    seeds = {proposing.propose(call=call, by=None, now=NOW).seed for _ in range(3)}

    assert proposed(call) == proposed(call)
    assert len(seeds) == 3
    assert len({tuple(sorted(proposed(call, seed).items())) for seed in seeds | {1, 2, 3}}) > 1


def test_undecided_people_who_count_are_asked_about_and_holders_of_places_only_counted(call: Call) -> None:
    counted = applicant(call)
    applicant(call, is_counted=False)
    holder, *_ = (
        RegistrationFactory.create(call=call, state=state)
        for state in (State.CONFIRMED, State.WITHDRAWN, State.DECLINED)
    )
    call.refresh_from_db()
    asked = asked_of(call)

    assert {one["id"]: one["pin"] for one in asked["applicants"]} == {counted.reference: None, holder.reference: "in"}
    assert (asked["capacity"], asked["reserves"]) == (2, 1)
    assert proposing.input_of(call, seed=7).pks == {counted.reference: counted.pk}


def test_attributes_of_rules_are_asked_and_no_others(call: Call) -> None:
    question = QuestionFactory.create(call=call, key="level", kind=QuestionKind.SINGLE_CHOICE, choices=[["a", "Old"]])
    one = applicant(call, country="FR", profession="police", identity__organisation=" Prison of Nowhere ")
    Answer.objects.create(registration=one, question=question, value="a", text="Old", changed_at=NOW)
    for attribute, value in (("country", "*"), ("first_time", "true"), ("q-level", "Old"), ("q-gone", "*")):
        SelectionRuleFactory.create(call=call, attribute=attribute, value=value)
    asked = asked_of(call)

    assert asked["applicants"] == [
        {"id": one.reference, "score": 50, "pin": None, "country": "FR", "first_time": True, "q-level": "Old"}
    ]
    assert [(rule["attribute"], rule["value"]) for rule in asked["rules"]] == [
        ("country", "*"),
        ("first_time", True),
        ("q-level", "Old"),
        ("q-gone", "*"),
    ]


def test_no_organisation_is_spelled_in_input_receipt_or_reasons(call: Call) -> None:
    for score in (9, 8, 7):
        applicant(call, score, identity__organisation="Prison of Nowhere")
    other = applicant(call, 1, identity__organisation="")
    SelectionRuleFactory.create(call=call, attribute="organisation", value="*", maximum=1)
    SelectionRuleFactory.create(call=call, attribute="organisation", value=" PRISON of nowhere", minimum=2)
    made = proposing.propose(call=call, by=None, now=NOW, seed=7)
    document = proposing.input_of(call, seed=7).document.decode()
    lines = list(made.lines.order_by("pk").values_list("reason", flat=True))

    assert "nowhere" not in (document + json.dumps(made.receipt) + "".join(lines)).lower()
    assert "not proposed: 1 of 1 place for one organisation taken by a higher score" in lines
    assert made.receipt["unmet"][0]["got"] == 1
    assert made.lines.get(registration=other).proposed_as == ProposedAs.SELECTED


def test_words_of_the_portal_stand_in_the_reasons(call: Call) -> None:
    call.capacity = call.places_limit = 1
    call.save()
    needed, left = applicant(call, 1, profession="police"), applicant(call, 9, profession="health")
    SelectionRuleFactory.create(call=call, attribute="profession", value="police", minimum=1, maximum=None)

    said = proposed(call)
    assert said[needed.reference][2] == "2nd by score; needed for at least 1 for Police"
    assert said[left.reference][2].endswith("the only place taken: 1 with lower score needed for at least 1 for Police")


def test_pins_hold_and_a_refused_check_stands_above_them(call: Call) -> None:
    inside, outside, refused, best = (applicant(call, score) for score in (1, 90, 80, 70))
    PinFactory.create(registration=inside)
    PinFactory.create(registration=outside, direction=PinDirection.OUT)
    PinFactory.create(registration=refused)
    Registration.objects.filter(pk=refused.pk).update(
        check_result=CheckResult.REFUSED, checked_at=NOW, checked_by=UserFactory.create()
    )

    said = proposed(call)
    assert said[inside.reference][2] == "pinned in; 4th by score"
    assert said[outside.reference][2] == "not proposed: pinned out"
    assert said[refused.reference][2] == "not proposed: the check says “Refused”"
    assert said[best.reference][0] == ProposedAs.SELECTED


def test_who_has_no_score_counts_as_nought_and_is_told_so(call: Call) -> None:
    nobody = applicant(call, None)
    made = proposing.propose(call=call, by=None, now=NOW, seed=7)

    assert made.lines.get(registration=nobody).reason == "1st by score; not scored yet, so counted as 0"
    assert made.receipt["not_scored"] == 1


def test_pins_that_contradict_are_refused_and_nothing_is_stored(call: Call) -> None:
    pinned = [PinFactory.create(registration=applicant(call)).registration.reference for _ in range(3)]

    with pytest.raises(solver.PinsContradict) as refused:
        proposing.propose(call=call, by=None, now=NOW, seed=7)

    assert all(reference in str(refused.value) for reference in pinned)
    assert not Proposal.objects.exists()


def test_nothing_is_stored_if_a_line_cannot_be(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    applicant(call)

    def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(ProposalLine.objects, "bulk_create", fail)

    with pytest.raises(RuntimeError):
        proposing.propose(call=call, by=None, now=NOW)

    assert not Proposal.objects.exists()


@pytest.mark.parametrize(("limit", "people"), [(None, 1), (5, 0)])
def test_where_there_is_nothing_to_choose_that_is_said(call: Call, limit: int | None, people: int) -> None:
    Call.objects.filter(pk=call.pk).update(capacity=limit, places_limit=limit)
    call.refresh_from_db()
    for _ in range(people):
        applicant(call)

    with pytest.raises(proposing.NothingToPropose, match="nothing to choose"):
        proposing.propose(call=call, by=None, now=NOW)


def test_a_proposal_tells_whether_anything_changed_since(call: Call) -> None:
    one = applicant(call)
    made = proposing.propose(call=call, by=None, now=NOW)
    seen = [proposing.same_input(made)]
    Registration.objects.filter(pk=one.pk).update(score=51)
    seen.append(proposing.same_input(made))
    Registration.objects.filter(pk=one.pk).update(score=50)
    seen.append(proposing.same_input(made))
    rule = SelectionRuleFactory.create(call=call)
    seen.append(proposing.same_input(made))
    rule.delete()
    PinFactory.create(registration=one)
    seen.append(proposing.same_input(made))
    Registration.objects.filter(pk=one.pk).update(state=State.WITHDRAWN)
    seen.append(proposing.same_input(made))

    assert seen == [True, False, True, False, False, False]


def test_the_written_input_gives_the_same_result_again(call: Call) -> None:
    for score in (9, 8, 8, 8, None):
        applicant(call, score)
    SelectionRuleFactory.create(call=call)
    made = proposing.propose(call=call, by=None, now=NOW)
    again = solver.propose(solver.parse(proposing.input_of(call, seed=made.seed).document)).as_json()
    stored = proposing.as_json(made)

    assert {key: stored[key] for key in again if key != "reasons"} == {k: v for k, v in again.items() if k != "reasons"}
    assert set(stored["reasons"]) == set(again["reasons"])


def test_the_number_of_queries_does_not_grow_with_the_applicants(call: Call) -> None:
    SelectionRuleFactory.create(call=call)
    counted = []
    for _ in range(2):
        applicant(call, country="FR")
        with CaptureQueriesContext(connection) as queries:
            proposing.propose(call=call, by=None, now=NOW, seed=7)
        counted.append(len(queries))

    assert counted == [7, 7]


def test_rules_bound_the_whole_group_with_those_who_hold_a_place_already(call: Call) -> None:
    Call.objects.filter(pk=call.pk).update(capacity=3, places_limit=3)
    call.refresh_from_db()
    RegistrationFactory.create(call=call, confirmed=True, country="FR", score=10)
    french, latvian = applicant(call, 90, country="FR"), applicant(call, 50, country="LV")
    SelectionRuleFactory.create(call=call, attribute="country", maximum=1)

    found = proposed(call)

    assert {name: kind for name, (kind, _, _) in found.items()} == {
        french.reference: ProposedAs.NOT_PROPOSED,
        latvian.reference: ProposedAs.SELECTED,
    }
    assert found[latvian.reference][1:] == (1, "2nd by score")
    assert found[french.reference][2] == "not proposed: 1 of 1 place for France taken: 1 pinned in"
    assert Proposal.objects.get().receipt["holding"] == 1


def test_who_holds_a_place_takes_one(call: Call) -> None:
    RegistrationFactory.create(call=call, confirmed=True)
    best, next_best = applicant(call, 90), applicant(call, 80)

    found = proposed(call)

    assert [found[one.reference][0] for one in (best, next_best)] == [ProposedAs.SELECTED, ProposedAs.RESERVE]
    assert len(found) == 2


def test_nobody_is_proposed_where_all_are_decided(call: Call) -> None:
    RegistrationFactory.create(call=call, confirmed=True)

    with pytest.raises(proposing.NothingToPropose):
        proposing.propose(call=call, by=None, now=NOW)
