"""Who hears of it when an administrator changes somebody's account, and that nobody keeps it from them."""

import pytest
from allauth.account.adapter import get_adapter

from accounts.enums import Role
from registrations.enums import MailKind, MailState
from registrations.mail import addressees, catalogue, outbox
from registrations.models import OutgoingMail
from tests.factories import NOW, OutgoingMailFactory, UserFactory
from tests.registrations.mail.test_addressees import put_to_staff

pytestmark = pytest.mark.django_db
WARNINGS = [MailKind.STAFF_NOTICE, MailKind.STAFF_RESET, MailKind.MANY_LOOKS]


@pytest.fixture
def boss(client):
    boss = UserFactory(administrator=True)
    client.force_login(boss)
    return boss


@pytest.fixture
def officer():
    return UserFactory(role=Role.DATA_PROTECTION)


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER, email="owner@example.org")


def change(client, user, **changed):
    fields = {
        "email": user.email,
        "name": user.name,
        "is_active": "on",
        "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
    }
    return client.post(f"/admin/accounts/user/{user.pk}/change/", fields | changed)


def letters():
    """What is written to whom, by address."""
    return {addressees.address_of(mail): mail for mail in OutgoingMail.objects.select_related("user")}


def test_another_address_is_told_to_the_one_until_now_and_to_the_officers(client, boss, officer, organiser):
    assert change(client, organiser, email="thief@example.org").status_code == 302
    found = letters()
    assert set(found) == {"owner@example.org", officer.email}
    assert found["owner@example.org"].facts["notice"] == "An administrator changed the e-mail address of your account."
    assert f"the account number {organiser.pk}" in found[officer.email].facts["notice"]
    assert "owner@" not in str(list(OutgoingMail.objects.values()))
    text = catalogue.preview(found["owner@example.org"]).text
    assert "Ask the administrators at once" in text
    assert "I forgot my password" not in text


def test_other_roles_are_told_to_the_owner_and_to_the_officers(client, boss, officer, organiser):
    change(client, organiser, groups=[group.pk for group in boss.groups.all()])
    found = letters()
    assert set(found) == {"owner@example.org", officer.email}
    assert found["owner@example.org"].facts["notice"] == "An administrator changed the roles of your account."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"is_superuser": "on"}, "the rights of a superuser"),
        ({"is_active": ""}, "whether it may sign in"),
        ({"is_staff": ""}, "whether it may sign in to the admin"),
    ],
)
def test_each_other_right_is_told_to_the_owner_and_to_the_officers(client, boss, officer, organiser, changed, words):
    assert change(client, organiser, **changed).status_code == 302
    found = letters()
    assert set(found) == {"owner@example.org", officer.email}
    assert found["owner@example.org"].facts["notice"] == f"An administrator changed {words} of your account."


def test_an_officer_whose_own_address_is_changed_hears_it_where_they_read_it(client, boss, officer):
    former, other = officer.email, UserFactory(role=Role.DATA_PROTECTION)
    change(client, officer, email="thief@example.org")
    assert set(letters()) == {former, other.email}


def test_another_name_is_told_to_nobody(client, boss, officer, organiser):
    assert change(client, organiser, name="Another").status_code == 302
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("kind", WARNINGS)
def test_nobody_stops_by_hand_what_warns_staff(client, boss, organiser, kind):
    mail = put_to_staff(organiser, kind)
    page = f"/admin/registrations/outgoingmail/{mail.pk}/"
    assert "Cancel this mail" not in client.get(f"{page}change/").content.decode()
    for act in ("cancel", "hold"):
        client.post(f"{page}{act}/")
        client.post("/admin/registrations/outgoingmail/", {"action": act, "_selected_action": [mail.pk]})
    assert not outbox.cancel(mail=mail, by=boss)
    assert not outbox.hold(mails=[mail])
    assert OutgoingMail.objects.get().state == MailState.QUEUED


def test_what_a_restore_holds_of_it_is_not_cancelled_either(boss, organiser):
    mail = put_to_staff(organiser, MailKind.STAFF_NOTICE)
    OutgoingMail.objects.update(state=MailState.HELD, restored_at=NOW)
    assert not outbox.cancel(mail=mail, by=boss)


def test_other_mail_is_stopped_by_hand_as_ever(boss):
    first, second = OutgoingMailFactory(), OutgoingMailFactory()
    assert outbox.cancel(mail=first, by=boss)
    assert outbox.hold(mails=[second]) == 1


def test_who_loses_a_second_factor_by_an_administrator_is_not_told_to_choose_a_password(client, boss, organiser):
    client.post(f"/admin/accounts/user/{organiser.pk}/second-factor-away/")
    text = " ".join(catalogue.preview(letters()["owner@example.org"]).text.split())
    assert "An administrator took the second factor away from your account." in text
    assert "Ask the administrators at once who did it" in text
    assert f"/admin/registrations/accessentry/?account={organiser.pk}" in text
    assert "I forgot my password" not in text


def test_another_password_by_an_administrator_is_told_in_the_same_words(client, boss, organiser):
    chosen = {"password1": "quite-another-phrase", "password2": "quite-another-phrase", "usable_password": "true"}
    client.post(f"/admin/accounts/user/{organiser.pk}/password/", chosen)
    assert "Ask the administrators at once who did it" in catalogue.preview(letters()["owner@example.org"]).text


def test_control_what_the_owner_did_is_told_with_the_way_to_a_new_password(organiser):
    get_adapter().mail_notice(organiser, notice="Your password was changed.", now=NOW)
    text = " ".join(catalogue.preview(letters()["owner@example.org"]).text.split())
    assert "I forgot my password" in text
    assert "Ask the administrators" not in text
