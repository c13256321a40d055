"""What people are balanced by, as the database computes it and as people read it."""

import pytest

from registrations import balance
from registrations.attributes import attributes_of, with_values
from registrations.enums import Profession, QuestionKind, State
from registrations.models import Registration, SelectionRule
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    QuestionFactory,
    RegistrationFactory,
    SelectionRuleFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def values(call, key):
    attribute = next(one for one in attributes_of(call) if one.key == key)
    return list(with_values(call.registrations.order_by("pk"), attribute).values_list("attribute_value", flat=True))


def words(call, key, value):
    return next(one for one in attributes_of(call) if one.key == key).words(value)


def test_an_organisation_is_the_same_whatever_its_case_and_the_spaces_around_it():
    call = CallFactory(selective=True)
    for name in ("Prison of Jelgava", " prison of jelgava ", "The Prison of Riga"):
        RegistrationFactory(call=call, submitted=True, identity__organisation=name)

    first, second, third = values(call, "organisation")
    assert first == second != third
    assert "jelgava" not in first


def test_an_organisation_of_two_calls_is_not_the_same_for_the_database():
    name = "Prison of Jelgava"
    calls = [RegistrationFactory(submitted=True, identity__organisation=name).call for _ in range(2)]

    assert values(calls[0], "organisation") != values(calls[1], "organisation")


@pytest.mark.parametrize("name", ["I prefer to tell you by telephone", "i prefer to tell you by telephone.", " None "])
def test_who_names_no_organisation_is_nobodys_colleague(name):
    call = CallFactory(selective=True)
    RegistrationFactory(call=call, submitted=True, identity__organisation=name)

    assert values(call, "organisation") == [""]


def test_who_attended_another_event_by_the_same_address_is_no_first_timer():
    call = CallFactory(selective=True)
    before = RegistrationFactory(state=State.ATTENDED, identity__email="again@example.org")
    absent = RegistrationFactory(call=before.call, state=State.ABSENT, identity__email="never@example.org")
    for email in ("again@example.org", "never@example.org", "new@example.org"):
        RegistrationFactory(call=call, submitted=True, identity__email=email)

    assert absent.state == State.ABSENT
    assert values(call, "first_time") == [False, True, True]
    assert values(before.call, "first_time") == [True, True]


def test_an_answer_counts_by_its_words_and_none_by_nothing():
    call = CallFactory(selective=True)
    choices = [["police", "Police force"], ["other", "Something else"]]
    question = QuestionFactory(call=call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=choices)
    AnswerFactory(
        registration=RegistrationFactory(call=call, submitted=True),
        question=question,
        value="police",
        text="Police force",
    )
    RegistrationFactory(call=call, submitted=True)

    assert values(call, "q-sector") == ["Police force", ""]


def test_a_choice_is_one_group_whatever_its_words_and_rules_go_on_naming_it():
    call = CallFactory(selective=True)
    choices = [["police", "Police"], ["exit", "Exit work"]]
    older = QuestionFactory(
        call=call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=choices, retired_at=NOW, version=1
    )
    choices = [["guard", "Exit work"], ["police", "Police and border guard"], ["exit", "Leaving"]]
    newer = QuestionFactory(call=call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=choices, version=2)
    for question, value, text in (
        (older, "police", "Police"),
        (newer, "police", "Police and border guard"),
        (older, "exit", "Exit work"),
        (newer, "guard", "Exit work"),
    ):
        registration = RegistrationFactory(call=call, submitted=True)
        AnswerFactory(registration=registration, question=question, value=value, text=text)
    SelectionRuleFactory(call=call, attribute="q-sector", value="Police", minimum=4, maximum=None)

    assert values(call, "q-sector") == ["Police", "Police", "Exit work", "guard"]
    assert [words(call, "q-sector", value) for value in ("Police", "Exit work", "guard")] == [
        "Police and border guard",
        "Leaving",
        "Exit work",
    ]
    parts = balance.parts(
        call, attributes=attributes_of(call), rules=SelectionRule.objects.filter(call=call), proposal=None
    )
    (part,) = [part for part in parts if part.attribute.key == "q-sector"]
    assert {(group.words, group.applied, group.minimum) for group in part.groups} == {
        ("Police and border guard", 2, 4),
        ("Leaving", 1, None),
        ("Exit work", 1, None),
    }


def test_questions_with_open_answers_balance_nothing():
    call = CallFactory(selective=True)
    QuestionFactory(call=call, key="motivation", kind=QuestionKind.LONG_TEXT)

    assert [one.key for one in attributes_of(call)] == ["country", "profession", "organisation", "first_time"]


def test_values_are_told_in_words():
    call = CallFactory(selective=True)

    assert words(call, "country", "LV") == "Latvia"
    assert words(call, "profession", Profession.EXIT_WORK.value) == "Exit work"
    assert (words(call, "first_time", "true"), words(call, "first_time", False)) == ("First time", "Was there before")
    assert words(call, "organisation", "") == "Not said"
    assert Registration.objects.count() == 0
