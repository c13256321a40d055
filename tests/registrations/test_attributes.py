"""What people are balanced by, as the database computes it and as people read it."""

import pytest

from registrations.attributes import attributes_of, with_values
from registrations.enums import Profession, QuestionKind, State
from registrations.models import Registration
from tests.factories import AnswerFactory, CallFactory, QuestionFactory, RegistrationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def values(call, key):
    attribute = next(one for one in attributes_of(call) if one.key == key)
    return list(with_values(call.registrations.order_by("pk"), attribute).values_list("attribute_value", flat=True))


def words(call, key, value):
    return next(one for one in attributes_of(call) if one.key == key).words(value)


def test_an_organisation_is_the_same_whatever_its_case_and_the_spaces_around_it():
    call = CallFactory(selective=True)
    for name in ("Prison of Jelgava", " prison of jelgava "):
        RegistrationFactory(call=call, submitted=True, identity__organisation=name)

    assert values(call, "organisation") == ["prison of jelgava"] * 2


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
