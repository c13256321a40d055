"""Guessing passwords: bounded by account and address, whatever headers say, and no way to lock the owner out."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend

from tests.factories import UserFactory
from tests.signing_in import PASSWORD

pytestmark = pytest.mark.django_db
SIGN_IN = "/admin/login/"


@pytest.fixture
def evaluated(monkeypatch):
    """The passwords that were compared at all."""
    seen = []
    compare = ModelBackend.authenticate

    def noted(self, request, username=None, password=None, **more):
        seen.append(password)
        return compare(self, request, username=username, password=password, **more)

    monkeypatch.setattr(ModelBackend, "authenticate", noted)
    return seen


def guess(client, user, password, *, address="192.0.2.7", **headers):
    fields = {"username": user.email, "password": password}
    return client.post(SIGN_IN, fields, REMOTE_ADDR=address, headers=headers)


def test_of_a_thousand_guesses_from_one_place_ten_at_most_are_compared(client, evaluated):
    user = UserFactory()
    for number in range(1000):
        guess(client, user, f"guess {number}")
    assert 1 <= len(evaluated) <= 10


def test_forged_headers_buy_no_guess(client, evaluated):
    user = UserFactory()
    for number in range(100):
        forged = f"198.51.100.{number}"
        guess(client, user, f"guess {number}", **{"X-Forwarded-For": forged, "X-Real-IP": forged, "Forwarded": forged})
    assert 1 <= len(evaluated) <= 10


def test_behind_our_proxy_only_what_the_proxy_wrote_counts(client, evaluated, settings):
    settings.TRUSTED_PROXIES = 1
    user = UserFactory()
    for number in range(100):
        guess(client, user, f"guess {number}", **{"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"})
    assert 1 <= len(evaluated) <= 10


def test_without_that_bound_all_would_be_compared(client, evaluated, settings):
    settings.AXES_ENABLED = False
    user = UserFactory()
    for number in range(12):
        guess(client, user, f"guess {number}")
    assert len(evaluated) == 12


def test_the_owner_signs_in_from_elsewhere_meanwhile(client):
    user = UserFactory()
    for number in range(20):
        guess(client, user, f"guess {number}")
    assert guess(client, user, PASSWORD).status_code == 429
    guess(client, user, PASSWORD, address="203.0.113.9")
    assert SESSION_KEY in client.session


def test_a_network_of_ipv6_is_one_place_and_the_next_one_another(client, evaluated):
    user = UserFactory()
    for number in range(100):
        guess(client, user, f"guess {number}", address=f"2001:db8:1:2::{number:x}")
    assert 1 <= len(evaluated) <= 10
    guess(client, user, PASSWORD, address="2001:db8:1:3::1")
    assert SESSION_KEY in client.session


def test_an_address_that_is_none_is_counted_too(client, evaluated):
    user = UserFactory()
    for number in range(20):
        guess(client, user, f"guess {number}", address="")
    assert 1 <= len(evaluated) <= 10


def test_guesses_at_many_accounts_are_counted_for_each(client, evaluated):
    users = [UserFactory() for _ in range(3)]
    for user in users:
        for number in range(20):
            guess(client, user, f"guess {number}")
    assert len(evaluated) <= 30
