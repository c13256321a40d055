"""Call files and the builder: who is asked, what scores mean, and that a file undoes nothing that staff did."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registrations import queries
from registrations.exports import Table
from registrations.models import Criterion, Question, Registration
from registrations.services import form_building
from tests.factories import AnswerFactory, RegistrationFactory, UserFactory
from tests.registrations.study_visit import STUDY_VISIT
from tests.registrations.test_import_writing import EARLIER_VISIT, NOW, history_counts, line_of, refusal, run

pytestmark = pytest.mark.django_db

ACCESS = '{key: access, kind: short_text, label: "What would help you?", sensitive: true, max_length: 200}'
FIT = '{key: fit, label: "Does exit work", weight: 2, max: 5}'
WHY = '{key: why, kind: long_text, label: "Why do you come?", max_words: 150, audience: reviewers, required: true}'
ASKED = STUDY_VISIT.replace(ACCESS, ACCESS[:-1] + ", asked_of: selected}").replace(
    FIT, FIT[:-1] + ', anchors: "5 = every week\\n0 = never"}'
)


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


def all_rows() -> list[object]:
    return [list(Question.objects.order_by("pk").values()), list(Criterion.objects.values()), history_counts()]


def values_of(question: Question, **changes: object) -> dict[str, object]:
    names = [*form_building.ASKING, "asked_of", "condition_question", "condition_value"]
    return {name: getattr(question, name) for name in names} | changes


def test_a_file_says_who_is_asked_and_what_scores_mean_and_a_second_time_changes_nothing(folder: Path) -> None:
    run(folder, ASKED, EARLIER_VISIT)
    assert Question.objects.get(key="access").asked_of == "selected"
    assert set(Question.objects.exclude(key="access").values_list("asked_of", flat=True)) == {"everyone"}
    assert Criterion.objects.get().anchors == "5 = every week\n0 = never"

    before = all_rows()
    assert not any(result.has_changed for result in run(folder, ASKED, EARLIER_VISIT))
    assert all_rows() == before


@pytest.mark.parametrize(
    ("part", "wrong", "words"),
    [
        (ACCESS, ACCESS[:-1] + ", asked_of: nobody}", "“nobody” is not a possible asked_of"),
        (ACCESS, ACCESS[:-1] + ", asked_by: everyone}", "has no key “asked_by”"),
        (ACCESS, ACCESS[:-1] + ", asked_of: selected, audience: reviewers}", "is not read by reviewers"),
        (
            ACCESS,
            ACCESS[:-1] + ", asked_of: selected, show_if: {question: stay, equals: yes}}",
            "the question “stay” is not asked of the same people",
        ),
        (FIT, FIT[:-1] + ', anchors: "6 = daily"}', "6 is above the highest score, 5."),
        (FIT, FIT[:-1] + ', anchors: "often"}', "is not of the form"),
    ],
)
def test_a_mistake_about_them_is_told_with_its_line(folder: Path, part: str, wrong: str, words: str) -> None:
    text = STUDY_VISIT.replace(part, wrong)
    told = refusal(folder, text, EARLIER_VISIT)
    assert words in told
    assert f":{line_of(text, wrong)}:" in told.replace(": ", ":") or f"line {line_of(text, wrong)}" in told
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(ACCESS[:-1] + ", asked_of: selected}", ACCESS),
        lambda text: text.replace("What would help you?", "What do you need?"),
    ],
)
def test_an_answered_question_is_asked_of_the_same_people_in_the_same_words(
    folder: Path, change: Callable[[str], str]
) -> None:
    run(folder, ASKED, EARLIER_VISIT)
    registration = RegistrationFactory(call=Question.objects.first().call)
    AnswerFactory(registration=registration, question=Question.objects.get(key="access"))
    before = all_rows()

    told = refusal(folder, change(ASKED), EARLIER_VISIT)

    assert "the question “access” has been answered and cannot change" in told
    assert all_rows() == before


def test_what_staff_reworded_after_answers_is_not_changed_back_once_it_is_answered(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    why, by = Question.objects.get(key="why"), UserFactory()
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=why)
    newer = form_building.reword(question=why, values=values_of(why, label="Why you?"), by=by, now=NOW)
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=newer)
    before = all_rows()

    assert "the question “why” has been answered and cannot change: label." in refusal(folder, STUDY_VISIT)
    assert all_rows() == before

    as_staff_wrote = STUDY_VISIT.replace("Why do you come?", "Why you?")
    assert not run(folder, as_staff_wrote, EARLIER_VISIT)[0].has_changed
    why.refresh_from_db()
    assert why.label == "Why do you come?"


def test_what_staff_reworded_is_not_changed_back_before_anybody_answered_the_new_words(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    why = Question.objects.get(key="why")
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=why)
    form_building.reword(question=why, values=values_of(why, label="Why you?"), by=UserFactory(), now=NOW)
    before = all_rows()

    assert "the question “why” has been answered and cannot change: label." in refusal(folder, STUDY_VISIT)
    assert all_rows() == before


def test_what_staff_added_and_ordered_stays_so_when_the_file_comes_again(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    call, by = Question.objects.first().call, UserFactory()
    added = {"key": "added", "kind": "short_text", "label": "Added by staff?"}
    form_building.add(call=call, values=added, by=by, now=NOW)
    keys = [question.key for question in queries.current_questions(call)]
    form_building.order(call=call, keys=["added", *keys[2:-1], *keys[:2]], by=by, now=NOW)
    before = all_rows()

    assert not run(folder, STUDY_VISIT, EARLIER_VISIT)[0].has_changed
    assert all_rows() == before

    new = '  questions:\n    - {key: first, kind: yes_no, label: "First?"}\n'
    run(folder, STUDY_VISIT.replace("  questions:\n", new), EARLIER_VISIT)
    assert [question.key for question in queries.current_questions(call)] == [
        "added",
        *keys[2:-1],
        *keys[:2],
        "first",
    ]


def test_a_file_takes_nothing_out_of_a_form_that_staff_changed(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    work, cases, by = Question.objects.get(key="work"), Question.objects.get(key="cases"), UserFactory()
    registration = RegistrationFactory(call=work.call)
    for question in (work, cases):
        AnswerFactory(registration=registration, question=question)
    form_building.reword(question=work, values=values_of(work, label="Your work now?"), by=by, now=NOW)
    form_building.retire(question=Question.objects.get(key="cases"), by=by, now=NOW)
    before = all_rows()

    lines = [line for line in STUDY_VISIT.splitlines() if "key: work" not in line and "key: cases" not in line]

    assert not run(folder, "\n".join(lines), EARLIER_VISIT)[0].has_changed
    assert all_rows() == before


def test_what_staff_ask_no_longer_is_not_brought_back_by_the_file(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    why = Question.objects.get(key="why")
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=why)
    form_building.retire(question=why, by=UserFactory(), now=NOW)
    before = all_rows()

    assert not run(folder, STUDY_VISIT, EARLIER_VISIT)[0].has_changed
    assert all_rows() == before
    assert "is asked no longer and cannot change" in refusal(folder, STUDY_VISIT.replace("Why do you come?", "Why?"))


def test_an_export_has_one_column_for_a_key_whatever_its_wordings(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    why = Question.objects.get(key="why")
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=why, value="Old", text="Old")
    newer = form_building.reword(question=why, values=values_of(why, label="Why you?"), by=UserFactory(), now=NOW)
    AnswerFactory(registration=RegistrationFactory(call=why.call), question=newer, value="New", text="New")

    table = Table(why.call, Registration.objects.filter(call=why.call))

    column = table.header().index("Why you?")
    assert "Why do you come?" not in table.header()
    assert [row[column] for row in table.rows()] == ["Old", "New"]
    assert [question.key for question in queries.columns_of(why.call)].count("why") == 1


def test_a_file_that_makes_a_question_wait_for_one_that_staff_ask_no_longer_is_refused(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    work, cases, by = Question.objects.get(key="work"), Question.objects.get(key="cases"), UserFactory()
    AnswerFactory(registration=RegistrationFactory(call=work.call), question=work)
    form_building.remove(question=cases, by=by, now=NOW)
    form_building.retire(question=work, by=by, now=NOW)
    before = all_rows()

    told = refusal(folder, STUDY_VISIT.replace("key: cases", "key: many_cases"))

    assert (
        "“How many cases?” is asked only if “Your work?” is “Prison”, but that question is not asked any more" in told
    )
    assert all_rows() == before
