"""The list of a call's registrations."""

import pytest
from django.contrib.admin.models import LogEntry

from accounts.enums import Role
from registrations.enums import CheckResult, Outcome, State
from registrations.models import Decision, Registration
from registrations.services import scoring
from tests.factories import NOW, CallFactory, DecisionFactory, RegistrationFactory, ReviewFactory, UserFactory
from tests.registrations.people_story import LIST, application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def test_an_organiser_sees_the_people_of_the_own_call_with_the_numbers():
    told = story(capacity=10)
    RegistrationFactory(call=told.call, unproven=True)
    RegistrationFactory(call=told.call, confirmed=True)
    RegistrationFactory(call=told.call, on_list=True)
    DecisionFactory(registration=application(told.call))

    page = signed_in(told.organiser).get(f"{LIST}?call={told.call.pk}")

    assert page.status_code == 200
    numbers = page.context["balance"]
    assert (numbers.applied, numbers.unproven, numbers.places_taken, numbers.capacity, numbers.on_list) == (
        4,
        1,
        1,
        10,
        1,
    )
    assert (numbers.to_select, numbers.to_reserve, numbers.to_decline, numbers.undecided) == (1, 0, 0, 1)
    assert "Zoë Őrségi" in page.content.decode()


def test_without_a_call_the_section_asks_which_one():
    told = story()
    CallFactory()

    page = signed_in(told.organiser).get(LIST, follow=True)

    assert page.redirect_chain == [(f"{LIST}calls/", 302)]
    assert [call for call, _ in page.context["rows"]] == [told.call]


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_needs_at_most_twenty_queries(number, django_assert_max_num_queries):
    told = story()
    for _ in range(number - 1):
        application(told.call)
    client = signed_in(told.organiser)

    with django_assert_max_num_queries(20):
        page = client.get(f"{LIST}?call={told.call.pk}")

    assert len(page.context["cl"].result_list) == number


def test_as_many_queries_for_thirty_as_for_one(django_assert_num_queries):
    told = story()
    client = signed_in(told.organiser)
    address = f"{LIST}?call={told.call.pk}"
    client.get(address)
    with django_assert_num_queries(13):
        client.get(address)
    for _ in range(29):
        application(told.call)
    with django_assert_num_queries(13):
        client.get(address)


def test_people_of_other_calls_are_not_in_the_list():
    told = story()
    other = RegistrationFactory()

    page = signed_in(told.organiser).get(f"{LIST}?call={other.call.pk}")
    everything = signed_in(told.organiser).get(f"{LIST}?q=P-")

    assert list(page.context["cl"].result_list) == []
    assert list(everything.context["cl"].result_list) == [told.applicant]


def test_an_administrator_and_a_superuser_see_nobody_unless_they_organise_the_call():
    told = story()
    by_group, superuser = UserFactory(role=Role.ADMINISTRATOR), UserFactory(administrator=True)
    address = f"{LIST}?call={told.call.pk}"

    assert signed_in(by_group).get(address).status_code == 403
    assert list(signed_in(superuser).get(address).context["cl"].result_list) == []

    told.call.organisers.add(superuser)
    assert list(signed_in(superuser).get(address).context["cl"].result_list) == [told.applicant]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("state__exact=confirmed", ["P-CONF2"]),
        ("check_result__exact=fine", ["P-2AAAA"]),
        ("country=AT", ["P-CONF2"]),
        ("profession__exact=police", ["P-CONF2"]),
        ("role__exact=speaker", ["P-CONF2"]),
        ("decision=none", ["P-CONF2"]),
        ("decision=select", ["P-2AAAA"]),
        ("q=CONF2", ["P-CONF2"]),
    ],
)
def test_each_filter_finds_its_people(question, expected):
    told = story()
    told.applicant.check_result = CheckResult.FINE
    told.applicant.checked_at, told.applicant.checked_by = NOW, told.organiser
    told.applicant.save()
    DecisionFactory(registration=told.applicant)
    RegistrationFactory(call=told.call, reference="P-CONF2", country="AT", profession="police", role="speaker")

    page = signed_in(told.organiser).get(f"{LIST}?call={told.call.pk}&{question}")

    assert [row.reference for row in page.context["cl"].result_list] == expected


def test_who_gave_up_is_staged_no_more():
    told = story()
    DecisionFactory(registration=told.applicant)
    client, address = signed_in(told.organiser), f"{LIST}?call={told.call.pk}"
    assert "Staged: Select" in client.get(address).rendered_content.split("result_list")[-1]
    assert list(client.get(f"{address}&decision=select").context["cl"].result_list) == [told.applicant]
    Registration.objects.update(state=State.WITHDRAWN)
    assert "Staged: Select" not in client.get(address).rendered_content.split("result_list")[-1]
    assert list(client.get(f"{address}&decision=select").context["cl"].result_list) == []


@pytest.mark.parametrize(
    "lookup",
    ["address_index__startswith=a", "identity__family_name__startswith=Ő", "call__organisers__password__contains=x"],
)
def test_no_other_lookup_is_answered(lookup):
    told = story()
    assert signed_in(told.organiser).get(f"{LIST}?call={told.call.pk}&{lookup}").status_code == 400


@pytest.mark.parametrize("sought", ["Őrségi", "zoë őrs", "orsegi zoe", "ZOE@example.org", "P-2AAA"])
def test_a_person_is_found_by_name_address_or_reference_without_a_name_in_an_address(sought):
    told = story()
    application(told.call, given_name="Jo", family_name="Other")

    page = signed_in(told.organiser).post(call_page(told.call, "find/"), {"sought": sought})

    assert list(page.context["registrations"]) == [told.applicant]


def test_a_whole_reference_leads_straight_to_the_page():
    told = story()
    page = signed_in(told.organiser).post(call_page(told.call, "find/"), {"sought": "p-2aaaa"})
    assert page.headers["Location"] == f"{LIST}{told.applicant.pk}/change/"


def test_finding_nothing_asks_for_words_and_finds_nobody():
    told = story()
    page = signed_in(told.organiser).post(call_page(told.call, "find/"), {"sought": "  "})
    assert page.context["registrations"] == []
    assert "Type a reference" in page.content.decode()


def test_a_find_among_many_needs_few_queries(django_assert_max_num_queries):
    told = story()
    for _ in range(60):
        application(told.call, given_name="Jo")
    client = signed_in(told.organiser)
    with django_assert_max_num_queries(20):
        page = client.post(call_page(told.call, "find/"), {"sought": "jo"})
    assert (len(page.context["registrations"]), page.context["there_are_more"]) == (50, True)


def test_finding_is_limited_to_the_call():
    told, other = story(), RegistrationFactory(identity__family_name="Faraway")
    page = signed_in(told.organiser).post(call_page(told.call, "find/"), {"sought": "Faraway"})
    assert list(page.context["registrations"]) == []
    assert signed_in(told.organiser).post(call_page(other.call, "find/"), {"sought": "x"}).status_code == 404


def test_the_mean_score_weighs_criteria_and_leaves_conflicts_out():
    told = story()
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer).scores.create(criterion=told.criterion, value=4)
    ReviewFactory(registration=told.applicant).scores.create(criterion=told.criterion, value=2)
    ReviewFactory(registration=told.applicant, has_conflict=True)
    scoring.refresh(registrations=[told.applicant.pk])

    page = signed_in(told.organiser).get(f"{LIST}?call={told.call.pk}")

    row = page.context["cl"].result_list[0]
    assert (row.score, row.review_count) == (60.0, 2)
    assert "60 % (2)" in page.content.decode()


def chosen(told, *registrations, action, **more):
    data = {"action": action, "_selected_action": [r.pk for r in registrations], "index": "0", "select_across": "0"}
    return signed_in(told.organiser).post(f"{LIST}?call={told.call.pk}", {**data, **more}, follow=True)


def test_staging_asks_for_a_reason_before_anything_happens():
    told = story()
    page = chosen(told, told.applicant, action="stage_select")
    assert page.status_code == 200
    assert "Offer a place to 1" in page.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("stage_select", Outcome.SELECT), ("stage_reserve", Outcome.RESERVE), ("stage_decline", Outcome.DECLINE)],
)
def test_the_chosen_are_staged_with_the_reason(action, outcome):
    told = story()
    second = application(told.call)

    chosen(told, told.applicant, second, action=action, ask="1", reason="Works with families.")

    staged = Decision.objects.order_by("pk").values_list("registration_id", "outcome", "reason", "staged_by")
    assert list(staged) == [
        (told.applicant.pk, outcome, "Works with families.", told.organiser.pk),
        (second.pk, outcome, "Works with families.", told.organiser.pk),
    ]


def test_all_that_the_filter_finds_can_be_staged_at_once():
    told = story()
    for _ in range(60):
        application(told.call)

    chosen(told, told.applicant, action="stage_decline", ask="1", reason="Too many.", select_across="1")

    assert Decision.objects.filter(outcome=Outcome.DECLINE).count() == 61


def test_without_a_reason_nothing_is_staged_and_the_page_says_so():
    told = story()
    page = chosen(told, told.applicant, action="stage_select", ask="1", reason=" ")
    assert page.status_code == 422
    assert not Decision.objects.exists()


def test_who_cannot_be_staged_is_named_and_the_reason_is_kept():
    told = story()
    confirmed = RegistrationFactory(call=told.call, reference="P-CONF2")

    page = chosen(told, told.applicant, confirmed, action="stage_select", ask="1", reason="Kept words")

    text = page.content.decode()
    assert "P-CONF2" in text
    assert "Kept words" in text
    assert not Decision.objects.exists()


def test_a_staged_decision_is_undone_from_the_list():
    told = story()
    DecisionFactory(registration=told.applicant)
    chosen(told, told.applicant, action="unstage")
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("action", "state", "is_excused"),
    [
        ("mark_attended", State.ATTENDED, False),
        ("mark_absent", State.ABSENT, False),
        ("mark_excused", State.ABSENT, True),
    ],
)
def test_attendance_is_marked_from_the_list(action, state, is_excused):
    told = story()
    confirmed = RegistrationFactory(call=told.call)
    chosen(told, confirmed, action=action)
    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.is_excused) == (state, is_excused)


def test_registrations_of_two_calls_are_not_staged_together():
    told = story()
    other = CallFactory(selective=True, organisers=[told.organiser])
    second = application(other)
    data = {"action": "stage_select", "_selected_action": [told.applicant.pk, second.pk], "ask": "1", "reason": "Both"}

    page = signed_in(told.organiser).post(f"{LIST}?q=P-", data, follow=True)

    assert "one call at a time" in page.content.decode()
    assert not Decision.objects.exists()


def test_nothing_about_people_is_written_to_the_admin_s_history():
    told = story()
    chosen(told, told.applicant, action="stage_select", ask="1", reason="Fits")
    assert not LogEntry.objects.exists()
