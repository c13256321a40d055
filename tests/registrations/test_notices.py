"""The scans: each due, not yet due, twice and late; the clocks of Europe included."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.enums import Role
from events import times
from events.services import events
from registrations.enums import Act, MailKind, MailState, State
from registrations.models import OutgoingMail, Registration, ToldEvent
from registrations.services import intake, notices
from tests.factories import (
    NOW,
    CallFactory,
    EventFactory,
    OutgoingMailFactory,
    PublicationFactory,
    RegistrationFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
BRUSSELS = ZoneInfo("Europe/Brussels")
STARTS_AT = NOW + timedelta(days=28, hours=-4)


def mails(kind: MailKind):
    return OutgoingMail.objects.filter(kind=kind).exclude(state=MailState.CANCELLED)


def states(*registrations):
    return [Registration.objects.get(pk=r.pk).state for r in registrations]


class TestDeadlines:
    def test_organisers_are_told_once_when_the_deadline_has_passed(self):
        call = CallFactory()
        RegistrationFactory.create_batch(2, call=call)
        RegistrationFactory(call=call, unproven=True)
        assert notices.handle_deadlines(now=call.closes_at - MOMENT) == 0
        assert notices.handle_deadlines(now=call.closes_at) == 1
        assert notices.handle_deadlines(now=call.closes_at + timedelta(days=3)) == 0
        mail = OutgoingMail.objects.get()
        assert (mail.kind, mail.registration, mail.call) == (MailKind.CALL_CLOSED, None, call)
        assert [number for _, number in mail.facts["counts"]] == [2, 1, 2]

    def test_a_stopped_clock_only_delays_it(self):
        CallFactory.create_batch(2, closes_at=NOW - timedelta(days=9), opens_at=NOW - timedelta(days=20))
        assert notices.handle_deadlines(now=NOW) == 2

    def test_a_deadline_that_was_extended_at_the_last_moment_is_not_over(self, monkeypatch):
        """Between the search and the lock an organiser may have moved it."""
        call = CallFactory(closed=True)
        locked = notices.workflow.locked

        def extended_first(call):
            type(call).objects.update(closes_at=NOW + timedelta(days=1))
            return locked(call)

        monkeypatch.setattr(notices.workflow, "locked", extended_first)
        assert notices.handle_deadlines(now=NOW) == 0
        call.refresh_from_db()
        assert (call.deadline_handled_at, OutgoingMail.objects.count()) == (None, 0)

    @pytest.mark.parametrize(
        ("day", "ends"),
        [
            (date(2026, 10, 24), datetime(2026, 10, 24, 22, tzinfo=UTC)),
            (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
            (date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
            (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ],
    )
    def test_a_day_ends_with_the_clocks_of_its_zone_when_they_change(self, day, ends):
        closes_at = times.day_end(day, BRUSSELS)
        assert closes_at == ends
        CallFactory(closes_on=day, closes_at=closes_at, opens_at=closes_at - timedelta(days=20))
        assert notices.handle_deadlines(now=ends - MOMENT) == 0
        assert notices.handle_deadlines(now=ends) == 1

    def test_the_hour_that_the_clocks_show_twice_is_two_hours(self):
        first, second = (datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=BRUSSELS) for fold in (0, 1))
        call = CallFactory(closes_at=second, opens_at=NOW)
        assert notices.handle_deadlines(now=first) == 0
        assert notices.handle_deadlines(now=second) == 1
        call.refresh_from_db()
        assert call.closes_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


class TestUnproven:
    def test_one_reminder_a_day_after_the_form(self):
        registration = RegistrationFactory(unproven=True, sent_at=NOW)
        due = NOW + timedelta(hours=24)
        assert notices.remind_unproven(now=due - MOMENT) == 0
        assert notices.remind_unproven(now=due) == 1
        assert notices.remind_unproven(now=due + timedelta(days=1)) == 0
        assert mails(MailKind.PROVE_REMINDER).get().registration == registration

    def test_when_the_deadline_is_near_the_reminder_comes_earlier(self):
        call = CallFactory(closes_at=NOW + timedelta(hours=10))
        RegistrationFactory(unproven=True, call=call, sent_at=NOW)
        assert notices.remind_unproven(now=NOW + timedelta(minutes=59)) == 0
        assert notices.remind_unproven(now=NOW + timedelta(hours=1)) == 1

    def test_nobody_is_reminded_of_what_cannot_be_done_any_more(self):
        call = CallFactory(closes_at=NOW - timedelta(hours=24))
        RegistrationFactory(unproven=True, call=call)
        assert notices.remind_unproven(now=NOW - MOMENT) == 1
        RegistrationFactory(unproven=True, call=call)
        assert notices.remind_unproven(now=NOW) == 0
        RegistrationFactory(unproven=True, call=CallFactory(event__cancelled=True))
        assert notices.remind_unproven(now=NOW) == 0


class TestAnswers:
    def test_one_reminder_two_days_before_the_answer_is_due(self):
        registration = RegistrationFactory(selected=True, answer_by=NOW + timedelta(hours=48))
        assert notices.remind_unanswered(now=NOW - MOMENT) == 0
        assert notices.remind_unanswered(now=NOW) == 1
        assert notices.remind_unanswered(now=NOW + timedelta(hours=1)) == 0
        mail = mails(MailKind.ANSWER_REMINDER).get()
        assert (mail.registration, mail.facts["answer_day"]) == (registration, "3 September")

    @pytest.mark.parametrize(
        ("hours", "half"), [(1, 0.5), (24, 12), (36, 18), (48, 24), (95, 47.5), (96, 48), (120, 72)]
    )
    def test_the_reminder_waits_until_half_of_the_time_to_answer_is_over(self, hours, half):
        answer_by, due = NOW + timedelta(hours=hours), NOW + timedelta(hours=half)
        RegistrationFactory(selected=True, state_changed_at=NOW, answer_by=answer_by)
        assert notices.remind_unanswered(now=due - MOMENT) == 0
        assert notices.remind_unanswered(now=due) == 1
        assert notices.remind_unanswered(now=answer_by) == 0

    @pytest.mark.parametrize(
        ("hours", "gone"), [(1, 20.5), (24, 32), (36, 38), (40, 40), (48, 48), (96, 96), (120, 120)]
    )
    def test_who_has_little_time_is_reminded_before_the_place_goes_on_and_it_does_go_on(self, hours, gone):
        """Every half hour, as the scans run: when the time is over, and a reminder is twenty hours old."""
        call = CallFactory(asks_to_confirm=True, capacity=1, gives_on_unanswered=True)
        silent = RegistrationFactory(
            call=call, selected=True, state_changed_at=NOW, answer_by=NOW + timedelta(hours=hours)
        )
        half_hours = 0
        while states(silent) == [State.SELECTED] and half_hours < 300:
            now = NOW + half_hours * timedelta(minutes=30)
            notices.give_on_unanswered(now=now)
            notices.remind_unanswered(now=now)
            mails(MailKind.ANSWER_REMINDER).filter(state=MailState.QUEUED).update(state=MailState.SENT, sent_at=now)
            half_hours += 1
        assert (half_hours - 1) / 2 == gone
        reminder = mails(MailKind.ANSWER_REMINDER).get()
        assert NOW + timedelta(hours=gone) - reminder.sent_at >= timedelta(hours=20)

    def test_a_reminder_that_the_scan_missed_comes_late_with_a_new_date(self):
        RegistrationFactory(selected=True, answer_by=NOW - timedelta(days=1))
        assert notices.remind_unanswered(now=NOW) == 1
        assert notices.remind_unanswered(now=NOW + timedelta(hours=1)) == 0
        assert mails(MailKind.ANSWER_REMINDER).get().facts["answer_day"] == "2 September"

    def test_who_was_reminded_late_has_time_to_answer(self):
        self.an_unanswered_place()
        mails(MailKind.ANSWER_REMINDER).update(sent_at=NOW)
        assert notices.give_on_unanswered(now=NOW + timedelta(hours=19)) == 0
        assert notices.give_on_unanswered(now=NOW + timedelta(hours=21)) == 1
        assert mails(MailKind.PLACE_GIVEN_ON).get().facts["answer_by"] == "1 September, 14:00"

    def test_a_reminder_of_an_earlier_selection_does_not_count(self):
        silent, _ = self.an_unanswered_place()
        Registration.objects.filter(pk=silent.pk).update(state_changed_at=NOW + timedelta(minutes=1))
        assert notices.give_on_unanswered(now=NOW + timedelta(days=1)) == 0

    def an_unanswered_place(self, *, reminder=MailState.SENT, **call):
        call = CallFactory(asks_to_confirm=True, capacity=1, **{"gives_on_unanswered": True, **call})
        silent = RegistrationFactory(call=call, selected=True, answer_by=NOW)
        if reminder:
            sent_at = NOW - timedelta(days=1) if reminder == MailState.SENT else None
            OutgoingMailFactory(registration=silent, kind=MailKind.ANSWER_REMINDER, state=reminder, sent_at=sent_at)
        return silent, RegistrationFactory(call=call, on_list=True)

    def test_an_unanswered_place_is_given_on_to_the_next_of_the_list(self):
        silent, waiting = self.an_unanswered_place()
        assert notices.give_on_unanswered(now=NOW - MOMENT) == 0
        assert notices.give_on_unanswered(now=NOW) == 1
        assert notices.give_on_unanswered(now=NOW) == 0
        assert states(silent, waiting) == [State.LAPSED, State.SELECTED]
        assert mails(MailKind.PLACE_GIVEN_ON).get().registration == silent
        assert silent.transitions.get().by is None

    @pytest.mark.parametrize("reminder", [None, MailState.QUEUED, MailState.REFUSED])
    def test_not_without_a_reminder_that_was_sent(self, reminder):
        silent, _ = self.an_unanswered_place(reminder=reminder)
        assert notices.give_on_unanswered(now=NOW) == 0
        assert states(silent) == [State.SELECTED]

    def test_not_where_the_call_leaves_it_to_its_organisers(self):
        silent, _ = self.an_unanswered_place(gives_on_unanswered=False)
        assert notices.give_on_unanswered(now=NOW) == 0
        assert states(silent) == [State.SELECTED]


class TestLists:
    def test_everyone_on_the_list_is_told_at_its_date_that_it_has_closed(self):
        call = CallFactory(list_closes_at=NOW, capacity=1)
        holder = RegistrationFactory(call=call)
        waiting = RegistrationFactory.create_batch(2, call=call, on_list=True)
        assert notices.close_lists(now=NOW - MOMENT) == 0
        assert notices.close_lists(now=NOW) == 2
        assert notices.close_lists(now=NOW + timedelta(days=2)) == 0
        assert states(holder, *waiting) == [State.CONFIRMED, State.DECLINED, State.DECLINED]
        assert mails(MailKind.LIST_CLOSED).count() == 2
        assert {t.act for r in waiting for t in r.transitions.all()} == {Act.CLOSE_LIST}

    def test_without_a_date_of_its_own_a_list_closes_a_day_before_the_event(self):
        RegistrationFactory(on_list=True)
        closing = STARTS_AT - timedelta(hours=24)
        assert notices.close_lists(now=closing - MOMENT) == 0
        assert notices.close_lists(now=closing) == 1


def change(event, *, by, starts_at=None, now=NOW, **fields):
    for name, value in fields.items():
        setattr(event, name, value)
    first = starts_at or STARTS_AT
    session = events.Stretch(first, first + timedelta(hours=1, minutes=30))
    return events.revise(event=event, sessions=[session], by=by, now=now)


class TestChanges:
    @pytest.fixture
    def registration(self):
        """Somebody who came by the form, so that what the event said then is known."""
        link = intake.submit(call=CallFactory(), person=person(), answers={}, now=NOW, received_at=NOW).link
        return intake.prove(registration=link.registration, version=1, now=NOW)

    @pytest.fixture
    def event(self, registration):
        return registration.call.event

    def test_a_new_time_is_told_once_with_the_old_one(self, event):
        assert change(event, starts_at=STARTS_AT + timedelta(days=1), by=UserFactory())
        assert notices.tell_changes(now=NOW) == 1
        assert notices.tell_changes(now=NOW + timedelta(minutes=1)) == 0
        facts = mails(MailKind.EVENT_CHANGED).get().facts
        assert "29 September" in facts["old_when"]
        assert "30 September" in facts["when"]
        assert facts["change"] == "the time"
        assert facts["calendar"]["sequence"] == 2

    def test_two_changes_before_a_late_scan_are_told_as_one(self, event):
        organiser = UserFactory()
        change(event, starts_at=STARTS_AT + timedelta(days=1), by=organiser)
        change(event, starts_at=STARTS_AT + timedelta(days=1), platform="Zoom", by=organiser)
        assert notices.tell_changes(now=NOW + timedelta(days=2)) == 1
        assert mails(MailKind.EVENT_CHANGED).get().facts["change"] == "the time and where it takes place"

    def test_other_words_on_the_page_are_told_to_nobody(self, event):
        assert not change(event, summary="Other words.", by=UserFactory())
        assert notices.tell_changes(now=NOW) == 0

    def test_only_those_who_expect_the_event_are_told(self, registration, event):
        call = registration.call
        expecting = [RegistrationFactory(call=call, **{trait: True}) for trait in ("submitted", "selected", "on_list")]
        for trait in ("unproven", "declined", "withdrawn"):
            RegistrationFactory(call=call, **{trait: True})
        change(event, platform="Zoom", by=UserFactory())
        notices.tell_changes(now=NOW)
        assert {m.registration for m in mails(MailKind.EVENT_CHANGED)} == {registration, *expecting}

    def test_an_event_that_is_over_or_cancelled_tells_of_no_change(self, event):
        change(event, platform="Zoom", by=UserFactory())
        assert notices.tell_changes(now=STARTS_AT + timedelta(days=1)) == 0
        change(event, platform="WebEx", by=UserFactory())
        events.cancel(event=event, by=UserFactory(), now=NOW)
        assert notices.tell_changes(now=NOW) == 0

    def test_an_event_without_people_is_remembered_as_it_is(self):
        event = CallFactory().event
        assert notices.tell_changes(now=NOW) == 0
        assert ToldEvent.objects.get().event == event


class TestCancellation:
    def test_everyone_who_expects_the_event_is_told_once_and_places_are_free(self):
        call = CallFactory(capacity=5)
        people = [
            RegistrationFactory(call=call, **{trait: True})
            for trait in ("submitted", "selected", "confirmed", "on_list", "unproven", "declined", "withdrawn")
        ]
        events.cancel(event=call.event, by=UserFactory(), now=NOW)
        assert notices.tell_cancellations(now=NOW) == 5
        assert notices.tell_cancellations(now=NOW) == 0
        assert states(*people) == [State.CANCELLED] * 5 + [State.DECLINED, State.WITHDRAWN]
        # Who never proved the address is told nothing: a stranger may have typed it.
        assert mails(MailKind.EVENT_CANCELLED).count() == 4
        call.refresh_from_db()
        assert call.places_taken == 0

    def test_what_was_not_sent_yet_is_not_sent_any_more(self):
        registration = RegistrationFactory()
        unsent = OutgoingMailFactory(registration=registration, kind=MailKind.EVENT_REMINDER)
        events.cancel(event=registration.call.event, by=UserFactory(), now=NOW)
        notices.tell_cancellations(now=NOW)
        unsent.refresh_from_db()
        assert unsent.state == MailState.CANCELLED


class TestReminders:
    DUE = STARTS_AT - timedelta(hours=24)

    def test_confirmed_people_are_reminded_once_a_day_before(self):
        registration = RegistrationFactory()
        RegistrationFactory(call=registration.call, on_list=True)
        assert notices.remind_of_events(now=self.DUE - MOMENT) == 0
        assert notices.remind_of_events(now=self.DUE) == 1
        assert notices.remind_of_events(now=self.DUE + timedelta(hours=1)) == 0
        mail = mails(MailKind.EVENT_REMINDER).get()
        assert (mail.registration, mail.useless_after) == (registration, STARTS_AT)

    def test_who_is_confirmed_in_the_last_day_is_reminded_at_once(self):
        registration = RegistrationFactory()
        notices.remind_of_events(now=self.DUE)
        RegistrationFactory(call=registration.call)
        assert notices.remind_of_events(now=STARTS_AT - timedelta(hours=1)) == 1

    def test_when_it_has_begun_nobody_is_reminded(self):
        RegistrationFactory()
        assert notices.remind_of_events(now=STARTS_AT) == 0

    def test_a_missing_join_link_is_an_alarm_to_the_organisers_and_no_mail_without_link(self):
        call = CallFactory(event__join_link="")
        RegistrationFactory(call=call)
        assert notices.remind_of_events(now=self.DUE) == 1
        assert notices.remind_of_events(now=self.DUE + timedelta(minutes=1)) == 0
        alarm = OutgoingMail.objects.get()
        assert (alarm.kind, alarm.registration, alarm.call) == (MailKind.JOIN_LINK_MISSING, None, call)

        call.event.join_link = "https://meet.example.org/room"
        call.event.save()
        assert notices.remind_of_events(now=self.DUE + timedelta(minutes=2)) == 1
        assert mails(MailKind.EVENT_REMINDER).count() == 1

    def test_nobody_is_alarmed_for_an_event_that_nobody_attends_or_that_has_a_door(self):
        CallFactory(event__join_link="")
        assert notices.remind_of_events(now=self.DUE) == 0
        RegistrationFactory(call=CallFactory(event=EventFactory(onsite=True)))
        assert notices.remind_of_events(now=self.DUE) == 1
        assert mails(MailKind.EVENT_REMINDER).count() == 1

    def test_an_event_that_was_put_off_reminds_again(self):
        registration = RegistrationFactory()
        notices.remind_of_events(now=self.DUE)
        session = registration.call.event.sessions.get()
        session.starts_at += timedelta(days=7)
        session.ends_at += timedelta(days=7)
        session.save()
        assert notices.remind_of_events(now=self.DUE + timedelta(days=7)) == 1

    def test_a_cancelled_event_reminds_nobody(self):
        RegistrationFactory(call=CallFactory(event__cancelled=True))
        assert notices.remind_of_events(now=self.DUE) == 0


class TestOutcomes:
    @pytest.fixture
    def call(self):
        return CallFactory(event__sessions=[(NOW - timedelta(days=9), NOW - timedelta(days=9, hours=-2))], closed=True)

    def publish(self, call, **details):
        publication = PublicationFactory(**details)
        publication.events.add(call.event)
        return publication

    def test_who_took_part_is_told_once(self, call):
        came = [RegistrationFactory(call=call), RegistrationFactory(call=call, state=State.ATTENDED)]
        for other in (State.ABSENT, State.DECLINED, State.WITHDRAWN):
            RegistrationFactory(call=call, state=other)
        self.publish(call)
        assert notices.tell_outcomes(now=NOW) == 2
        assert notices.tell_outcomes(now=NOW + timedelta(days=1)) == 0
        assert {m.registration for m in mails(MailKind.OUTCOME_PUBLISHED)} == set(came)

    def test_a_publication_of_the_future_is_told_when_it_is_out(self, call):
        RegistrationFactory(call=call)
        self.publish(call, published_at=NOW + timedelta(hours=1))
        assert notices.tell_outcomes(now=NOW + timedelta(hours=1) - MOMENT) == 0
        assert notices.tell_outcomes(now=NOW + timedelta(hours=1)) == 1

    def test_an_archive_and_a_draft_are_told_to_nobody(self, call):
        RegistrationFactory(call=call)
        self.publish(call, published_at=NOW - timedelta(days=30))
        self.publish(call, draft=True)
        assert notices.tell_outcomes(now=NOW) == 0

    def test_the_outcome_of_a_hidden_event_is_told_when_it_is_shown_again(self, call):
        RegistrationFactory(call=call)
        self.publish(call)
        events.hide(event=call.event, by=UserFactory(), now=NOW)
        assert notices.tell_outcomes(now=NOW) == 0
        events.show(event=call.event, by=UserFactory(), now=NOW)
        assert notices.tell_outcomes(now=NOW) == 1


class TestAllScans:
    def test_they_count_what_they_did_and_do_nothing_the_second_time(self):
        call = CallFactory(closed=True, list_closes_at=NOW)
        RegistrationFactory(call=call, on_list=True)
        counts = notices.run_scans(now=NOW)
        assert (counts["handle_deadlines"], counts["close_lists"]) == (1, 1)
        assert set(notices.run_scans(now=NOW).values()) == {0}

    def test_one_that_fails_does_not_keep_the_others(self, monkeypatch):
        def handle_deadlines(*, now):
            raise RuntimeError("broken")

        monkeypatch.setattr(notices, "handle_deadlines", handle_deadlines)
        waiting = RegistrationFactory(call=CallFactory(list_closes_at=NOW), on_list=True)
        with pytest.raises(ExceptionGroup, match="others are done") as failed:
            notices.run_scans(now=NOW)
        assert [str(failure) for failure in failed.value.exceptions] == ["broken"]
        assert states(waiting) == [State.DECLINED]

    def test_a_scan_breaks_between_calls_not_within_one(self, monkeypatch):
        """What was done for one call stays done when the next one fails."""
        first, second = (RegistrationFactory(call=CallFactory(list_closes_at=NOW), on_list=True) for _ in range(2))
        move_many = notices.workflow.move_many

        def breaks_at_the_second(*, call, **details):
            if call == second.call:
                raise RuntimeError
            return move_many(call=call, **details)

        monkeypatch.setattr(notices.workflow, "move_many", breaks_at_the_second)
        with pytest.raises(RuntimeError):
            notices.close_lists(now=NOW)
        monkeypatch.undo()
        assert sorted(states(first, second)) in ([State.DECLINED, State.RESERVE], [State.RESERVE, State.RESERVE])
        assert notices.close_lists(now=NOW) >= 1
        assert states(first, second) == [State.DECLINED, State.DECLINED]


def test_organisers_hear_at_the_mailbox_of_their_call():
    call = CallFactory(closed=True, organisers=[UserFactory(role=Role.ORGANISER)], reply_to="desk@example.org")
    notices.handle_deadlines(now=NOW)
    assert OutgoingMail.objects.get().call.reply_to == call.reply_to == "desk@example.org"
