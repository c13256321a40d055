"""The list is the best one: every list of small questions is looked at, and large ones are told apart by proofs."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import highspy
import pytest

from registrations import proposal
from registrations.proposal import exact, model, programs, solver
from registrations.proposal.programs import Program, Row
from tests.registrations.proposal.instances import SCALE, Document, Lists, document, encoded

INSTANCES = 300


def proposed(asked: Document) -> proposal.Proposed:
    return proposal.propose(proposal.parse(encoded(asked)))


def disagreements(seeds: Sequence[int]) -> list[Any]:
    """What differs from the best by looking at every list: pins that contradict, the list, its worth, its reserves."""
    found = []
    for seed in seeds:
        lists = Lists(document(seed))
        best = lists.best()
        try:
            told = proposed(lists.asked)
        except proposal.PinsContradict:
            found += [seed] if best is not None else []
            continue
        if best is None:
            found.append((seed, "should be refused"))
            continue
        shortfall, places, score, lots = lists.worth(best)
        worth = (-told.shortfall, told.places, told.score * SCALE, told.lottery)
        same = worth == (shortfall, places, score, lots) and set(told.selected) == lists.ids(best)
        if not same or not told.is_optimal or list(told.reserve) != list(lists.reserves(best)):
            found.append((seed, worth, (shortfall, places, score, lots)))
    return found


def test_300_random_questions_agree_with_looking_at_every_list() -> None:
    assert disagreements(range(INSTANCES)) == []


def test_the_random_questions_have_everything_in_them() -> None:
    asked = [document(seed) for seed in range(INSTANCES)]
    applicants = [applicant for one in asked for applicant in one["applicants"]]
    told = [lists.worth(best) for lists in map(Lists, asked) if (best := lists.best()) is not None]

    assert max(len(one["applicants"]) for one in asked) == 14
    assert {a["pin"] for a in applicants} == {None, "in", "out"}
    assert min(a["score"] for a in applicants) < 0
    assert sum(shortfall < 0 for shortfall, *_ in told) > 50
    assert len(told) < INSTANCES, "some pins contradict"


def test_a_lottery_that_does_not_draw_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "lot", lambda seed, name: 1)

    assert len(disagreements(range(60))) > 10


def test_a_maximum_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_maxima(*args: Any) -> Program:
        whole = model.program_of(*args)
        return Program(whole.uppers, tuple(row for n, row in enumerate(whole.rows) if n == 0 or row.upper is None))

    monkeypatch.setattr(solver, "program_of", without_maxima)

    with pytest.raises(solver.SolverFailed):
        disagreements(range(60))


def test_a_proof_that_leaves_out_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_FEW", 1)
    monkeypatch.setattr(exact.Priced, "reaching", lambda priced, worth: [])

    assert len(disagreements(range(60))) > 5


def test_few_columns_at_first_lead_to_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_FEW", 1)

    assert disagreements(range(100)) == []


def test_small_digits_lead_to_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_BASE", 64)

    assert disagreements(range(60)) == []


def test_the_order_of_applicants_rules_and_lists_means_nothing() -> None:
    for seed in range(60):
        asked, drawn = document(seed), random.Random(seed)
        if Lists(asked).best() is None:
            continue
        mixed = json.loads(json.dumps(asked))
        for part in (mixed["applicants"], mixed["rules"], *(a["languages"] for a in mixed["applicants"])):
            drawn.shuffle(part)
        first, second = proposed(asked).as_json(), proposed(mixed).as_json()
        assert first.pop("input_sha256") != second.pop("input_sha256") or asked == mixed
        assert second == first


def test_another_seed_draws_another_list_and_the_same_one_the_same() -> None:
    asked = {"capacity": 5, "applicants": [{"id": f"a{n}", "score": 3} for n in range(40)], "rules": []}
    lists = [proposed(asked | {"seed": seed}).selected for seed in (1, 2, 3, 1)]

    assert lists[0] == lists[3]
    assert len(set(lists)) == 3


def test_each_equal_is_drawn_about_as_often() -> None:
    asked = {"capacity": 3, "applicants": [{"id": f"a{n}", "score": 1} for n in range(6)], "rules": []}
    drawn = [name for seed in range(100) for name in proposed(asked | {"seed": seed}).selected]

    assert all(30 <= drawn.count(f"a{n}") <= 70 for n in range(6))


def test_another_process_proposes_the_same() -> None:
    asked = encoded(document(4))
    program = "import sys; from registrations import proposal as p; "
    program += "print(p.propose(p.parse(sys.stdin.buffer.read())).as_json())"
    told = subprocess.run([sys.executable, "-c", program], input=asked, capture_output=True, check=True)

    assert told.stdout.decode().strip() == str(proposal.propose(proposal.parse(asked)).as_json())


def test_without_time_the_list_is_possible_and_says_how_far_from_the_best_it_may_be() -> None:
    unproven = 0
    for seed in range(80):
        lists = Lists(document(seed))
        best = lists.best()
        if best is None:
            continue
        told = proposal.propose(proposal.parse(encoded(lists.asked)), time_limit=0)
        found = lists.mask_of(list(told.selected))
        assert lists.is_possible(found)
        assert told.is_optimal == (told.gap == 0)
        assert found == best or not told.is_optimal
        unproven += not told.is_optimal

    assert unproven > 20


def test_scores_of_thirty_decimals_are_told_apart() -> None:
    finest = "0.000000000000000000000000000001"
    applicants = f'[{{"id": "a", "score": 7}}, {{"id": "b", "score": 7}}, {{"id": "c", "score": 7{finest[1:]}}}]'
    asked = f'{{"capacity": 1, "applicants": {applicants}}}'.encode()
    told = proposal.propose(proposal.parse(asked))

    assert told.selected == ("c",)
    assert told.score == 7 + Fraction(1, 10**30)
    assert told.is_optimal


def test_more_columns_are_tried_until_the_proof_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_FEW", 1)
    # In fractions half of each is best; in whole numbers only one of three fits.
    program = Program((1, 1, 1), (Row((0, 1), upper=1), Row((1, 2), upper=1), Row((0, 2), upper=1)))
    found = exact.maximise(program, [5, 6, 7], (0, 0, 0), until=float("inf"))

    assert (found.values, found.worth, found.bound) == ((0, 0, 1), 7, 7)


def test_rules_have_one_version_however_they_are_stated() -> None:
    rules = [{"attribute": "c", "value": "*", "max": 3}, {"attribute": "p", "value": "x", "min": 1, "weight": 1.0}]
    asked: Document = {"capacity": 2, "reserves": 2, "applicants": [], "rules": rules}
    same = asked | {"rules": [rules[1] | {"weight": 1}, rules[0] | {"min": None}]}
    other = asked | {"rules": [rules[0] | {"max": 4}, rules[1]]}

    assert proposed(asked).rules_version == proposed(same).rules_version != proposed(other).rules_version


def test_a_solver_that_gives_up_is_asked_again_with_wider_tolerances(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    class Unsteady(highspy.Highs):
        def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802  (the solver's own word)
            tolerance = self.getOptionValue("mip_feasibility_tolerance")[1]
            asked.append(tolerance)
            return super().getModelStatus() if tolerance == 1e-6 else highspy.HighsModelStatus.kSolveError

    monkeypatch.setattr(highspy, "Highs", Unsteady)

    assert disagreements(range(10)) == []
    assert set(asked) == {1e-9, 1e-6}


@pytest.mark.parametrize("decimals", [0, 2])
def test_ten_thousand_applicants_need_few_columns_in_whole_numbers(
    decimals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[int] = []
    whole = programs.whole

    def counted(program: Program, costs: Sequence[int], columns: Sequence[int], **options: Any) -> programs.Whole:
        asked_for.append(len(columns))
        return whole(program, costs, columns, **options)

    monkeypatch.setattr(programs, "whole", counted)
    told = proposed(_crowd(decimals))

    assert (told.is_optimal, told.places, told.shortfall, len(told.reserve)) == (True, 35, 0, 20)
    assert len(told.reasons) == 10_000
    assert max(asked_for) < 1000


def _crowd(decimals: int) -> Document:
    """As many as ever apply, of 30 countries, 12 professions and 500 organisations, the first ones most of all."""
    drawn = random.Random(1)
    kinds = {"country": 30, "profession": 12, "organisation": 500}
    columns = {
        key: drawn.choices(range(many), [1 / (n + 1) for n in range(many)], k=10_000) for key, many in kinds.items()
    }
    applicants = [
        {
            "id": f"a{n}",
            "score": round(min(100, max(0, drawn.gauss(60, 15))), decimals),
            "first_time": drawn.random() < 0.7,
            **{key: f"{key[0]}{values[n]}" for key, values in columns.items()},
        }
        for n in range(10_000)
    ]
    rules = [
        {"attribute": "country", "value": "*", "max": 3},
        {"attribute": "organisation", "value": "*", "max": 1},
        {"attribute": "profession", "value": "*", "min": 2},
        {"attribute": "first_time", "value": True, "min": 15},
    ]
    return {"capacity": 35, "seed": 7, "reserves": 20, "applicants": applicants, "rules": rules}
