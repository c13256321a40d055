"""Signing in as staff: password, second factor, recovery codes, and what a stranger learns."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory
from tests.signing_in import PASSWORD, add_app, code

pytestmark = pytest.mark.django_db
SIGN_IN, CODE = "/admin/login/", "/accounts/second-factor/authenticate/"


@pytest.fixture
def user():
    return UserFactory(administrator=True)


def sign_in(client, user, *, to="/admin/", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"username": user.email, "password": password, "next": to}, **more)


def is_signed_in(client):
    return SESSION_KEY in client.session


def test_a_password_opens_the_page_that_was_asked_for(client, user):
    response = sign_in(client, user, to="/admin/accounts/user/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/accounts/user/")
    assert client.get("/admin/accounts/user/").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example.org/", "//evil.example.org/", "/\\evil.example.org", "javascript:alert(1)", ""]
)
def test_signing_in_leads_to_no_other_site(client, user, target):
    assert sign_in(client, user, to=target).headers["Location"] == "/admin/"


def test_the_session_gets_a_new_name_when_somebody_signs_in(client, user):
    client.get(SIGN_IN)
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["session"] = before = session.session_key
    sign_in(client, user)
    assert is_signed_in(client)
    assert client.session.session_key != before


def test_an_account_without_the_admin_a_closed_one_and_a_stranger_are_answered_alike(client):
    pages = set()
    UserFactory(email="a@example.org", is_staff=False)
    UserFactory(email="b@example.org", is_active=False)
    for address in ("a@example.org", "b@example.org", "c@example.org"):
        response = client.post(SIGN_IN, {"username": address, "password": PASSWORD})
        text = response.content.decode().replace(address, "…")
        pages.add((response.status_code, re.sub(r'value="[^"]{64}"', "", text)))
    assert len(pages) == 1
    assert not is_signed_in(client)


def test_the_password_alone_opens_nothing_where_there_is_a_second_factor(client, user):
    add_app(user)
    assert sign_in(client, user).headers["Location"] == CODE
    assert not is_signed_in(client)
    for page in ("/admin/", "/admin/accounts/user/", "/accounts/second-factor/", reverse("mfa_activate_totp")):
        assert client.get(page).status_code == 302, page
    assert not is_signed_in(client)


def test_the_code_opens_the_page_that_was_asked_for(client, user):
    add_app(user)
    sign_in(client, user, to="/admin/accounts/user/")
    response = client.post(CODE, {"code": code()})
    assert response.headers["Location"] == "/admin/accounts/user/"
    assert is_signed_in(client)


def test_the_second_step_is_no_page_without_the_first(client):
    assert client.get(CODE).headers["Location"].startswith(SIGN_IN)
    assert client.post(CODE, {"code": "123456"}).headers["Location"].startswith(SIGN_IN)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phone_whose_clock_is_half_a_minute_off_is_believed(client, user, steps):
    add_app(user)
    sign_in(client, user)
    assert client.post(CODE, {"code": code(steps=steps)}).status_code == 302


def test_a_code_opens_once(client, user, django_user_model):
    add_app(user)
    used = code()
    sign_in(client, user)
    assert client.post(CODE, {"code": used}).status_code == 302
    client.logout()
    sign_in(client, user)
    assert client.post(CODE, {"code": used}).status_code == 200
    assert client.post(CODE, {"code": f" {used[:3]} {used[3:]} "}).status_code == 200
    assert not is_signed_in(client)


def test_codes_are_tried_five_times_in_a_quarter_of_an_hour_and_the_owner_signs_in_from_elsewhere(client, user):
    add_app(user)
    sign_in(client, user, REMOTE_ADDR="192.0.2.7")
    for _ in range(5):
        assert "not right" in client.post(CODE, {"code": "000000"}, REMOTE_ADDR="192.0.2.7").content.decode()
    answer = client.post(CODE, {"code": code()}, REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "198.51.100.1"})
    assert "Too many codes" in answer.content.decode()
    assert client.post(CODE, {"code": code()}, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_a_thousand_codes_are_bounded_whatever_headers_say(client, user, monkeypatch):
    add_app(user)
    looked_at = []
    monkeypatch.setattr(
        "allauth.mfa.totp.internal.auth.TOTP.validate_code", lambda self, typed: looked_at.append(typed)
    )
    sign_in(client, user)
    for number in range(1000):
        client.post(CODE, {"code": f"{number:06}"}, headers={"X-Forwarded-For": f"198.51.100.{number % 250}"})
    assert len(looked_at) <= 10


def test_a_recovery_code_opens_once_and_the_codes_are_shown_once(client, user):
    client.force_login(user)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    picture = client.get(reverse("totp-picture"))
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content
    assert secret.encode() not in picture.content
    shown = activated(client, secret)
    codes = re.findall(r"<li>(\d{8})</li>", shown)
    assert len(codes) == 10
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not set(codes) & set(re.findall(r"\d{8}", again))
    client.logout()
    sign_in(client, user)
    assert client.post(CODE, {"code": codes[0]}).status_code == 302
    assert is_signed_in(client)
    client.logout()
    sign_in(client, user)
    assert client.post(CODE, {"code": codes[0]}).status_code == 200
    assert not is_signed_in(client)


def activated(client, secret):
    """Type the first code of a new app; returns the page that follows."""
    return client.post(reverse("mfa_activate_totp"), {"code": code(secret=secret)}, follow=True).content.decode()


def test_seeds_of_second_factors_stand_sealed_in_the_database(user):
    stored = Authenticator.objects.get(pk=add_app(user).pk).data["secret"]
    assert "JBSWY3DP" not in stored


def test_a_hash_of_before_is_read_and_replaced_by_argon2(client, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    sign_in(client, user)
    assert is_signed_in(client)
    user.refresh_from_db()
    assert user.password.startswith("argon2")


@pytest.mark.parametrize("address", ["/accounts/signup/", "/accounts/login/", "/accounts/email/"])
def test_pages_that_nobody_needs_are_not_there(client, address):
    assert client.get(address).status_code == 404


def test_nobody_signs_up_through_a_provider(client):
    assert client.get("/accounts/closed/").status_code in (200, 302)
    assert User.objects.count() == 0


def test_in_production_an_account_without_a_second_factor_reaches_only_its_set_up(client, user, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    sign_in(client, user)
    for page in ("/admin/", "/admin/accounts/user/", "/admin/password_change/"):
        assert client.get(page).headers["Location"] == reverse("mfa_activate_totp"), page
    assert client.post("/admin/accounts/user/add/", {}).headers["Location"] == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    add_app(user)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_without_that_rule_the_same_account_reaches_everything(client, user):
    sign_in(client, user)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_the_demo_offers_a_second_factor(client, user):
    assert "add a second factor" in client.get(sign_in(client, user).headers["Location"]).content.decode()
    client.logout()
    add_app(user)
    sign_in(client, user)
    page = client.get(client.post(CODE, {"code": code()}).headers["Location"])
    assert "add a second factor" not in page.content.decode()
