"""What data protection officers see of the access log, what a person is told of it, and the alarm."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from registrations import access_reports
from registrations.admin import access_log
from registrations.enums import LookKind, MailKind
from registrations.models import AccessEntry, OutgoingMail
from registrations.services import looking
from tests.factories import NOW, RegistrationFactory, UserFactory
from tests.registrations.people_story import set_clock, signed_in

pytestmark = pytest.mark.django_db

LOG = "/admin/registrations/accessentry/"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def officer():
    return UserFactory(role=Role.DATA_PROTECTION)


def looked(*registrations, user=None, at=NOW, page="admin:registrations_registration_change", kind=LookKind.DETAIL):
    return looking.enter(
        user=user or UserFactory(role=Role.ORGANISER),
        kind=kind,
        page=page,
        call_id=registrations[0].call_id if registrations else None,
        references=[one.reference for one in registrations],
        now=at,
    )


def numbers(page) -> list[int]:
    return [entry.number for entry, _, _ in page.context["rows"]]


def test_the_officer_sees_who_looked_and_no_name_of_whom(officer):
    registration = RegistrationFactory(submitted=True)
    user = UserFactory(role=Role.ORGANISER)
    looked(registration, user=user)
    page = signed_in(officer).get(LOG)
    text = page.content.decode()
    assert page.status_code == 200
    assert user.email in text
    assert registration.identity.family_name not in text
    assert registration.reference not in text


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DATA_PROTECTION])
def test_nobody_else_sees_it(role):
    client = signed_in(UserFactory(role=role))
    assert [client.get(place).status_code for place in (LOG, f"{LOG}person/")] == [403, 403]
    assert "accessentry" not in client.get("/admin/").content.decode()


def test_not_even_a_superuser():
    client = signed_in(UserFactory(administrator=True))
    assert [client.get(place).status_code for place in (LOG, f"{LOG}person/")] == [403, 403]


def test_the_log_has_no_page_that_adds_changes_or_deletes(officer):
    entry = looked(RegistrationFactory())
    for client in (signed_in(officer), signed_in(UserFactory(administrator=True))):
        for page in (
            "add/",
            f"{entry.number}/",
            f"{entry.number}/change/",
            f"{entry.number}/delete/",
            f"{entry.number}/history/",
        ):
            assert client.get(LOG + page).status_code == 404
            assert client.post(LOG + page).status_code == 404


def test_it_is_narrowed_by_account_call_and_day(officer):
    user = UserFactory(role=Role.ORGANISER)
    here, there = RegistrationFactory(), RegistrationFactory()
    looked(here, user=user)
    looked(there)
    looked(there, at=NOW + timedelta(days=1))
    client = signed_in(officer)
    assert numbers(client.get(LOG)) == [3, 2, 1]
    assert numbers(client.get(f"{LOG}?account={user.pk}")) == [1]
    assert numbers(client.get(f"{LOG}?call={there.call_id}")) == [3, 2]
    assert numbers(client.get(f"{LOG}?day=2026-09-02")) == [3]
    assert numbers(client.get(f"{LOG}?before=3")) == [2, 1]
    assert client.get(f"{LOG}?day=someday").status_code == 422


@pytest.mark.parametrize("number", [1, 3])
def test_as_many_statements_for_one_look_as_for_three(officer, number, django_assert_num_queries):
    for registration in RegistrationFactory.create_batch(number):
        looked(registration)
    client = signed_in(officer)
    with django_assert_num_queries(15):
        client.get(LOG)


def test_the_looks_at_one_person_are_found_by_the_exact_address_over_all_calls(officer):
    one = RegistrationFactory(identity__email="anna@example.org")
    again = RegistrationFactory(identity__email="anna@example.org")
    other = RegistrationFactory()
    for registration in (one, again, other):
        looked(registration)
    client = signed_in(officer)
    assert numbers(client.post(f"{LOG}person/", {"email": "Anna@example.org"})) == [2, 1]
    assert numbers(client.post(f"{LOG}person/", {"email": "ann@example.org"})) == []
    last = AccessEntry.objects.first()
    assert (last.user, last.kind, last.subjects) == (officer, LookKind.SEARCH, [])


def test_a_person_is_told_the_day_the_role_and_how_but_nobodys_name():
    registration = RegistrationFactory()
    looked(registration)
    looked(registration, at=NOW + timedelta(hours=1))
    looked(registration, at=NOW + timedelta(days=1), page="admin:registrations_review_application")
    looked(RegistrationFactory(call=registration.call))
    first, second = access_reports.looks_at(registration)
    assert (str(first.day), first.role, first.kind, first.times) == ("2026-09-02", "Reviewer", "One person's page", 1)
    assert (str(second.day), second.role, second.times) == ("2026-09-01", "Organiser", 2)


def test_the_looks_before_a_form_was_sent_again_are_still_told(officer):
    registration = RegistrationFactory(identity__email="anna@example.org")
    looked(registration)
    registration.sent_at = NOW + timedelta(days=5)
    registration.save(update_fields=["sent_at"])
    (told,) = access_reports.looks_at(registration)
    assert str(told.day) == "2026-09-01"
    assert numbers(signed_in(officer).post(f"{LOG}person/", {"email": "anna@example.org"})) == [1]


def test_a_page_that_does_not_show_all_looks_says_so(officer, monkeypatch):
    monkeypatch.setattr(access_log, "_ABOUT_ONE", 2)
    registration, words = RegistrationFactory(identity__email="anna@example.org"), "only the newest 2 are shown"
    client, asked = signed_in(officer), {"email": "anna@example.org"}
    for turn in range(2):
        looked(registration, at=NOW + timedelta(hours=turn))
    assert words not in client.post(f"{LOG}person/", asked).content.decode()
    page = client.post(f"{LOG}person/", asked)
    assert words in page.content.decode()
    assert numbers(page) == [3, 2]


def test_people_are_counted_once_in_an_hour_and_in_a_day():
    user, people = UserFactory(), RegistrationFactory.create_batch(3)
    for minutes in (0, 10, 80):
        looked(*people, user=user, at=NOW + timedelta(minutes=minutes))
    looked(RegistrationFactory(), user=user, at=NOW + timedelta(minutes=81))
    (volume,) = access_reports.volumes(now=NOW + timedelta(hours=2))
    assert (volume.in_hour, volume.in_day) == (4, 4)
    assert access_reports.volumes(now=NOW + timedelta(days=3)) == []


class TestTheAlarm:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch):
        monkeypatch.setattr(looking, "USUAL_IN_AN_HOUR", 2)

    def test_tells_each_officer_once_a_day_of_each_account(self, officer):
        user = UserFactory(role=Role.ORGANISER)
        looked(*RegistrationFactory.create_batch(3), user=user)
        assert looking.alarm(now=NOW) == 1
        assert looking.alarm(now=NOW + timedelta(hours=1)) == 0
        mail = OutgoingMail.objects.get()
        assert (mail.kind, mail.user, mail.call) == (MailKind.MANY_LOOKS, officer, None)
        assert mail.facts["counts"] == [["most in one hour", 3], ["in one day", 3]]
        assert user.email not in str(mail.facts)

    def test_is_silent_about_usual_work(self, officer):
        looked(*RegistrationFactory.create_batch(2))
        assert looking.alarm(now=NOW) == 0

    def test_without_an_officer_the_log_and_the_administrators_page_say_it(self, officer, caplog):
        words, place = "nobody is told when somebody looks", "/admin/registrations/registration/calls/"
        administrator = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        user = UserFactory(role=Role.ORGANISER)
        looked(*RegistrationFactory.create_batch(3), user=user)
        assert looking.alarm(now=NOW) == 1
        assert "no data protection officer" not in caplog.text
        assert words not in administrator.get(place).content.decode()

        officer.is_active = False
        officer.save()

        assert looking.alarm(now=NOW + timedelta(hours=1)) == 0
        assert f"Account {user.pk} looked at unusually many people (3 in one hour, 3 in one day)" in caplog.text
        assert words in administrator.get(place).content.decode()
        assert words not in signed_in(user).get(place).content.decode()

    @pytest.mark.parametrize(("usual", "many", "mails"), [(2, 20, 1), (2, 19, 0), (1, 10, 0), (1, 15, 1)])
    def test_ten_times_what_is_usual_for_an_account_is_much(self, officer, monkeypatch, usual, many, mails):
        monkeypatch.setattr(looking, "USUAL_IN_AN_HOUR", 1000)
        monkeypatch.setattr(looking, "MUCH_FOR_ANYBODY", 15)
        user, people = UserFactory(role=Role.ORGANISER), RegistrationFactory.create_batch(many)
        for days in range(2, 7):
            looked(*people[:usual], user=user, at=NOW - timedelta(days=days))
            looked(*people[:usual], user=user, at=NOW - timedelta(days=days, hours=1))
        looked(*people, user=user)
        assert looking.alarm(now=NOW) == mails

    def test_what_is_usual_for_a_new_account_is_not_known(self, officer, monkeypatch):
        monkeypatch.setattr(looking, "USUAL_IN_AN_HOUR", 1000)
        monkeypatch.setattr(looking, "MUCH_FOR_ANYBODY", 2)
        user, people = UserFactory(role=Role.ORGANISER), RegistrationFactory.create_batch(12)
        for days in range(2, 6):
            looked(people[0], user=user, at=NOW - timedelta(days=days))
        looked(*people, user=user)
        assert looking.alarm(now=NOW) == 0

    def test_stands_on_the_officers_pages_for_a_week_and_on_nobody_elses(self, officer, monkeypatch):
        looked(*RegistrationFactory.create_batch(3))
        looking.alarm(now=NOW)
        words = "looked at unusually many people"
        assert words in signed_in(officer).get("/admin/").content.decode()
        assert words not in signed_in(UserFactory(role=Role.ORGANISER)).get("/admin/").content.decode()
        set_clock(monkeypatch, NOW + timedelta(days=8))
        assert words not in signed_in(officer).get("/admin/").content.decode()
