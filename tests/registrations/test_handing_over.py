"""Who works on a call: handing it over and back, and letting logistics in; what logistics sees."""

import pytest
from django.contrib.admin.models import LogEntry

from accounts.enums import Role
from events import times
from registrations import reports
from registrations.enums import AskedOf, Extra
from registrations.models import AccessEntry, LogisticsAssignment
from registrations.services import consents, handing_over
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.registrations.people_story import LIST, set_clock, signed_in

pytestmark = pytest.mark.django_db

SERVED = "/admin/registrations/logisticsassignment/"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def deputy():
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def helper():
    return UserFactory(role=Role.LOGISTICS)


@pytest.fixture
def call(organiser):
    return CallFactory(organisers=[organiser])


def team_of(call) -> str:
    return f"{SERVED}calls/{call.pk}/team/"


def traces() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def test_an_organiser_hands_over_and_leaves_and_the_deputy_hands_back(call, organiser, deputy):
    registration = RegistrationFactory(call=call, submitted=True)
    answer = signed_in(organiser).post(team_of(call), {"act": "hand_over", "to": deputy.pk, "leaves": "on"})
    assert answer.headers["Location"] == f"{LIST}calls/"
    assert list(call.organisers.all()) == [deputy]
    assert signed_in(organiser).get(f"{LIST}{registration.pk}/change/").status_code == 404
    assert signed_in(deputy).get(f"{LIST}{registration.pk}/change/").status_code == 200

    signed_in(deputy).post(team_of(call), {"act": "hand_over", "to": organiser.pk})
    assert set(call.organisers.all()) == {organiser, deputy}
    assert traces() == [
        f"Handed over to {deputy.email}; {organiser.email} organises it no longer.",
        f"Handed over to {organiser.email}.",
    ]
    assert set(LogEntry.objects.values_list("action_time", flat=True)) == {NOW}


def test_who_stays_takes_the_deputy_off_again(call, organiser, deputy):
    handing_over.hand_over(call=call, to=deputy, leaves=False, by=organiser, now=NOW)
    signed_in(organiser).post(team_of(call), {"act": "take_back", "user": deputy.pk})
    assert list(call.organisers.all()) == [organiser]


def test_a_call_is_not_left_without_anybody(call, organiser):
    with pytest.raises(handing_over.LastOrganiser):
        handing_over.take_back(call=call, organiser=organiser, by=organiser, now=NOW)
    assert list(call.organisers.all()) == [organiser]
    assert traces() == []


@pytest.mark.parametrize(
    "other",
    [
        {"role": Role.ORGANISER, "is_active": False},
        {"administrator": True, "is_active": False},
        {"role": Role.PUBLISHER},
    ],
)
def test_a_call_is_not_left_to_an_account_that_sees_nobody(call, organiser, other):
    call.organisers.add(UserFactory(**other))
    with pytest.raises(handing_over.LastOrganiser):
        handing_over.take_back(call=call, organiser=organiser, by=organiser, now=NOW)
    call.organisers.remove(organiser)
    assert list(reports.calls_without_organisers()) == [call]


@pytest.mark.parametrize("other", [{"role": Role.ORGANISER}, {"administrator": True}])
def test_a_call_is_left_to_an_account_that_sees_its_people(call, organiser, other):
    stays = UserFactory(**other)
    call.organisers.add(stays)
    assert reports.calls_of(stays).get() == call
    handing_over.take_back(call=call, organiser=organiser, by=organiser, now=NOW)
    assert not reports.calls_without_organisers()


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.REVIEWER, Role.ADMINISTRATOR, None])
def test_only_an_organiser_is_handed_a_call(call, organiser, role):
    with pytest.raises(handing_over.NotOfThatRole):
        handing_over.hand_over(call=call, to=UserFactory(role=role), leaves=True, by=organiser, now=NOW)
    assert list(call.organisers.all()) == [organiser]


def test_somebody_else_hands_nothing_over(call, deputy, helper):
    for administrator in (deputy, UserFactory(administrator=True)):
        with pytest.raises(handing_over.NotTheirs):
            handing_over.hand_over(call=call, to=deputy, leaves=False, by=administrator, now=NOW)
        with pytest.raises(handing_over.NotTheirs):
            handing_over.let_in(call=call, logistics=helper, by=administrator, now=NOW)


@pytest.mark.parametrize("data", [{"act": "hand_over"}, {"act": "let_in", "logistics": "x"}])
def test_a_form_without_a_name_comes_back(call, organiser, data):
    assert signed_in(organiser).post(team_of(call), data).status_code == 422


@pytest.mark.parametrize("data", [{"act": "nonsense"}, {"act": "take_back", "user": "x"}, {}])
def test_nonsense_changes_nothing(call, organiser, data):
    assert signed_in(organiser).post(team_of(call), data).status_code == 302
    assert list(call.organisers.all()) == [organiser]


class TestLogistics:
    @pytest.fixture(autouse=True)
    def _in(self, call, organiser, helper):
        signed_in(organiser).post(team_of(call), {"act": "let_in", "logistics": helper.pk})

    def person(self, call, **traits):
        registration = RegistrationFactory(call=call, identity__display_name="Psychologist, Latvia", **traits)
        arrival = QuestionFactory(call=call, label="When do you arrive?", asked_of=AskedOf.SELECTED)
        asked = QuestionFactory(call=call, label="Why do you come?")
        AnswerFactory(registration=registration, question=arrival, value="On the eve")
        AnswerFactory(registration=registration, question=asked, value="Because of my work")
        return registration

    def test_sees_what_confirmed_people_need_and_no_more(self, call, organiser, helper):
        registration = self.person(call, confirmed=True)
        consents.offer(call=call, extras=[Extra.DIET, Extra.PHOTOGRAPHS], by=organiser, now=NOW)
        consents.give(registration=registration, extra=Extra.DIET, detail="No nuts", now=NOW)
        consents.give(registration=registration, extra=Extra.PHOTOGRAPHS, now=NOW)
        text = signed_in(helper).get(f"{SERVED}calls/{call.pk}/").content.decode()
        for shown in (registration.reference, "Psychologist, Latvia", "No nuts", "On the eve"):
            assert shown in text
        identity = registration.identity
        for hidden in (
            identity.family_name,
            identity.email,
            identity.organisation,
            "Because of my work",
            "Photographs",
        ):
            assert hidden not in text

    def test_finds_the_own_calls_by_event_and_day(self, call, helper):
        text = signed_in(helper).get(SERVED).content.decode()
        assert call.event.title in text
        assert times.session_lines(call.event.sessions.all(), call.event.zone)[0] in text

    def test_sees_nobody_who_has_no_confirmed_place(self, call, helper):
        registration = self.person(call, on_list=True)
        text = signed_in(helper).get(f"{SERVED}calls/{call.pk}/").content.decode()
        assert "Nobody has a confirmed place yet." in text
        assert registration.reference not in text

    def test_each_look_is_written_down(self, call, helper):
        self.person(call, confirmed=True)
        signed_in(helper).get(f"{SERVED}calls/{call.pk}/")
        entry = AccessEntry.objects.get()
        assert (entry.user, entry.call, len(entry.subjects)) == (helper, call, 1)

    def test_sees_no_other_call_and_no_other_page(self, call, helper):
        registration = self.person(call, confirmed=True)
        client = signed_in(helper)
        assert client.get(f"{SERVED}calls/{CallFactory().pk}/").status_code == 404
        for place in (LIST, f"{LIST}{registration.pk}/change/", team_of(call), "/admin/registrations/outgoingmail/"):
            assert client.get(place).status_code in (403, 404)

    def test_let_go_it_is_out(self, call, organiser, helper):
        signed_in(organiser).post(team_of(call), {"act": "let_go", "user": helper.pk})
        assert not LogisticsAssignment.objects.exists()
        assert signed_in(helper).get(f"{SERVED}calls/{call.pk}/").status_code == 404
        assert traces() == [
            f"{helper.email} looks after rooms and food.",
            f"{helper.email} looks after rooms and food no longer.",
        ]

    @pytest.mark.parametrize("number", [1, 3])
    def test_as_many_statements_for_one_person_as_for_three(self, call, helper, number, django_assert_num_queries):
        for _ in range(number):
            self.person(call, confirmed=True)
        client = signed_in(helper)
        with django_assert_num_queries(15):
            client.get(f"{SERVED}calls/{call.pk}/")
