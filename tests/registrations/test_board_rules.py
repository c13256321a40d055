"""The rules that proposals of a call keep to: the page of their lines, and the service behind it."""

import pytest
from django.contrib.admin.models import LogEntry

from registrations.enums import QuestionKind
from registrations.models import SelectionRule
from registrations.services import rules
from registrations.services.rules import RuleLine
from tests.factories import NOW, CallFactory, QuestionFactory, SelectionRuleFactory, UserFactory
from tests.registrations.people_story import call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def line(attribute="country", value="*", minimum=None, maximum=3, weight=1):
    return RuleLine(attribute, value, minimum, maximum, weight)


def save(call, *lines, by=None):
    return rules.save_rules(call=call, rules=lines, by=by or UserFactory(), now=NOW)


def kept(call):
    return [(r.attribute, r.value, r.minimum, r.maximum, r.weight) for r in call.selection_rules.all()]


# The service


def test_rules_are_kept_in_their_order_instead_of_those_before():
    call = CallFactory(selective=True)
    SelectionRuleFactory(call=call, attribute="profession", value="police", maximum=9)
    other = SelectionRuleFactory()
    save(call, line("organisation", " Example Clinic ", maximum=1), line("first_time", "true", 8, None, 2))
    assert kept(call) == [("organisation", "example clinic", None, 1, 1), ("first_time", "true", 8, None, 2)]
    assert SelectionRule.objects.filter(pk=other.pk).exists()


def test_who_changed_the_rules_and_what_they_were_stands_in_the_log():
    call, by = CallFactory(selective=True), UserFactory()
    save(call, line(), by=by)
    save(call, line(maximum=4), by=by)
    entry = LogEntry.objects.order_by("-pk").first()
    assert (entry.user, entry.object_id) == (by, str(call.pk))
    assert "country: * min None max 4 weight 1. Before: country: * min None max 3 weight 1" in entry.change_message


def test_the_same_rules_again_leave_no_trace():
    call = CallFactory(selective=True)
    save(call, line())
    save(call, line())
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([line("shoe_size")], "only be about what this call asks"),
        ([line(minimum=None, maximum=None)], "at least how many"),
        ([line(minimum=4, maximum=3)], "cannot both be"),
        ([line(weight=0)], "weighs 1 or more"),
        ([line(), line(maximum=4)], "two rules"),
        ([line("organisation", "House"), line("organisation", "house ")], "two rules"),
    ],
)
def test_a_wrong_rule_is_refused_in_words_and_the_old_rules_stay(lines, words):
    call = CallFactory(selective=True)
    SelectionRuleFactory(call=call)
    with pytest.raises(rules.WrongRule, match=words):
        save(call, *lines)
    assert kept(call) == [("country", "*", None, 3, 1)]


# The page


def post(told, *lines, number=None):
    data = {"rule-TOTAL_FORMS": number or len(lines), "rule-INITIAL_FORMS": 0}
    for place, given in enumerate(lines):
        data |= {f"rule-{place}-{name}": value for name, value in given.items()}
    return signed_in(told.organiser).post(call_page(told.call, "board/rules/"), data, follow=True)


def test_lines_are_saved_in_peoples_words_and_said_in_a_sentence():
    told = story()
    QuestionFactory(call=told.call, key="sector", kind=QuestionKind.SINGLE_CHOICE, label="Sector", choices=[["p", "A"]])
    page = post(
        told,
        {"attribute": "country", "value": "", "maximum": "3"},
        {"attribute": "country", "value": "latvia", "minimum": "1", "weight": "2"},
        {"attribute": "profession", "value": "police", "minimum": "4", "maximum": "6"},
        {"attribute": "first_time", "value": "First time", "minimum": "8"},
        {"attribute": "q-sector", "value": "A", "maximum": "2"},
        {"attribute": "", "value": "ignored", "maximum": "1"},
        {"attribute": "organisation", "maximum": "1", "is_gone": "on"},
    )
    assert kept(told.call) == [
        ("country", "*", None, 3, 1),
        ("country", "LV", 1, None, 2),
        ("profession", "police", 4, 6, 1),
        ("first_time", "true", 8, None, 1),
        ("q-sector", "A", None, 2, 1),
    ]
    assert page.context["sentences"] == [
        "At most 3 of each: Country.",
        "At least 1 with Country: Latvia. Each one too few counts 2 times.",
        "At least 4 and at most 6 with Profession: Police.",
        "At least 8 who come for the first time.",
        "At most 2 with Sector: A.",
    ]


def test_the_page_shows_the_rules_and_empty_lines_for_more():
    told = story()
    SelectionRuleFactory(call=told.call, value="LV")
    page = signed_in(told.organiser).get(call_page(told.call, "board/rules/"))
    assert len(page.context["formset"].forms) == 4
    assert 'value="Latvia"' in page.content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"attribute": "country", "value": "Atlantis", "maximum": "3"}, "none of the answers"),
        ({"attribute": "country", "minimum": "5", "maximum": "3"}, "cannot both be"),
        ({"attribute": "country"}, "at least how many"),
        ({"attribute": "country", "maximum": "-1"}, "marked lines"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(given, words):
    told = story()
    page = post(told, given)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert 'value="country" selected' in page.content.decode()
    assert kept(told.call) == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_needs_as_many_queries_for_three_rules_as_for_one(number, django_assert_num_queries):
    told = story()
    for value in ("LV", "FR", "AT")[:number]:
        SelectionRuleFactory(call=told.call, value=value)
    client, address = signed_in(told.organiser), call_page(told.call, "board/rules/")
    client.get(address)
    with django_assert_num_queries(9):
        client.get(address)
