"""A release is given, can be taken back for a quarter of an hour, and is then carried out once."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from events.models import Call, Event
from registrations.enums import MailKind, Outcome, ParticipantRole, State
from registrations.mail import outbox
from registrations.models import Decision, OutgoingMail, Registration, Release, SelectionSettings, Transition
from registrations.services import calls, places, releasing, selection, workflow
from tests.factories import NOW, CallFactory, DecisionFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
DUE = NOW + releasing.RECALL
A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def call(organiser):
    return CallFactory(selective=True, closed=True, capacity=2, organisers=[organiser])


def staged(call, by, outcome=Outcome.SELECT, number=1):
    people = RegistrationFactory.create_batch(number, call=call, submitted=True)
    selection.stage(registrations=people, outcome=outcome, reason="Fits.", by=by, now=NOW)
    return people


def give(call, by, now=NOW):
    return releasing.give(call=call, by=by, now=now)


def states(*people):
    return [Registration.objects.get(pk=r.pk).state for r in people]


def rows():
    tables = (Registration, OutgoingMail, Transition, Decision, Release, Call)
    return [list(model.objects.order_by("pk").values()) for model in tables]


class TestGiving:
    def test_it_tells_nobody_and_moves_nobody_yet(self, call, organiser):
        (applicant,) = staged(call, organiser)
        release = give(call, organiser)
        assert (release.given_by, release.due_at) == (organiser, NOW + timedelta(minutes=15))
        assert states(applicant) == [State.SUBMITTED]
        assert not OutgoingMail.objects.exists()

    def test_a_second_click_is_the_first(self, call, organiser):
        staged(call, organiser)
        first = give(call, organiser)
        assert give(call, organiser, now=NOW + timedelta(minutes=1)) == first
        assert Release.objects.get().due_at == DUE

    def test_nothing_staged_is_nothing_to_release(self, call, organiser):
        with pytest.raises(releasing.NothingStaged):
            give(call, organiser)

    def test_before_the_deadline_it_is_refused(self, organiser):
        call = CallFactory(selective=True, organisers=[organiser])
        staged(call, organiser)
        with pytest.raises(selection.BeforeDeadline):
            give(call, organiser, now=call.closes_at - A_MOMENT)
        assert give(call, organiser, now=call.closes_at).due_at == call.closes_at + releasing.RECALL

    def test_too_many_are_refused_with_the_numbers(self, call, organiser):
        staged(call, organiser, number=3)
        with pytest.raises(selection.TooManySelected, match="3 people are to be selected, but 2 of 2"):
            give(call, organiser)
        assert not Release.objects.exists()

    def test_a_cancelled_event_has_nothing_to_release(self, call, organiser):
        staged(call, organiser)
        Event.objects.update(cancelled_at=NOW, cancelled_by=organiser)
        with pytest.raises(selection.EventCancelled):
            give(call, organiser)

    @pytest.mark.parametrize("role", [Role.ORGANISER, Role.PUBLISHER, Role.REVIEWER, Role.ADMINISTRATOR, None])
    def test_who_does_not_organise_the_call_does_not_release(self, call, organiser, role):
        staged(call, organiser)
        with pytest.raises(releasing.NotTheirs):
            give(call, UserFactory(role=role))

    def test_not_even_a_superuser_does_who_does_not_organise_it(self, call, organiser):
        staged(call, organiser)
        with pytest.raises(releasing.NotTheirs):
            give(call, UserFactory(administrator=True))


class TestTheSecondPerson:
    @pytest.fixture
    def deputy(self, call):
        deputy = UserFactory(role=Role.ORGANISER)
        SelectionSettings.objects.create(call=call, needs_second_person=True, deputy=deputy)
        return deputy

    def test_who_staged_any_of_them_does_not_release_and_hears_how_many(self, call, organiser, deputy):
        colleague = UserFactory(role=Role.ORGANISER)
        call.organisers.add(colleague)
        staged(call, colleague)
        staged(call, organiser, Outcome.DECLINE, number=2)
        with pytest.raises(releasing.SecondPersonNeeded, match="You staged or undid 2 of these decisions"):
            give(call, organiser)
        with pytest.raises(releasing.SecondPersonNeeded, match="You staged or undid 1 of these"):
            give(call, colleague)
        assert give(call, deputy).given_by == deputy

    def test_an_administrator_who_staged_is_no_second_person_either(self, call, deputy):
        administrator = UserFactory(administrator=True)
        call.organisers.add(administrator)
        staged(call, administrator)
        with pytest.raises(releasing.SecondPersonNeeded):
            give(call, administrator)

    def test_another_organiser_releases(self, call, organiser, deputy):
        colleague = UserFactory(role=Role.ORGANISER)
        call.organisers.add(colleague)
        staged(call, organiser)
        assert give(call, colleague).given_by == colleague

    def test_where_none_is_asked_who_staged_releases(self, call, organiser, deputy):
        SelectionSettings.objects.update(needs_second_person=False)
        staged(call, organiser)
        assert give(call, organiser)

    def test_what_somebody_staged_and_was_released_before_does_not_count(self, call, organiser, deputy):
        DecisionFactory(registration=RegistrationFactory(call=call), staged_by=deputy, released=True)
        staged(call, organiser)
        assert give(call, deputy)

    def test_a_deputy_whose_account_was_closed_does_not_release(self, call, organiser, deputy):
        staged(call, organiser)
        deputy.is_active = False
        with pytest.raises(releasing.NotTheirs):
            give(call, deputy)

    def test_who_undid_a_decision_does_not_release_until_somebody_else_has_decided(self, call, organiser, deputy):
        colleague = UserFactory(role=Role.ORGANISER)
        call.organisers.add(colleague)
        (undone,) = staged(call, organiser)
        staged(call, organiser)
        selection.unstage(registrations=[undone], by=colleague, now=NOW)
        with pytest.raises(releasing.SecondPersonNeeded, match="You staged or undid 1 of these decisions"):
            give(call, colleague)
        selection.stage(registrations=[undone], outcome=Outcome.DECLINE, reason="Full.", by=organiser, now=NOW)
        assert give(call, colleague)

    def test_what_was_undone_about_somebody_who_withdrew_does_not_count(self, call, organiser, deputy):
        (undone,) = staged(call, organiser)
        staged(call, organiser)
        selection.unstage(registrations=[undone], by=deputy, now=NOW)
        places.withdraw(registration=undone, now=NOW)
        assert give(call, deputy)

    @pytest.mark.parametrize("refusal", ["", "Too many."])
    def test_what_was_undone_before_a_release_counts_unless_that_was_carried_out(
        self, call, organiser, deputy, refusal
    ):
        (undone,) = staged(call, organiser)
        selection.unstage(registrations=[undone], by=deputy, now=NOW)
        Release.objects.create(call=call, given_at=NOW, due_at=DUE, done_at=DUE, refusal=refusal)
        staged(call, organiser)
        if not refusal:
            assert give(call, deputy, now=DUE)
            return
        with pytest.raises(releasing.SecondPersonNeeded):
            give(call, deputy, now=DUE)


class TestSwitchingTheSecondPersonOff:
    @pytest.fixture(autouse=True)
    def _wanted(self, call):
        SelectionSettings.objects.create(call=call, needs_second_person=True)

    def switch(self, call, by, *, on=False):
        calls.set_selection(
            call=call,
            needs_second_person=on,
            deputy=None,
            promotes_by_itself=True,
            telephone_hours=0,
            by=by,
            now=NOW,
        )
        return SelectionSettings.objects.get().needs_second_person

    def test_is_not_for_organisers_who_could_then_decide_alone(self, call, organiser):
        with pytest.raises(calls.SecondPersonStays, match="Only an administrator"):
            self.switch(call, organiser)
        assert SelectionSettings.objects.get().needs_second_person

    def test_an_organiser_switches_it_on_and_changes_what_stands_beside_it(self, call, organiser):
        assert self.switch(call, organiser, on=True)
        SelectionSettings.objects.update(needs_second_person=False)
        assert self.switch(call, organiser) is False
        assert self.switch(call, organiser, on=True)

    def test_an_administrator_may(self, call, organiser):
        staged(call, organiser)
        assert self.switch(call, UserFactory(role=Role.ADMINISTRATOR)) is False

    def test_an_administrator_who_staged_or_undid_may_not(self, call, organiser):
        administrator, other = UserFactory(administrator=True), UserFactory(administrator=True)
        (undone,) = staged(call, administrator)
        with pytest.raises(calls.SecondPersonStays, match="another administrator"):
            self.switch(call, administrator)
        selection.unstage(registrations=[undone], by=other, now=NOW)
        with pytest.raises(calls.SecondPersonStays, match="another administrator"):
            self.switch(call, other)
        assert self.switch(call, administrator) is False

    def test_what_was_staged_about_somebody_who_withdrew_does_not_keep_it(self, call):
        administrator = UserFactory(administrator=True)
        (gone,) = staged(call, administrator)
        places.withdraw(registration=gone, now=NOW)
        assert self.switch(call, administrator) is False


class TestWhileOneWaits:
    @pytest.mark.parametrize(
        "change",
        [
            lambda call, people, by: selection.stage(
                registrations=people, outcome=Outcome.DECLINE, reason="no", by=by, now=NOW
            ),
            lambda call, people, by: selection.unstage(registrations=people, by=by, now=NOW),
            lambda call, people, by: calls.change_capacity(call=call, capacity=9, by=by, now=NOW),
            lambda call, people, by: calls.over_invite(call=call, places_limit=9, by=by, now=NOW),
            lambda call, people, by: calls.extend_deadline(
                call=call, closes_at=NOW + timedelta(days=1), closes_on=None, by=by, now=NOW
            ),
            lambda call, people, by: calls.correct_deadline(
                call=call, closes_at=NOW - timedelta(minutes=1), closes_on=None, reason="r", now=NOW
            ),
            lambda call, people, by: calls.set_selection(
                call=call,
                needs_second_person=False,
                deputy=None,
                promotes_by_itself=False,
                telephone_hours=0,
                by=by,
                now=NOW,
            ),
            lambda call, people, by: places.change_role(
                registration=people[0], role=ParticipantRole.SPEAKER, is_counted=False, by=by, now=NOW
            ),
        ],
        ids=["stage", "unstage", "capacity", "over-invite", "extend", "correct", "settings", "role"],
    )
    def test_what_it_rests_on_stays_as_it_was_reviewed_until_it_is_taken_back(self, call, organiser, change):
        people = staged(call, organiser)
        give(call, organiser)
        before = rows()
        with pytest.raises(workflow.ReleaseWaits, match="1 September, 14:15"):
            change(call, people, organiser)
        assert rows() == before
        releasing.recall(call=call, by=organiser, now=NOW)
        change(call, people, organiser)

    def test_a_role_that_takes_as_many_places_is_still_given(self, call, organiser):
        (speaker,) = staged(call, organiser)
        give(call, organiser)
        places.change_role(registration=speaker, role=ParticipantRole.SPEAKER, is_counted=True, by=organiser, now=NOW)
        assert Registration.objects.get(pk=speaker.pk).role == ParticipantRole.SPEAKER

    def test_who_withdraws_stays_withdrawn(self, call, organiser):
        one, other = staged(call, organiser, number=2)
        give(call, organiser)
        places.withdraw(registration=one, now=NOW + timedelta(minutes=1))
        assert releasing.carry_out(now=DUE) == 1
        assert states(one, other) == [State.WITHDRAWN, State.CONFIRMED]
        assert Release.objects.get().selected == 1


class TestTakingBack:
    def test_nobody_is_told_and_everything_stays_staged(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        release = releasing.recall(call=call, by=organiser, now=DUE - A_MOMENT)
        assert (release.recalled_at, release.recalled_by) == (DUE - A_MOMENT, organiser)
        assert releasing.carry_out(now=DUE) == 0
        assert not OutgoingMail.objects.exists()
        assert Decision.objects.get().released_at is None

    def test_as_long_as_nothing_has_left_it_is_not_too_late(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        assert releasing.recall(call=call, by=organiser, now=DUE + timedelta(hours=1)).recalled_at

    def test_what_was_carried_out_is_not_taken_back(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        releasing.carry_out(now=DUE)
        with pytest.raises(releasing.TooLateToRecall, match="carried out on 1 September, 14:15"):
            releasing.recall(call=call, by=organiser, now=DUE)

    def test_where_none_waits_there_is_nothing_to_take_back(self, call, organiser):
        with pytest.raises(releasing.TooLateToRecall, match="No release is waiting"):
            releasing.recall(call=call, by=organiser, now=NOW)

    def test_strangers_do_not_take_it_back(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        with pytest.raises(releasing.NotTheirs):
            releasing.recall(call=call, by=UserFactory(role=Role.ORGANISER), now=NOW)
        assert Release.objects.get().recalled_at is None

    def test_after_it_one_may_be_given_again(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        releasing.recall(call=call, by=organiser, now=NOW)
        assert give(call, organiser, now=NOW + timedelta(hours=1)).due_at == DUE + timedelta(hours=1)


class TestCarryingOut:
    @pytest.mark.both_databases
    def test_states_and_mails_follow_at_its_hour_and_not_before_and_once(self, call, organiser):
        chosen, reserve = staged(call, organiser, number=2), staged(call, organiser, Outcome.RESERVE)
        others = staged(call, organiser, Outcome.DECLINE, number=3)
        give(call, organiser)
        before = rows()
        assert releasing.carry_out(now=DUE - A_MOMENT) == 0
        assert rows() == before

        assert releasing.carry_out(now=DUE) == 1

        assert states(*chosen, *reserve, *others) == ["confirmed"] * 2 + ["reserve"] + ["declined"] * 3
        release = Release.objects.get()
        assert (release.done_at, release.refusal) == (DUE, "")
        assert (release.selected, release.reserve, release.declined) == (2, 1, 3)
        assert set(Decision.objects.values_list("released_at", "released_by")) == {(DUE, organiser.pk)}
        assert OutgoingMail.objects.values("registration").distinct().count() == OutgoingMail.objects.count() == 6

        before = rows()
        assert releasing.carry_out(now=DUE + timedelta(days=1)) == 0
        assert rows() == before

    def test_too_many_by_now_ends_it_with_the_reason_and_moves_nobody(self, call, organiser):
        people = staged(call, organiser, number=2)
        give(call, organiser)
        RegistrationFactory(call=Call.objects.get(pk=call.pk))
        assert releasing.carry_out(now=DUE) == 0
        release = Release.objects.get()
        assert release.done_at == DUE
        assert release.refusal == "2 people are to be selected, but 1 of 2 places are left."
        assert states(*people) == [State.SUBMITTED] * 2
        assert not OutgoingMail.objects.exists()
        assert not Decision.objects.exclude(released_at=None).exists()

    def test_an_event_cancelled_meanwhile_ends_it(self, call, organiser):
        staged(call, organiser)
        give(call, organiser)
        Event.objects.update(cancelled_at=NOW, cancelled_by=organiser)
        assert releasing.carry_out(now=DUE) == 0
        assert "cancelled" in Release.objects.get().refusal
        assert not OutgoingMail.objects.exists()

    @pytest.mark.both_databases
    def test_one_that_breaks_in_the_middle_changes_nothing_keeps_no_other_and_is_tried_again(
        self, call, organiser, monkeypatch
    ):
        staged(call, organiser)
        staged(call, organiser, Outcome.DECLINE)
        give(call, organiser)
        other = CallFactory(selective=True, closed=True, organisers=[organiser])
        staged(other, organiser)
        give(other, organiser, now=NOW + timedelta(seconds=1))
        put_many, asked = outbox.put_many, []

        def breaks_at_the_second(*args, **kwargs):
            asked.append(1)
            if len(asked) == 2:
                raise RuntimeError
            return put_many(*args, **kwargs)

        monkeypatch.setattr(outbox, "put_many", breaks_at_the_second)
        later = DUE + timedelta(minutes=1)
        with pytest.raises(ExceptionGroup):
            releasing.carry_out(now=later)
        assert set(call.registrations.values_list("state", flat=True)) == {State.SUBMITTED}
        assert list(OutgoingMail.objects.values_list("call", "kind")) == [(other.pk, MailKind.SELECTED)]

        assert releasing.carry_out(now=later) == 1
        assert OutgoingMail.objects.filter(call=call).count() == 2


class TestOnTheCommandLine:
    def test_it_is_carried_out_at_once_and_kept_as_a_release_of_nobody(self, call, organiser):
        staged(call, organiser)
        assert releasing.release_at_once(call=call, now=NOW).total == 1
        release = Release.objects.get()
        assert (release.given_by, release.done_at, release.selected) == (None, NOW, 1)
        assert releasing.release_at_once(call=call, now=NOW).total == 0
        assert Release.objects.get() == release

    def test_where_a_second_person_is_wanted_somebody_must_have_given_it(self, call, organiser):
        deputy = UserFactory(role=Role.ORGANISER)
        SelectionSettings.objects.create(call=call, needs_second_person=True, deputy=deputy)
        (applicant,) = staged(call, organiser)
        with pytest.raises(releasing.SecondPersonNeeded, match="gives the release on the call's page"):
            releasing.release_at_once(call=call, now=NOW)
        assert states(applicant) == [State.SUBMITTED]

        give(call, deputy)
        assert releasing.release_at_once(call=call, now=NOW).total == 1
        assert Decision.objects.get().released_by == deputy
        assert Release.objects.get().done_at == NOW
        assert releasing.carry_out(now=DUE) == 0
