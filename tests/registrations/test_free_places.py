"""A place that became free: who gets it by itself, who is offered it, whom one telephones."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from registrations import free_places
from registrations.enums import Act, Channel, MailKind, Outcome, State
from registrations.models import OutgoingMail, Registration, Release, SelectionSettings
from registrations.services import calls, notices, places, releasing, selection, workflow
from tests.factories import (
    NOW,
    CallFactory,
    DecisionFactory,
    RegistrationFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import LIST, call_page, set_clock, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


def released_call(organiser, *, capacity=1, settings=None, **details):
    call = CallFactory(selective=True, closed=True, capacity=capacity, organisers=[organiser], **details)
    DecisionFactory(registration=RegistrationFactory(call=call, declined=True), released=True)
    if settings is not None:
        SelectionSettings.objects.create(call=call, **settings)
    return call


@pytest.fixture
def call(organiser):
    """One place, free; nobody moves up by itself."""
    return released_call(organiser, settings={"promotes_by_itself": False})


def state_of(registration):
    return Registration.objects.get(pk=registration.pk).state


def starts_at(call):
    return call.event.sessions.get().starts_at


class TestByItself:
    def give_up(self, call, *, before):
        holder, waiting = RegistrationFactory(call=call), RegistrationFactory(call=call, on_list=True)
        places.withdraw(registration=holder, now=starts_at(call) - before)
        return state_of(waiting)

    def test_the_next_of_the_released_order_moves_up(self, organiser):
        assert self.give_up(released_call(organiser), before=3 * DAY) == State.CONFIRMED

    def test_where_an_organiser_gives_free_places_nobody_does(self, call):
        assert self.give_up(call, before=3 * DAY) == State.RESERVE

    @pytest.mark.parametrize(
        ("before", "state"), [(timedelta(hours=48, microseconds=1), State.CONFIRMED), (2 * DAY, State.RESERVE)]
    )
    def test_in_the_last_hours_nobody_does(self, organiser, before, state):
        assert self.give_up(released_call(organiser, settings={"telephone_hours": 48}), before=before) == state

    def test_who_did_not_answer_frees_the_place_for_the_organiser_to_give(self, organiser):
        call = released_call(
            organiser, settings={"promotes_by_itself": False}, confirm_within_days=3, gives_on_unanswered=True
        )
        late = RegistrationFactory(call=call, selected=True, answer_by=NOW)
        waiting = RegistrationFactory(call=call, on_list=True)
        notices.remind_unanswered(now=NOW)
        OutgoingMail.objects.update(state="sent", sent_at=NOW)
        notices.give_on_unanswered(now=NOW + DAY)
        assert (state_of(late), state_of(waiting)) == (State.LAPSED, State.RESERVE)

    def test_beyond_the_places_nobody_moves_up_even_where_more_were_invited(self, organiser):
        call = released_call(organiser, places_limit=3)
        RegistrationFactory.create_batch(2, call=call)
        assert self.give_up(call, before=3 * DAY) == State.RESERVE

    def test_letting_it_happen_by_itself_gives_the_places_that_stand_free(self, call, organiser):
        waiting = RegistrationFactory(call=call, on_list=True)
        wanted = {"needs_second_person": False, "deputy": None, "telephone_hours": 0}
        calls.set_selection(call=call, promotes_by_itself=True, by=organiser, now=NOW, **wanted)
        assert state_of(waiting) == State.CONFIRMED


class TestOffering:
    def offer(self, registration, by, reason=""):
        return places.offer(registration=registration, reason=reason, by=by, now=NOW)

    def test_the_next_on_the_list_is_told_by_mail_and_the_trace_names_who_offered(self, call, organiser):
        waiting = RegistrationFactory(call=call, on_list=True)
        self.offer(waiting, organiser)
        trace = waiting.transitions.get()
        assert (trace.act, trace.by, trace.target) == (Act.PROMOTE, organiser, State.CONFIRMED)
        assert OutgoingMail.objects.get().kind == MailKind.PROMOTED

    @pytest.mark.both_databases
    def test_one_place_is_offered_to_one_person(self, call, organiser):
        first, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
        call.confirm_within_days = 3
        call.save()
        self.offer(first, organiser)
        with pytest.raises(workflow.CallFull, match="one person at a time"):
            self.offer(second, organiser)
        assert (state_of(first), state_of(second)) == (State.SELECTED, State.RESERVE)
        places.withdraw(registration=first, now=NOW)
        self.offer(second, organiser)
        assert state_of(second) == State.SELECTED

    def test_beyond_the_places_none_is_offered_even_where_more_may_be_invited(self, organiser):
        call = released_call(organiser, places_limit=5, settings={"promotes_by_itself": False})
        RegistrationFactory(call=call)
        with pytest.raises(workflow.CallFull):
            self.offer(RegistrationFactory(call=call, on_list=True), organiser)

    def test_who_is_not_the_next_takes_a_reason(self, call, organiser):
        first, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
        with pytest.raises(places.OutOfOrder, match=first.reference):
            self.offer(second, organiser, reason=" ")
        self.offer(second, organiser, reason="The only one from the police.")
        assert second.transitions.get().reason == "The only one from the police."

    def test_who_is_not_on_the_list_is_offered_nothing(self, call, organiser):
        with pytest.raises(workflow.IllegalMove):
            self.offer(RegistrationFactory(call=call, declined=True), organiser, reason="why")

    def test_while_a_release_waits_its_places_are_not_given_away(self, call, organiser):
        waiting, late = RegistrationFactory(call=call, on_list=True), RegistrationFactory(call=call, submitted=True)
        selection.stage(registrations=[late], outcome=Outcome.SELECT, reason="Fits.", by=organiser, now=NOW)
        releasing.give(call=call, by=organiser, now=NOW)
        with pytest.raises(workflow.ReleaseWaits):
            self.offer(waiting, organiser)
        Release.objects.all().delete()
        self.offer(waiting, organiser)

    def test_in_the_last_hours_none_is_offered_by_mail(self, organiser):
        call = released_call(organiser, settings={"telephone_hours": 720})
        waiting = RegistrationFactory(call=call, on_list=True)
        with pytest.raises(places.OnlyByTelephone):
            self.offer(waiting, organiser)
        assert not OutgoingMail.objects.exists()

    @pytest.mark.parametrize(("hours", "before"), [(0, 12), (48, 48)])
    def test_the_mail_asks_for_an_answer_before_one_begins_to_telephone(self, organiser, hours, before):
        settings = {"promotes_by_itself": False, "telephone_hours": hours}
        call = released_call(organiser, settings=settings, confirm_within_days=30)
        waiting = RegistrationFactory(call=call, on_list=True)
        self.offer(waiting, organiser)
        waiting.refresh_from_db()
        assert waiting.answer_by == starts_at(call) - timedelta(hours=before)
        assert OutgoingMail.objects.get().facts["answer_by"] in ("28 September, 22:00", "27 September, 10:00")

    def test_nobody_is_asked_to_answer_after_the_event_has_begun(self, organiser):
        call = released_call(organiser, settings={"promotes_by_itself": False}, confirm_within_days=30)
        waiting = RegistrationFactory(call=call, on_list=True)
        places.offer(registration=waiting, reason="", by=organiser, now=starts_at(call) - timedelta(minutes=20))
        waiting.refresh_from_db()
        assert waiting.answer_by == starts_at(call)


class TestTelephoning:
    def note(self, registration, by, *, comes):
        return places.note_call(registration=registration, comes=comes, reason="", by=by, now=NOW)

    @pytest.fixture
    def call(self, organiser):
        return released_call(organiser, settings={"telephone_hours": 720}, confirm_within_days=3)

    def test_who_comes_is_confirmed_at_once(self, call, organiser):
        waiting = RegistrationFactory(call=call, on_list=True)
        self.note(waiting, organiser, comes=True)
        trace = waiting.transitions.get()
        assert (trace.channel, trace.by, state_of(waiting)) == (Channel.TELEPHONE, organiser, State.CONFIRMED)
        assert OutgoingMail.objects.get().facts["must_answer"] is False

    def test_who_does_not_come_leaves_the_list_and_nobody_else_moves(self, call, organiser):
        first, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
        self.note(first, organiser, comes=False)
        assert (state_of(first), state_of(second)) == (State.WITHDRAWN, State.RESERVE)
        assert first.transitions.get().channel == Channel.TELEPHONE

    def test_who_says_no_and_is_not_on_the_list_any_more_is_not_given_a_place(self, call, organiser):
        waiting = RegistrationFactory(call=call, on_list=True)
        Registration.objects.update(state=State.CONFIRMED)
        with pytest.raises(places.NotOnList, match="“Confirmed” and not on the list any more"):
            self.note(waiting, organiser, comes=False)
        assert state_of(waiting) == State.CONFIRMED

    def test_a_place_that_is_taken_is_not_given_by_telephone_either(self, call, organiser):
        RegistrationFactory(call=call)
        with pytest.raises(workflow.CallFull):
            self.note(RegistrationFactory(call=call, on_list=True), organiser, comes=True)


class TestTheBalance:
    def test_who_mends_comes_first_who_breaks_last_then_score_then_order(self, organiser):
        call = released_call(organiser, capacity=4, settings={"promotes_by_itself": False})
        SelectionRuleFactory(call=call, attribute="profession", value="police", minimum=2, maximum=None, weight=3)
        SelectionRuleFactory(call=call, attribute="country", value="*", maximum=1)
        RegistrationFactory(call=call, country="LV")
        people = {
            name: RegistrationFactory(call=call, on_list=True, country=country, profession=profession, score=score)
            for name, country, profession, score in [
                ("breaks", "LV", "police", 99.0),
                ("low", "FR", "prison", 10.0),
                ("high", "FR", "prison", 80.0),
                ("mends", "DE", "police", 5.0),
                ("none", "DE", "prison", None),
            ]
        }
        found = free_places.candidates(call)
        names = {person.pk: name for name, person in people.items()}
        assert [names[c.registration.pk] for c in found.best] == ["mends", "high", "low", "none", "breaks"]
        assert [names[c.registration.pk] for c in found.listed] == ["breaks", "low", "high", "mends", "none"]
        assert found.missed == ["Profession Police: 0 of at least 2"]
        assert found.best[0].words == "Mends Profession Police: 0 of at least 2; score 5 %; number 4 on the list."
        assert found.best[-1].words == (
            "Mends Profession Police: 0 of at least 2; would break Country Latvia: 1 of at most 1; score 99 %; "
            "number 1 on the list."
        )

    def test_what_the_words_say_comes_true_when_the_place_is_given(self, organiser):
        call = released_call(organiser, capacity=2, settings={"promotes_by_itself": False})
        SelectionRuleFactory(call=call, attribute="first_time", value="true", minimum=1, maximum=None)
        waiting = RegistrationFactory(call=call, on_list=True)
        assert free_places.candidates(call).missed == ["First time First time: 0 of at least 1"]
        places.offer(registration=waiting, reason="", by=organiser, now=NOW)
        assert free_places.candidates(call).missed == []

    def test_who_has_said_nothing_is_in_no_group(self, organiser):
        call = released_call(organiser, settings={"promotes_by_itself": False})
        SelectionRuleFactory(call=call, attribute="organisation", value="*", maximum=1)
        RegistrationFactory(call=call, identity__organisation="")
        RegistrationFactory(call=call, on_list=True, identity__organisation="")
        RegistrationFactory(call=call, on_list=True, identity__organisation="Example clinic")
        assert [candidate.breaks for candidate in free_places.candidates(call).listed] == [(), ()]


class TestThePage:
    def test_a_place_is_offered_from_it(self, organiser):
        call = released_call(organiser, capacity=2, settings={"promotes_by_itself": False})
        RegistrationFactory(call=call)
        waiting = RegistrationFactory(call=call, on_list=True)
        client = signed_in(organiser)
        page = client.get(call_page(call, "free-places/"))
        assert "1 place is free" in page.content.decode()
        assert "Free places (1)" in page.content.decode()
        done = client.post(call_page(call, "free-places/"), {"person": waiting.pk, "act": "offer"}, follow=True)
        assert f"The place is offered to {waiting.reference}" in done.content.decode()
        assert "No place is free" not in done.content.decode()
        assert state_of(waiting) == State.CONFIRMED

    def test_a_refusal_is_said_and_nothing_typed_is_lost(self, call, organiser):
        _, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
        client = signed_in(organiser)
        nobody = client.post(call_page(call, "free-places/"), {"act": "offer", "reason": "Because"})
        assert (nobody.status_code, "Please choose a person" in nobody.content.decode()) == (422, True)
        assert "Because" in nobody.content.decode()
        early = client.post(call_page(call, "free-places/"), {"act": "offer", "person": second.pk})
        assert (early.status_code, "is the next on the list" in early.content.decode()) == (409, True)
        assert "checked" in early.content.decode()

    def test_people_of_other_calls_are_not_given_places_here(self, call, organiser):
        stranger = RegistrationFactory(on_list=True)
        answer = signed_in(organiser).post(
            call_page(call, "free-places/"), {"act": "offer", "person": stranger.pk, "reason": "r"}
        )
        assert answer.status_code == 422
        assert state_of(stranger) == State.RESERVE

    def test_in_the_last_hours_it_offers_the_telephone_alone(self, organiser):
        call = released_call(organiser, settings={"telephone_hours": 720})
        first, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
        client = signed_in(organiser)
        text = client.get(call_page(call, "free-places/")).content.decode()
        assert "by telephone only" in text
        assert "Offer the place" not in text
        forged = client.post(call_page(call, "free-places/"), {"act": "offer", "person": first.pk})
        assert forged.status_code == 409
        client.post(call_page(call, "free-places/"), {"act": "comes-not", "person": first.pk})
        client.post(call_page(call, "free-places/"), {"act": "comes", "person": second.pk})
        assert (state_of(first), state_of(second)) == (State.WITHDRAWN, State.CONFIRMED)

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_takes_as_many_queries_for_three_as_for_one(self, call, organiser, number, django_assert_num_queries):
        SelectionRuleFactory(call=call)
        RegistrationFactory.create_batch(number, call=call, on_list=True)
        client = signed_in(organiser)
        with django_assert_num_queries(QUERIES):
            client.get(call_page(call, "free-places/"))

    def test_it_is_one_of_the_pages_of_the_call(self, call, organiser):
        text = signed_in(organiser).get(f"{LIST}?call={call.pk}").content.decode()
        assert call_page(call, "free-places/") in text


QUERIES = 23
