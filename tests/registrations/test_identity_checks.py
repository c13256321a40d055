"""What helps to tell who somebody is, and ticking the checks of many people at once."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from accounts.enums import Role
from registrations import identity_checks, looks
from registrations.enums import Act, CheckResult, State, VouchAnswer
from registrations.models import Check, Registration, Transition
from registrations.models.registration import ERASED
from registrations.services import addresses, details, intake, reviewing, vouching
from registrations.services.reviewing import Tick
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.factories import person as form
from tests.registrations.checking import noted
from tests.registrations.pages import text_of
from tests.registrations.people_story import application, signed_in, story

pytestmark = pytest.mark.django_db

KYRILLIC_A = "\u0430"
#: Statements of the page, and of saving one.
QUERIES, SAVING = 13, 7


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def told():
    return story()


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


def checks_url(call) -> str:
    return f"/admin/registrations/registration/calls/{call.pk}/checks/"


def hints_about(person):
    return identity_checks.hints_about(person.call, [person])[person.pk]


def sent(browser, people, *, ticked=None, seen=None, **more):
    """Press save on a page that shows these people."""
    data = {"shown": [person.pk for person in people], **more}
    for person in people:
        data[f"seen-{person.pk}"] = (seen or {}).get(person.pk, identity_checks.seen(person))
    data |= {f"result-{pk}": result for pk, result in (ticked or {}).items()}
    return text_of(browser.post(checks_url(people[0].call), data, follow=True))


# Hints


def test_an_address_where_anybody_can_have_one_is_said_so(told):
    assert hints_about(application(told.call, email="somebody@gmail.com")).domain == ""


def test_others_at_the_same_house_are_counted(told):
    people = [application(told.call, email=f"{n}@police.example.org") for n in range(3)]
    application(CallFactory(), email="elsewhere@police.example.org")
    found = hints_about(people[0])
    assert (found.domain, found.at_domain, found.is_doubtful) == ("police.example.org", 2, True)


@pytest.mark.parametrize(
    ("given", "family"),
    [("Jānis", "Bērziņš"), ("JANIS", "BERZINS"), ("Bērziņš", "Jānis"), ("Janis  ", "Berzins")],
)
def test_the_same_name_is_found_in_any_spelling_and_order(told, given, family):
    first = application(told.call, given_name="Jānis", family_name="Bērziņš")
    second = application(told.call, given_name=given, family_name=family)
    assert hints_about(second).same_name == [first.reference]


def test_names_of_other_calls_and_of_those_who_gave_up_do_not_count(told):
    application(CallFactory(), given_name="Ann", family_name="Other")
    RegistrationFactory(call=told.call, withdrawn=True, identity__given_name="Ann", identity__family_name="Other")
    assert not hints_about(application(told.call, given_name="Ann", family_name="Other")).same_name


@pytest.mark.parametrize("other", ["a.b+x@police.example.org", "ab@police.example.org"])
def test_addresses_that_may_be_one_mailbox_are_found(told, other):
    first = application(told.call, given_name="A", email="a.b@police.example.org")
    second = application(told.call, given_name="B", email=other)
    found = hints_about(second)
    same = [*found.variant, *found.same_address]
    assert (same, list(found.lookalike)) == ([first.reference], [])


@pytest.mark.parametrize(
    "other",
    [f"{KYRILLIC_A}nna@police.example.org", "anna@po1ice.example.org", "anna@xn--plice-jye.example.org"],
)
def test_addresses_that_pass_for_another_are_found(told, other):
    first = application(told.call, given_name="A", email="anna@police.example.org")
    second = application(told.call, given_name="B", email=other)
    assert hints_about(second).lookalike == [first.reference]


def test_one_address_that_two_people_use_is_found(told):
    first = application(told.call, given_name="A", email="team@police.example.org")
    second = RegistrationFactory(
        call=told.call,
        submitted=True,
        same_address_number=1,
        identity__given_name="B",
        identity__email="team@police.example.org",
    )
    assert hints_about(second).same_address == [first.reference]


def test_two_quite_different_people_raise_no_doubt(told):
    application(told.call, given_name="Ann", family_name="One", email="ann@clinic.example.org")
    other = application(told.call, given_name="Ben", family_name="Two", email="ben@prison.example.org")
    assert not hints_about(other).is_doubtful


def test_who_was_compared_was_not_looked_at(told):
    first = application(told.call, given_name="Ann", family_name="One")
    twin = application(told.call, given_name="One", family_name="Ann")
    application(told.call, given_name="Ben", family_name="Two")
    with looks.watched() as opened:
        identity_checks.hints_about(told.call, [first])
    seen = opened if isinstance(opened, set) else opened.seen
    assert seen == {first.pk, twin.pk}


def test_who_took_part_or_was_fine_elsewhere_is_said(told):
    new = application(told.call, email="new@police.example.org")
    known = application(told.call, email="known@police.example.org")
    RegistrationFactory(state=State.ATTENDED, check_result=CheckResult.FINE, identity__email="known@police.example.org")
    rows = {row.pk: (row.took_part_before, row.was_fine_before) for row in identity_checks.everybody(told.call)}
    assert (rows[known.pk], rows[new.pk]) == ((True, True), (False, False))


def test_nobody_is_to_be_looked_at_who_is_not_in_or_was_found_fine(told):
    for out in ({"unproven": True}, {"withdrawn": True}, {"declined": True}):
        RegistrationFactory(call=told.call, **out)
    RegistrationFactory(call=told.call, check_result=CheckResult.FINE)
    asked = RegistrationFactory(call=told.call, check_result=CheckResult.ASK_BACK)
    assert list(identity_checks.to_look_at(told.call)) == [told.applicant, asked]


def test_ten_thousand_people_are_compared_within_a_second():
    keys = [(f"given{n} family{n % 9000}", f"p{n}@house{n % 300}.example.org") for n in range(10_000)]
    started = time.process_time()
    for name, email in keys:
        given, _, family = name.partition(" ")
        identity_checks.folded_name(given, family)
        identity_checks.at_a_glance(identity_checks.one_mailbox(email))
    assert time.process_time() - started < 1


# Ticking many


def test_the_page_shows_what_helps(told):
    person = RegistrationFactory(
        call=CallFactory(organisers=[told.organiser], join_link_needs_check=True), identity__email="x@gmail.com"
    )
    vouch = vouching.ask(registration=person, name="Anna Chief", email="chief@police.example.org", now=NOW)
    vouching.answer(vouch=vouch, answer=VouchAnswer.KNOWS, now=NOW)
    page = text_of(signed_in(told.organiser).get(checks_url(person.call)))
    for said in (person.reference, "Anybody can have an address there.", "Anna Chief", VouchAnswer.KNOWS.label):
        assert said in page


@pytest.mark.parametrize("people", [1, 3])
def test_the_page_costs_the_same_for_one_person_and_for_three(told, people, django_assert_num_queries):
    for number in range(people - 1):
        application(told.call, given_name=f"Person {number}")
    browser = signed_in(told.organiser)
    browser.get(checks_url(told.call))
    with django_assert_num_queries(QUERIES):
        browser.get(checks_url(told.call))


def test_fifty_stand_on_a_page(told):
    for number in range(50):
        application(told.call, given_name=f"Person {number}")
    browser = signed_in(told.organiser)
    page = text_of(browser.get(checks_url(told.call)))
    assert len(re.findall('name="shown"', page)) == 50
    assert len(re.findall('name="shown"', text_of(browser.get(f"{checks_url(told.call)}?page=2")))) == 1


def test_what_was_ticked_is_saved_for_each_with_its_trace(told):
    other, left = application(told.call), application(told.call)
    people = [told.applicant, other, left]
    ticked = {told.applicant.pk: "fine", other.pk: "ask_back"}
    page = sent(signed_in(told.organiser), people, ticked=ticked, **{f"note-{other.pk}": "Call the clinic"})

    assert "2 checks saved." in page
    checks = Check.objects.order_by("pk")
    assert [(c.registration, c.result, c.note, c.checked_by) for c in checks] == [
        (told.applicant, "fine", "", told.organiser),
        (other, "ask_back", "Call the clinic", told.organiser),
    ]
    results = [Registration.objects.get(pk=person.pk).check_result for person in people]
    assert results == ["fine", "ask_back", "not_looked_at"]
    traces = Transition.objects.filter(act=Act.CHECK).order_by("pk")
    assert [(t.registration, t.by, t.at) for t in traces] == [
        (told.applicant, told.organiser, NOW),
        (other, told.organiser, NOW),
    ]


def test_one_tick_finds_all_fine_about_whom_nothing_else_was_ticked(told):
    other, third, fourth = [application(told.call, given_name=f"Person {n}") for n in range(3)]
    people = [told.applicant, other, third, fourth]
    ticked = {other.pk: "refused", fourth.pk: "later"}
    sent(signed_in(told.organiser), people, ticked=ticked, others_are_fine="on")
    assert results_of(people) == ["fine", "refused", "fine", "not_looked_at"]
    assert Check.objects.count() == 3


def results_of(people) -> list[str]:
    return [Registration.objects.get(pk=person.pk).check_result for person in people]


def note(person, result, *, by, now=NOW) -> None:
    noted(person, result, by=by, now=now)
    person.refresh_from_db()


@pytest.mark.parametrize("before", [CheckResult.REFUSED, CheckResult.ASK_BACK])
def test_one_tick_for_all_finds_nobody_fine_at_whom_somebody_looked(told, before):
    note(told.applicant, before, by=told.organiser)
    page = sent(signed_in(told.organiser), [told.applicant], others_are_fine="on")
    assert "1 left as they were" in page
    assert told.applicant.reference in page
    assert results_of([told.applicant]) == [before]


def test_one_tick_for_all_finds_nobody_fine_who_looks_like_somebody_else(told):
    people = [
        application(told.call, given_name="Ann", email="ann@police.example.org"),
        application(told.call, given_name="Anna", email="ann@po1ice.example.org"),
        told.applicant,
    ]
    page = sent(signed_in(told.organiser), people, others_are_fine="on")
    assert "1 check saved." in page
    assert "2 left as they were" in page
    assert results_of(people) == ["not_looked_at", "not_looked_at", "fine"]

    sent(signed_in(told.organiser), people, ticked={people[0].pk: "fine"})
    assert results_of(people) == ["fine", "not_looked_at", "fine"]


@pytest.mark.parametrize("part", identity_checks.LOOKED_AT)
def test_who_changed_while_the_page_was_open_is_not_ticked_unseen(told, part):
    seen = {told.applicant.pk: identity_checks.seen(told.applicant)}
    setattr(told.applicant.identity, part, "other@example.org")
    told.applicant.identity.save()
    page = sent(signed_in(told.organiser), [told.applicant], seen=seen, ticked={told.applicant.pk: "fine"})
    assert "please look again" in page
    assert results_of([told.applicant]) == ["not_looked_at"]


def test_who_was_erased_is_on_no_list_and_not_checked(told):
    people = [told.applicant, application(told.call)]
    Registration.objects.filter(pk=told.applicant.pk).update(address_index=f"{ERASED}P-2AAAA", state=State.ATTENDED)
    assert list(identity_checks.everybody(told.call)) == people[1:]
    page = sent(signed_in(told.organiser), people, others_are_fine="on")
    assert "1 not in any more" in page
    with pytest.raises(reviewing.NothingLeft):
        note(told.applicant, CheckResult.FINE, by=told.organiser)
    assert results_of(people) == ["not_looked_at", "fine"]


def test_an_empty_note_seals_nothing(told):
    note(told.applicant, CheckResult.FINE, by=told.organiser)
    assert bytes(Check.objects.get().sealed) == b""


# Looking again


CHANGES = {
    "the form": lambda person: intake.change_answers(
        registration=person, person=form(given_name="Other"), answers={}, now=LATER, received_at=LATER
    ),
    "the correction": lambda person: details.correct(
        registration=person, country="LV", now=LATER, **dict.fromkeys(details.CORRECTED, "Other")
    ),
    "the address": lambda person: addresses.correct_address(
        registration=person, email="other@example.org", by=UserFactory(), channel="telephone", now=LATER
    ),
}
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize("way", CHANGES)
@pytest.mark.parametrize(("before", "after"), [("fine", "not_looked_at"), ("refused", "refused")])
def test_whoever_changes_who_they_are_is_looked_at_again(organiser, way, before, after):
    person = RegistrationFactory(call=CallFactory(organisers=[organiser], join_link_needs_check=True))
    note(person, CheckResult(before), by=organiser)
    CHANGES[way](person)
    assert results_of([person]) == [after]
    Registration.objects.update(proven_at=LATER)
    assert list(identity_checks.to_look_at(person.call)) == [person]
    assert person.transitions.filter(act=Act.CHECK, reason=identity_checks.CHANGED).count() == 1


def test_another_answer_or_another_name_for_the_others_changes_no_check(organiser):
    person = RegistrationFactory(call=CallFactory(join_link_needs_check=True))
    note(person, CheckResult.FINE, by=organiser)
    same = form(**{part: getattr(person.identity, part) for part in identity_checks.LOOKED_AT}, display_name="A")
    intake.change_answers(registration=person, person=same, answers={}, now=LATER, received_at=LATER)
    assert results_of([person]) == ["fine"]


def test_what_was_said_of_the_old_name_is_marked(organiser):
    person = RegistrationFactory(call=CallFactory(organisers=[organiser], join_link_needs_check=True))
    vouch = vouching.ask(registration=person, name="Anna Chief", email="chief@police.example.org", now=NOW)
    vouching.answer(vouch=vouch, answer=VouchAnswer.KNOWS, now=NOW)
    browser, marked = signed_in(organiser), "said before the change below"
    assert marked not in text_of(browser.get(checks_url(person.call)))
    CHANGES["the form"](person)
    assert marked in text_of(browser.get(checks_url(person.call)))


def test_what_somebody_else_noted_meanwhile_stays_and_is_shown(told):
    other = application(told.call)
    seen = {other.pk: identity_checks.seen(other)}
    noted(other, CheckResult.REFUSED, by=told.organiser, now=NOW - timedelta(minutes=1))
    page = sent(
        signed_in(told.organiser),
        [told.applicant, other],
        seen=seen,
        others_are_fine="on",
    )
    assert f"{other.reference} (Refused)" in page
    other.refresh_from_db()
    told.applicant.refresh_from_db()
    assert (other.check_result, told.applicant.check_result) == (CheckResult.REFUSED, CheckResult.FINE)


def test_a_page_that_shows_the_newest_check_may_change_it(told):
    noted(told.applicant, CheckResult.ASK_BACK, by=told.organiser)
    page = text_of(signed_in(told.organiser).get(checks_url(told.call)))
    seen = re.search(rf'name="seen-{told.applicant.pk}" value="([^"]+)"', page)[1]
    sent(
        signed_in(told.organiser), [told.applicant], ticked={told.applicant.pk: "fine"}, seen={told.applicant.pk: seen}
    )
    told.applicant.refresh_from_db()
    assert told.applicant.check_result == CheckResult.FINE


@pytest.mark.parametrize("ticked", ["", "wonderful", "not_looked_at"])
def test_nothing_ticked_is_nothing_saved(told, ticked):
    page = sent(signed_in(told.organiser), [told.applicant], ticked={told.applicant.pk: ticked})
    assert "Nothing was ticked, so nothing was saved." in page
    assert not Check.objects.exists()


def test_people_of_another_call_are_not_ticked_along(told):
    stranger = RegistrationFactory()
    sent(signed_in(told.organiser), [told.applicant, stranger], others_are_fine="on")
    stranger.refresh_from_db()
    assert stranger.check_result == CheckResult.NOT_LOOKED_AT


@pytest.mark.parametrize("pk", ["", "x", "-1", "9" * 30, "\u0663"])
def test_what_no_page_of_ours_sends_ticks_nobody(told, pk):
    data = {"shown": [pk], f"result-{pk}": "fine", f"seen-{pk}": "yesterday"}
    response = signed_in(told.organiser).post(checks_url(told.call), data)
    assert (response.status_code, Check.objects.count()) == (302, 0)


def test_a_page_that_breaks_in_the_middle_saves_nothing(told, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Transition.objects, "bulk_create", broken)
    tick = Tick(told.applicant.pk, CheckResult.FINE, "", identity_checks.seen(told.applicant))
    with pytest.raises(RuntimeError):
        reviewing.note_checks(call=told.call, ticks=[tick], by=told.organiser, now=NOW)
    told.applicant.refresh_from_db()
    assert (told.applicant.check_result, Check.objects.count()) == (CheckResult.NOT_LOOKED_AT, 0)


def test_saving_costs_the_same_for_one_person_and_for_three(told, django_assert_num_queries):
    people = [told.applicant, application(told.call), application(told.call)]
    for some in (people[:1], people):
        Registration.objects.update(checked_at=None, checked_by=None)
        ticks = [Tick(person.pk, CheckResult.FINE, "", identity_checks.seen(person)) for person in some]
        with django_assert_num_queries(SAVING):
            reviewing.note_checks(call=told.call, ticks=ticks, by=told.organiser, now=NOW)


def test_reviewers_and_organisers_of_other_calls_do_not_reach_it(told):
    assert signed_in(told.reviewer).get(checks_url(told.call)).status_code == 403
    assert signed_in(story(reference="P-9ZZZZ").organiser).get(checks_url(told.call)).status_code == 404
