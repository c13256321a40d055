"""The six roles, as the migrations leave them: each may do its part and nothing beside it."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from registrations.models import OutgoingMail
from tests.factories import CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db

PEOPLE = {"registration", "identity", "answer", "outgoingmail", "transition", "decision", "check"}


def rights(role: Role) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.select_related("content_type")
    return {permission.codename for permission in permissions}


def test_the_roles_exist_after_the_migrations() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)


def test_publishers_have_no_right_about_people() -> None:
    assert {right.partition("_")[2] for right in rights(Role.PUBLISHER)} & PEOPLE == set()


def test_reviewers_have_no_right_beside_reviews() -> None:
    assert rights(Role.REVIEWER) == {"add_review", "change_review", "view_review"}


def test_administrators_have_no_right_about_people_but_the_gate_of_their_mail() -> None:
    rights_about_people = {right for right in rights(Role.ADMINISTRATOR) if right.partition("_")[2] in PEOPLE}
    assert rights_about_people == {"view_outgoingmail", "change_outgoingmail"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.LOGISTICS, {"view_logisticsassignment"}),
        (Role.DATA_PROTECTION, {"view_accessentry", "view_deletioncertificate"}),
    ],
)
def test_logistics_and_data_protection_have_their_own_pages_and_no_other_right(role: Role, expected: set[str]) -> None:
    assert rights(role) == expected


def test_organisers_make_no_events_and_no_calls() -> None:
    assert rights(Role.ORGANISER) & {"add_event", "add_call", "add_user", "view_user"} == set()


def test_nobody_deletes_people_events_calls_or_accounts() -> None:
    deleted = {"delete_registration", "delete_event", "delete_call", "delete_user", "delete_outgoingmail"}
    assert set.union(*(rights(role) for role in Role)) & deleted == set()


@pytest.fixture
def call() -> Call:
    return CallFactory(selective=True)


@pytest.fixture
def mail(call: Call) -> OutgoingMail:
    return OutgoingMailFactory(registration=RegistrationFactory(call=call, submitted=True))


def signed_in(role: Role | None, *, call: Call | None = None) -> Client:
    user = UserFactory(role=role)
    if call is not None:
        call.organisers.add(user)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


# The address, and what it answers to publisher, own organiser, other organiser, reviewer, administrator. The stock form
# of something that one does not see leads back to the index (302).
MATRIX = {
    "/admin/events/event/": (200, 200, 200, 403, 200),
    "/admin/events/event/{event}/change/": (200, 200, 302, 403, 200),
    "/admin/events/event/{event}/cancel/": (200, 200, 404, 404, 200),
    "/admin/events/event/{event}/preview/": (200, 200, 404, 404, 200),
    "/admin/events/event/{event}/history/": (200, 200, 403, 403, 200),
    "/admin/events/event/{event}/delete/": (403, 403, 403, 403, 403),
    "/admin/events/event/add/": (200, 403, 403, 403, 200),
    "/admin/events/call/": (200, 200, 200, 403, 200),
    "/admin/events/call/{call}/change/": (200, 200, 302, 403, 200),
    "/admin/events/call/{call}/capacity/": (403, 200, 404, 404, 403),
    "/admin/events/call/{call}/deadline/": (403, 200, 404, 404, 403),
    "/admin/events/call/{call}/over-invite/": (403, 200, 404, 404, 403),
    "/admin/events/call/{call}/selection/": (403, 200, 404, 404, 403),
    "/admin/events/call/{call}/reviewers/": (403, 200, 404, 404, 403),
    "/admin/events/call/{call}/history/": (200, 200, 403, 403, 200),
    "/admin/events/call/add/": (200, 403, 403, 403, 200),
    "/admin/registrations/outgoingmail/": (403, 200, 200, 403, 200),
    "/admin/registrations/outgoingmail/{mail}/change/": (403, 200, 404, 403, 404),
    "/admin/accounts/user/": (403, 403, 403, 403, 200),
    "/admin/accounts/user/add/": (403, 403, 403, 403, 200),
    "/admin/auth/group/": (404, 404, 404, 404, 404),
}


@pytest.mark.parametrize("address", MATRIX)
def test_each_page_opens_for_its_roles_alone(address: str, call: Call, mail: OutgoingMail) -> None:
    clients = (
        signed_in(Role.PUBLISHER),
        signed_in(Role.ORGANISER, call=call),
        signed_in(Role.ORGANISER),
        signed_in(Role.REVIEWER),
        signed_in(Role.ADMINISTRATOR),
    )
    place = address.format(event=call.event_id, call=call.pk, mail=mail.pk)

    assert tuple(client.get(place).status_code for client in clients) == MATRIX[address]


def test_nobody_without_an_account_sees_any_of_it(call: Call, mail: OutgoingMail) -> None:
    places = [address.format(event=call.event_id, call=call.pk, mail=mail.pk) for address in MATRIX]
    answers = {Client().get(place).status_code for place in places if "/group/" not in place}

    assert answers == {302}


def test_an_organiser_finds_no_call_of_others_in_a_list(call: Call, mail: OutgoingMail) -> None:
    client = signed_in(Role.ORGANISER)

    for address in ("/admin/events/event/", "/admin/events/call/", "/admin/registrations/outgoingmail/"):
        page = client.get(address).content.decode()
        assert call.event.title not in page
        assert mail.registration.reference not in page


def test_an_administrator_makes_no_superuser_and_touches_none() -> None:
    boss = UserFactory(is_superuser=True)
    client = signed_in(Role.ADMINISTRATOR)
    other = UserFactory()

    page = client.get(f"/admin/accounts/user/{other.pk}/change/").content.decode()
    assert "is_superuser" not in page
    client.post(
        f"/admin/accounts/user/{other.pk}/change/",
        {"email": other.email, "name": "Other", "is_active": "on", "is_superuser": "on"},
    )
    other.refresh_from_db()
    assert (other.name, other.is_superuser) == ("Other", False)
    assert (
        client.post(f"/admin/accounts/user/{boss.pk}/password/", {"password1": "x", "password2": "x"}).status_code
        == 403
    )


def test_an_administrator_gives_a_new_account_its_role() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    new = {"email": "New@Example.org", "name": "New", "usable_password": "true"}
    new |= {"password1": "a-long-enough-phrase", "password2": "a-long-enough-phrase"}
    client.post("/admin/accounts/user/add/", new)
    user = User.objects.get(email="new@example.org")

    role = Group.objects.get(name=Role.ORGANISER)
    client.post(
        f"/admin/accounts/user/{user.pk}/change/",
        {"email": user.email, "name": "New", "is_active": "on", "is_staff": "on", "groups": [role.pk]},
    )

    assert list(user.groups.all()) == [role]
    assert client.post("/admin/accounts/user/add/", new).context["errors"]


@pytest.mark.parametrize("lookup", ["password__startswith=a", "user_permissions__id=1", "is_superuser__exact=1"])
def test_the_list_of_accounts_answers_no_other_question(lookup: str) -> None:
    assert signed_in(Role.ADMINISTRATOR).get(f"/admin/accounts/user/?{lookup}").status_code in (302, 400)


def test_signing_in_by_address_works() -> None:
    UserFactory(email="staff@example.org", role=Role.PUBLISHER)
    answer = Client().post(
        "/admin/login/?next=/admin/", {"username": "staff@example.org", "password": "a-long-test-password"}
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
