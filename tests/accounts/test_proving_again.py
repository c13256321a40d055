"""Asking again who somebody is, before what opens or changes a lot."""

import pytest

from accounts import drafts
from accounts.enums import Role
from accounts.models import Draft, User
from registrations.enums import MailKind
from registrations.models import OutgoingMail, Release
from tests.factories import NOW, CallFactory, UserFactory
from tests.signing_in import PASSWORD, add_app, code, signed_in

pytestmark = pytest.mark.django_db
AGAIN, AGAIN_BY_CODE = "/accounts/again/", "/accounts/second-factor/reauthenticate/"
SIX_MINUTES = 360


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def call(organiser):
    call = CallFactory(selective=True)
    call.organisers.add(organiser)
    return call


@pytest.fixture
def boss():
    return UserFactory(administrator=True)


def later(client, user):
    client.force_login(user)
    return signed_in(client, seconds_ago=SIX_MINUTES)


@pytest.mark.parametrize("file", ["export.csv", "export.xlsx"])
def test_a_file_with_people_asks_again_and_then_gives_the_way_back(client, organiser, call, file):
    page = f"/admin/registrations/registration/calls/{call.pk}/{file}"
    later(client, organiser)
    asked = client.get(page)
    assert asked.headers["Location"].startswith(AGAIN)
    answer = client.post(asked.headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == page
    assert client.get(page).status_code == 200


def test_who_has_just_signed_in_is_not_asked(client, organiser, call):
    client.force_login(organiser)
    assert client.get(f"/admin/registrations/registration/calls/{call.pk}/export.csv").status_code == 200


def test_a_release_asks_again_and_taking_it_back_does_not(client, organiser, call):
    page = f"/admin/registrations/registration/calls/{call.pk}/release/"
    later(client, organiser)
    asked = client.post(page, {"action": "give"})
    assert asked.headers["Location"].startswith(AGAIN)
    assert not Release.objects.exists()
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == page
    signed_in(client, seconds_ago=SIX_MINUTES)
    assert not client.post(page, {"action": "recall"}).headers.get("Location", "").startswith(AGAIN)


def test_what_was_typed_into_an_account_waits_behind_the_question(client, boss):
    later(client, boss)
    new = {"email": "new@example.org", "name": "A new colleague", "password1": "never-kept-anywhere"}
    asked = client.post("/admin/accounts/user/add/", new)
    assert asked.headers["Location"].startswith(AGAIN)
    assert not User.objects.filter(email="new@example.org").exists()
    kept = client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"]
    page = client.get(kept).content.decode()
    assert "A new colleague" in page
    assert "never-kept-anywhere" not in page
    fields = dict(drafts.fields_of(Draft.objects.get()))
    client.post("/admin/accounts/user/add/", {**fields, drafts.FIELD: Draft.objects.get().pk})
    assert User.objects.get(email="new@example.org").name == "A new colleague"
    assert not Draft.objects.exists()


def test_a_wrong_password_opens_nothing_and_is_counted_like_at_sign_in(client, boss):
    later(client, boss)
    answers = [client.post(AGAIN, {"password": "wrong"}).status_code for _ in range(7)]
    assert answers == [200, 200, 200, 200, 429, 429, 429]


def test_a_code_opens_it_as_well(client, boss):
    add_app(boss)
    later(client, boss)
    answer = client.post(f"{AGAIN_BY_CODE}?next=/admin/accounts/user/add/", {"code": code()})
    assert answer.headers["Location"] == "/admin/accounts/user/add/"
    assert client.post("/admin/accounts/user/add/", {}).status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example.org/", "//evil.example.org", "javascript:alert(1)"])
def test_the_way_back_leads_to_no_other_site(client, boss, target):
    later(client, boss)
    location = client.post(f"{AGAIN}?next={target}", {"password": PASSWORD}).headers["Location"]
    assert location == "/admin/"


def test_nobody_sees_the_form_that_another_one_typed(client, boss, organiser):
    kept = drafts.keep(user=boss, path="/admin/accounts/user/add/", fields=[("name", "Canary")], now=NOW)
    client.force_login(organiser)
    assert client.get(f"/accounts/drafts/{kept.pk}/").status_code == 404
    assert client.post(f"/accounts/drafts/{kept.pk}/").status_code == 404
    assert Draft.objects.exists()


def test_an_account_that_an_administrator_makes_gets_a_mail_to_choose_a_password(client, boss):
    client.force_login(boss)
    client.post("/admin/accounts/user/add/", {"email": "new@example.org", "name": "New"})
    new = User.objects.get(email="new@example.org")
    assert not new.has_usable_password()
    mail = OutgoingMail.objects.get(user=new)
    assert (mail.kind, mail.facts["is_new_account"]) == (MailKind.STAFF_RESET, True)


def test_an_administrator_takes_a_lost_second_factor_away_and_its_owner_is_told(client, boss, organiser):
    add_app(organiser)
    later(client, boss)
    page = f"/admin/accounts/user/{organiser.pk}/second-factor-away/"
    assert client.post(page).headers["Location"].startswith(AGAIN)
    client.force_login(boss)
    client.post(page)
    assert not organiser.authenticator_set.exists()
    assert OutgoingMail.objects.get(user=organiser).kind == MailKind.STAFF_NOTICE


@pytest.mark.parametrize("act", ["second-factor-away", "mail-password-link"])
def test_after_proving_the_way_leads_back_to_the_page_with_the_button(client, boss, organiser, act):
    add_app(organiser)
    later(client, boss)
    asked = client.post(f"/admin/accounts/user/{organiser.pk}/{act}/").headers["Location"]
    assert "Nothing is done yet" in client.get(asked).content.decode()
    assert organiser.authenticator_set.exists()
    back = client.post(asked, {"password": PASSWORD}, follow=True)
    assert (back.status_code, back.request["PATH_INFO"]) == (200, f"/admin/accounts/user/{organiser.pk}/change/")
    client.post(f"/admin/accounts/user/{organiser.pk}/{act}/")
    assert organiser.authenticator_set.exists() == (act == "mail-password-link")
    assert OutgoingMail.objects.filter(user=organiser).count() == 1


ADDS = ("/accounts/password/set/", "/accounts/second-factor/totp/activate/", "/accounts/second-factor/webauthn/add/")


@pytest.mark.parametrize("page", ADDS)
def test_who_has_neither_password_nor_factor_proves_at_the_provider(client, boss, page):
    boss.set_unusable_password()
    boss.save()
    later(client, boss)
    for answer in (client.get(page), client.post(page, {"password1": "x", "password2": "x", "code": "1"})):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/?again=1&next=%2Faccounts%2F")
    assert client.get(answer.headers["Location"]).status_code == 200
    signed_in(client)
    assert client.get(page).status_code == 200


def test_nobody_but_an_administrator_takes_a_second_factor_away(client, boss, organiser):
    add_app(boss)
    client.force_login(organiser)
    assert client.post(f"/admin/accounts/user/{boss.pk}/second-factor-away/").status_code == 403
    assert boss.authenticator_set.exists()
