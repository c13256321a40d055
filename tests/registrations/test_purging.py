"""What ends by itself: people by what came of them, what lies beside them, and what is left of a call."""

from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import Draft
from ranportal.shared.stores import StoreDown
from registrations import attributes, field_register, retention, tallies
from registrations.enums import Act, CheckResult, Extra, KeptFor, MailState, State
from registrations.field_register import people, staff
from registrations.models import (
    Alarm,
    Answer,
    CallKey,
    CallNumbers,
    Check,
    Consent,
    CounterCard,
    DeletionCertificate,
    KeepingRules,
    OutgoingMail,
    Proposal,
    Registration,
    Release,
    SelectionRule,
    Vouch,
)
from registrations.services import alarms, certificates, form_building, notices, privacy, purging, uploads
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    EventFactory,
    OutgoingMailFactory,
    ProposalLineFactory,
    RegistrationFactory,
    SelectionRuleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

#: The event of the factories is over so long after NOW.
OVER = timedelta(days=28)
YEAR = timedelta(days=365)


def is_kept(registration: Registration) -> bool:
    found = Registration.objects.filter(pk=registration.pk).first()
    return found is not None and not found.is_erased


@pytest.mark.parametrize(
    ("traits", "days", "kept"),
    [
        ({"unproven": True}, 13, True),
        ({"unproven": True}, 15, False),
        ({"confirmed": True}, 28 + 364, True),
        ({"confirmed": True}, 28 + 366, False),
        ({"declined": True}, 87, True),
        ({"declined": True}, 89, False),
        ({"withdrawn": True}, 89, False),
        ({"submitted": True}, 28 + 89, True),
        ({"submitted": True}, 28 + 91, False),
    ],
)
def test_people_are_kept_as_long_as_is_said_and_no_longer(traits: dict[str, bool], days: int, kept: bool) -> None:
    registration = RegistrationFactory(**traits)

    purging.purge_expired(now=NOW + timedelta(days=days))

    assert is_kept(registration) is kept


@pytest.mark.parametrize(
    ("rule", "days", "traits", "after"),
    [
        ("unproven_days", 3, {"unproven": True}, 7 + 3),
        ("declined_days", 28, {"declined": True}, 28 - 2),
        ("selected_days", 30, {"confirmed": True}, 28 + 30),
    ],
)
def test_a_call_may_keep_its_people_for_another_time(rule: str, days: int, traits: dict[str, bool], after: int) -> None:
    registration = RegistrationFactory(**traits)
    KeepingRules.objects.create(call=registration.call, **{rule: days})
    other = RegistrationFactory(**traits)

    purging.purge_expired(now=NOW + timedelta(days=after - 1))
    assert is_kept(registration)
    purging.purge_expired(now=NOW + timedelta(days=after + 1))
    assert not is_kept(registration)
    assert is_kept(other)


def test_a_late_registration_by_hand_is_not_purged_at_once() -> None:
    long_ago = NOW - timedelta(days=30)
    registration = RegistrationFactory(unproven=True, call__opens_at=long_ago, call__closes_at=NOW - timedelta(days=20))

    purging.purge_expired(now=NOW)

    assert is_kept(registration)


def test_nobody_is_kept_for_an_event_that_was_cancelled() -> None:
    registration = RegistrationFactory(call__event__cancelled=True, call__closed=True)

    purging.purge_expired(now=NOW + timedelta(days=366))

    assert not is_kept(registration)


def test_an_event_without_a_date_counts_as_over_a_year_after_the_deadline() -> None:
    registration = RegistrationFactory(call__event=EventFactory(sessions=[]))

    purging.purge_expired(now=NOW + 2 * YEAR)
    assert is_kept(registration)
    purging.purge_expired(now=NOW + 2 * YEAR + timedelta(days=8))
    assert not is_kept(registration)


@pytest.mark.parametrize(
    ("asks", "days"),
    [
        ({"is_sensitive": True}, 14),
        ({"kept_for": KeptFor.SENSITIVE}, 14),
        ({"kept_for": KeptFor.CLEARANCE}, 1),
        ({"kept_for": KeptFor.CLEARANCE, "is_sensitive": True}, 1),
    ],
)
def test_some_answers_go_soon_after_the_event(asks: dict[str, Any], days: int) -> None:
    answer = AnswerFactory(**{f"question__{name}": value for name, value in asks.items()})
    usual = AnswerFactory(registration=answer.registration, question__call=answer.registration.call)

    purging.purge_expired(now=NOW + OVER + timedelta(days=days - 1))
    assert Answer.objects.count() == 2
    purging.purge_expired(now=NOW + OVER + timedelta(days=days))
    assert list(Answer.objects.all()) == [usual]


def test_what_was_answered_before_a_question_became_sensitive_goes_as_early() -> None:
    question = AnswerFactory(question__key="diet").question
    values = {name: getattr(question, name) for name in form_building.ASKING} | {"is_sensitive": True}
    form_building.reword(question=question, values=values, by=UserFactory(), now=NOW)

    purging.purge_expired(now=NOW + OVER + timedelta(days=15))

    assert not Answer.objects.exists()


def test_needs_are_empty_two_weeks_after_the_event() -> None:
    registration = RegistrationFactory()
    Consent.objects.create(registration=registration, extra=Extra.DIET, wording="w", given_at=NOW, detail="no pork")

    purging.purge_expired(now=NOW + OVER + timedelta(days=13))
    assert Consent.objects.get().detail == "no pork"
    purging.purge_expired(now=NOW + OVER + timedelta(days=14))
    assert (Consent.objects.get().detail, Consent.objects.get().extra) == ("", Extra.DIET)


def test_of_a_contact_point_nothing_is_left_two_weeks_after_the_event() -> None:
    named = {"number": 1, "key_id": "k", "asked_at": NOW, "expires_at": NOW, "name": "Ilze", "email": "i@example.org"}
    said = {"answer": "knows", "answered_at": NOW}
    vouch = Vouch.objects.create(registration=RegistrationFactory(), **named, **said)
    OutgoingMailFactory(registration=vouch.registration, vouch=vouch)

    purging.purge_expired(now=NOW + OVER + timedelta(days=13))
    assert Vouch.objects.get().answer == "knows"
    purging.purge_expired(now=NOW + OVER + timedelta(days=14))
    assert not Vouch.objects.exists()
    assert not OutgoingMail.objects.exists()


def call_for_help(*, handled_at: datetime | None = None) -> Alarm:
    handled = {"handled_at": handled_at, "handled_by": UserFactory()} if handled_at else {}
    number = {"number": 1, "raised_at": NOW, "telephone": "+371 2", "words": "at night"}
    return Alarm.objects.create(registration=RegistrationFactory(), **number, **handled)


@pytest.mark.parametrize(
    ("handled", "gone"),
    [
        (timedelta(days=1), OVER + timedelta(days=14)),
        (OVER + timedelta(days=20), OVER + timedelta(days=34)),
        (None, OVER + timedelta(days=90)),
    ],
)
def test_a_call_for_help_stays_until_somebody_has_called(handled: timedelta | None, gone: timedelta) -> None:
    call_for_help(handled_at=NOW + handled if handled else None)

    purging.purge_expired(now=NOW + gone - timedelta(days=1))
    assert Alarm.objects.get().telephone == "+371 2"
    purging.purge_expired(now=NOW + gone)
    assert not Alarm.objects.exists()


def test_the_shortest_rule_of_a_call_takes_no_number_that_waits() -> None:
    alarm = call_for_help()
    KeepingRules.objects.create(call=alarm.registration.call, sensitive_days=1)

    purging.purge_expired(now=NOW + OVER + timedelta(days=30))

    assert Alarm.objects.get().telephone == "+371 2"


def test_who_asked_for_help_twice_can_ask_again_when_the_first_is_gone() -> None:
    registration, by = RegistrationFactory(), UserFactory()
    first = alarms.sound(registration=registration, telephone="+371 1", words="", now=NOW)
    alarms.handle(alarm=first, shown=alarms.seen(first), by=by, now=NOW)
    second = alarms.sound(registration=registration, telephone="+371 2", words="", now=NOW)
    after = NOW + OVER + timedelta(days=14)

    purging.purge_expired(now=after)
    alarms.handle(alarm=second, shown=alarms.seen(second), by=by, now=after)
    alarms.sound(registration=registration, telephone="+371 3", words="", now=after)

    assert {alarm.telephone for alarm in Alarm.objects.all()} == {"+371 2", "+371 3"}


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.CANCELLED])
def test_an_address_that_nobody_proved_goes_as_early_when_the_form_is_given_up(state: State) -> None:
    RegistrationFactory(state=state, proven_at=None)
    proven = RegistrationFactory(state=state, proven_at=None)
    proven.transitions.create(act=Act.PROVE, source=State.UNPROVEN, target=State.SUBMITTED, at=NOW)

    purging.purge_expired(now=NOW + timedelta(days=13))
    assert Registration.objects.count() == 2
    purging.purge_expired(now=NOW + timedelta(days=15))
    assert list(Registration.objects.all()) == [proven]


def test_a_card_counts_each_person_once_when_their_time_is_over() -> None:
    came = RegistrationFactory(state=State.ATTENDED)
    RegistrationFactory(state=State.ABSENT, is_excused=True, identity__email=came.identity.email)
    RegistrationFactory(declined=True, identity__email=came.identity.email)
    RegistrationFactory(unproven=True, identity__email=came.identity.email)

    for day in (40, 100, 400, 401):
        purging.purge_expired(now=NOW + timedelta(days=day))

    card = CounterCard.objects.get()
    assert card.address_index == came.address_index
    assert (card.applied, card.selected, card.attended, card.excused) == (3, 2, 1, 1)
    assert card.last_on == date(2026, 9, 29)


def test_a_card_goes_two_years_after_the_newest_event_that_it_counts() -> None:
    CounterCard.objects.create(address_index="a" * 64, applied=1, last_on=NOW.date())

    purging.purge_expired(now=NOW + timedelta(days=729))
    assert CounterCard.objects.exists()
    purging.purge_expired(now=NOW + timedelta(days=730))
    assert not CounterCard.objects.exists()


def test_a_card_goes_with_its_person() -> None:
    registration = RegistrationFactory(identity__email="canary@example.org")
    CounterCard.objects.create(address_index=registration.address_index, applied=1, last_on=NOW.date())

    privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    assert not CounterCard.objects.exists()


def test_a_person_of_whom_only_a_card_is_left_can_see_and_erase_it() -> None:
    registration = RegistrationFactory(identity__email="canary@example.org", state=State.ATTENDED)
    purging.purge_expired(now=NOW + timedelta(days=400))
    assert not is_kept(registration)

    told = privacy.export_person(email="canary@example.org")
    assert told["registrations"] == []
    assert told["counter_card"]["attended"] == 1
    privacy.erase_person(email="canary@example.org", by=None, now=NOW + timedelta(days=401))

    with pytest.raises(privacy.NobodyKnown):
        privacy.export_person(email="canary@example.org")


def test_who_came_before_is_known_from_the_card() -> None:
    before = RegistrationFactory(state=State.ATTENDED)
    again = RegistrationFactory(submitted=True, identity__email=before.identity.email)
    new = RegistrationFactory(submitted=True, call=again.call)
    first_time = next(one for one in attributes.attributes_of(again.call) if one.key == attributes.FIRST_TIME)

    def first_timers() -> list[Registration]:
        rows = attributes.with_values(Registration.objects.filter(call=again.call), first_time)
        return list(rows.filter(attribute_value=True))

    assert first_timers() == [new]
    privacy.erase(ids=[before.pk], by=None, now=NOW)
    assert first_timers() == [again, new]
    CounterCard.objects.create(address_index=again.address_index, attended=1, last_on=NOW.date())
    assert first_timers() == [new]


def test_the_text_of_a_mail_goes_when_it_is_sent_and_its_row_after_90_days() -> None:
    sent = OutgoingMailFactory(sent=True, rendered=b"text")
    waiting = OutgoingMailFactory(rendered=b"text")
    refused = OutgoingMailFactory(refused=True, rendered=b"text")

    purging.purge_expired(now=NOW + timedelta(days=89))
    sent.refresh_from_db()
    assert sent.rendered is None
    purging.purge_expired(now=NOW + timedelta(days=90))
    assert list(OutgoingMail.objects.all()) == [waiting]
    assert bytes(OutgoingMail.objects.get().rendered) == b"text"
    assert refused.pk


def test_no_scan_writes_again_what_was_written_in_a_mail_that_is_gone() -> None:
    early = {"opens_at": NOW - timedelta(days=200), "closes_at": NOW + timedelta(days=200)}
    sessions = [(NOW + timedelta(days=300), NOW + timedelta(days=300, hours=1))]
    call = CallFactory(event=EventFactory(sessions=sessions), **early)
    unproven = RegistrationFactory(unproven=True, call=call)
    selected = RegistrationFactory(selected=True)
    notices.run_scans(now=NOW + timedelta(days=2))
    reminded = {mail.registration for mail in OutgoingMail.objects.all()}
    assert {unproven, selected} <= reminded
    OutgoingMail.objects.update(state=MailState.SENT, sent_at=NOW + timedelta(days=2))

    for day in (92, 93, 150):
        purging.purge_expired(now=NOW + timedelta(days=day))
        notices.run_scans(now=NOW + timedelta(days=day))

    assert not OutgoingMail.objects.filter(registration__in=[unproven, selected]).exists()


def test_what_lies_beside_people_ends_by_its_own_age() -> None:
    user, later = UserFactory(), NOW + timedelta(days=731)
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, "Something", single_object=True)
    LogEntry.objects.update(action_time=NOW)
    Session.objects.create(session_key="s", session_data="", expire_date=NOW)
    Draft.objects.create(user=user, path="/", sealed=b"x", saved_at=NOW)
    AccessAttempt.objects.create(username="x", failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=NOW)

    counts = purging.purge_expired(now=later).counts

    told = ("lines of the administration’s log", "sessions", "forms in work", "wrong passwords")
    assert [counts[name] for name in told] == [1, 1, 1, 1]
    assert not LogEntry.objects.exists()


def test_the_lines_of_the_administrations_log_go_with_the_person() -> None:
    registration = RegistrationFactory(declined=True)
    LogEntry.objects.log_actions(UserFactory().pk, [registration], CHANGE, "Looked", single_object=True)
    LogEntry.objects.update(action_time=timezone.now())

    purging.purge_expired(now=NOW + timedelta(days=100))

    assert not LogEntry.objects.exists()


def test_a_store_that_is_away_keeps_nobody_from_being_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    registration = RegistrationFactory(declined=True)
    monkeypatch.setattr(uploads, "unnamed", Mock(side_effect=StoreDown("no answer")))

    with pytest.raises(StoreDown):
        purging.purge_expired(now=NOW + timedelta(days=100))

    assert not is_kept(registration)


def test_a_second_purge_finds_nothing() -> None:
    RegistrationFactory(declined=True)
    later = NOW + timedelta(days=100)

    assert purging.purge_expired(now=later).counts["people without a place"] == 1
    second = purging.purge_expired(now=later)
    assert set(second.counts.values()) == {0}
    assert second.certificate is None


def test_a_dry_run_counts_by_kind_and_by_call_and_changes_nothing() -> None:
    registration = RegistrationFactory(declined=True)
    AnswerFactory(registration=registration, question__is_sensitive=True)

    purged = purging.purge_expired(now=NOW + timedelta(days=100), is_dry_run=True)

    assert purged.counts["people without a place"] == 1
    told = {"people without a place": 1, "sensitive answers": 1}
    assert purged.by_call == {registration.call.event.slug: told}
    assert is_kept(registration)
    assert not DeletionCertificate.objects.exists()


def test_a_certificate_says_how_much_was_deleted_and_nobodys_name() -> None:
    registration = RegistrationFactory(declined=True)
    AnswerFactory(registration=registration, question__is_sensitive=True)
    later = NOW + timedelta(days=100)

    certificate = purging.purge_expired(now=later).certificate

    assert certificate == DeletionCertificate.objects.get()
    assert certificate.counts["people without a place"] == 1
    assert (certificate.started_at, certificate.finished_at) == (later, later)
    assert registration.reference not in str(certificate.counts)
    assert certificates.is_whole(certificate)


def test_a_certificate_that_was_changed_or_has_lost_the_one_before_is_found(settings: Any) -> None:
    ours = settings.ADDRESS_KEY
    for day in (100, 200):
        RegistrationFactory(declined=True, state_changed_at=NOW + timedelta(days=day - 95))
        purging.purge_expired(now=NOW + timedelta(days=day))
    first, second = DeletionCertificate.objects.order_by("pk")
    assert certificates.is_whole(first)
    assert certificates.is_whole(second)

    second.counts = {"people without a place": 0}
    assert not certificates.is_whole(second)
    # Nobody signs without the key.
    settings.ADDRESS_KEY = "of somebody else"
    second.digest = certificates.digest_of(second)
    settings.ADDRESS_KEY = ours
    assert not certificates.is_whole(second)
    second.refresh_from_db()
    first.delete()
    assert not certificates.is_whole(second)


def test_a_purge_that_was_broken_off_is_ended_by_the_next_with_the_right_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        RegistrationFactory(declined=True)
    later, erase = NOW + timedelta(days=100), privacy.erase
    broken = Mock(side_effect=[None, KeyboardInterrupt])
    monkeypatch.setattr(privacy, "erase", lambda **how: erase(**how) if broken() is None else None)
    with pytest.raises(KeyboardInterrupt):
        purging.purge_expired(now=later)
    assert DeletionCertificate.objects.get().finished_at is None
    monkeypatch.undo()

    certificate = purging.purge_expired(now=later + timedelta(days=1)).certificate

    assert certificate is not None
    assert certificate.counts["people without a place"] == 3
    assert DeletionCertificate.objects.count() == 1
    assert CounterCard.objects.count() == 3


def crowd(sizes: dict[tuple[str, str], int]) -> Any:
    call = CallFactory(selective=True)
    for (country, profession), number in sizes.items():
        for _ in range(number):
            RegistrationFactory(call=call, declined=True, country=country, profession=profession)
    return call


def test_of_a_past_call_only_numbers_stay_and_its_key_is_destroyed() -> None:
    call = crowd({("LV", "police"): 6, ("FR", "health"): 2, ("DE", "prison"): 1})
    SelectionRuleFactory(call=call, attribute=attributes.ORGANISATION, value="example clinic")

    certificate = purging.purge_expired(now=NOW + timedelta(days=100)).certificate

    numbers = CallNumbers.objects.get(call=call).counts
    assert numbers["applied"] == 9
    assert numbers["country"] == [["Other countries", 9, None]]
    assert all(number is None or number >= 5 for row in numbers["country"] for number in row[1:])
    assert not call.registrations.exists()
    assert not SelectionRule.objects.exists()
    assert CallKey.objects.get(call=call).destroyed_at is not None
    assert certificate is not None
    assert certificate.counts["rows of people who were erased"] == 9
    assert certificate.keys_destroyed == 1


def test_nothing_is_left_of_how_the_people_of_a_past_call_were_chosen() -> None:
    registration = RegistrationFactory(call__selective=True, declined=True)
    ProposalLineFactory(registration=registration)
    given = {"given_at": NOW, "due_at": NOW, "done_at": NOW, "declined": 1}
    Release.objects.create(call=registration.call, refusal="It names somebody.", **given)

    purging.purge_expired(now=NOW + timedelta(days=100))

    assert not Proposal.objects.exists()
    assert not Release.objects.exists()


def test_what_was_written_on_the_row_of_somebody_erased_keeps_no_key() -> None:
    registration = RegistrationFactory()
    privacy.erase_person(email=registration.identity.email, by=None, now=NOW)
    said = {"result": CheckResult.FINE, "note": "late", "checked_by": UserFactory(), "checked_at": NOW}
    Check.objects.create(registration=registration, **said)

    purging.purge_expired(now=NOW + OVER)

    assert not Check.objects.exists()
    assert CallKey.objects.get(call=registration.call).destroyed_at is not None


def test_the_numbers_of_a_past_call_stay_in_those_of_its_year() -> None:
    past = crowd({("LV", "police"): 6, ("FR", "health"): 3, ("DE", "prison"): 3})
    later = NOW + timedelta(days=100)
    purging.purge_expired(now=later)
    assert not past.registrations.exists()
    crowd({("LV", "police"): 5})

    countries = tallies.of_year(2026, now=later).countries

    assert [(row.label, row.applied, row.selected) for row in countries.rows] == [
        ("Latvia", 11, None),
        ("Other countries", 6, None),
    ]
    assert (countries.applied, countries.selected) == (17, None)


@pytest.mark.parametrize(("came", "kept"), [(10, 10), (9, None), (5, 5), (4, None)])
def test_how_many_took_part_is_kept_only_where_it_tells_of_no_few_who_did_not(came: int, kept: int | None) -> None:
    call = CallFactory()
    for number in range(10):
        RegistrationFactory(call=call, state=State.ATTENDED if number < came else State.ABSENT)
    RegistrationFactory.create_batch(5, call=call, declined=True)

    assert tallies.numbers_of(call)["attended"] == kept


def test_a_call_whose_event_is_to_come_keeps_its_key() -> None:
    registration = RegistrationFactory(identity__email="canary@example.org")
    privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    purging.purge_expired(now=NOW + OVER - timedelta(days=1))
    assert CallKey.objects.get(call=registration.call).destroyed_at is None
    purging.purge_expired(now=NOW + OVER)
    assert CallKey.objects.get(call=registration.call).destroyed_at is not None


def test_the_days_are_those_that_the_register_tells_people() -> None:
    told = (people.MAILS, people.CARD, people.LOOKS, staff.HISTORY, staff.SESSION)
    purged = (retention.MAILS_KEPT, retention.CARDS_KEPT, retention.HISTORY_KEPT, retention.HISTORY_KEPT)
    assert tuple(kept.time for kept in told) == (*purged, retention.DRAFTS_KEPT)
    rules = KeepingRules()
    assert dict(field_register.USUAL_DAYS) == {name: getattr(rules, name) for name in retention.RULES}
