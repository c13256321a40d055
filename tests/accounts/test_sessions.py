"""How long a session of staff lasts, and what becomes of the form that somebody was filling in."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts import drafts
from accounts.models import Draft, User
from tests.factories import NOW, UserFactory
from tests.signing_in import PASSWORD, idle, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/accounts/user/"
MINUTE, HOUR = 60, 3600


@pytest.fixture
def boss(client):
    boss = UserFactory(administrator=True)
    client.force_login(boss)
    return boss


def is_signed_in(client):
    return SESSION_KEY in client.session


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 302)])
def test_a_session_ends_when_nothing_happens_for_half_an_hour(client, boss, minutes, status):
    idle(client, seconds=minutes * MINUTE)
    assert client.get(PAGE).status_code == status
    assert is_signed_in(client) == (status == 200)


@pytest.mark.parametrize(("hours", "status"), [(9.9, 200), (10.1, 302)])
def test_a_session_lasts_ten_hours_in_all_however_busy(client, boss, hours, status):
    signed_in(client, seconds_ago=hours * HOUR)
    assert client.get(PAGE).status_code == status
    assert is_signed_in(client) == (status == 200)


def test_who_comes_back_is_told_why_and_led_to_where_they_were(client, boss):
    idle(client, seconds=HOUR)
    response = client.get(f"{PAGE}?q=x")
    assert response.headers["Location"] == "/admin/login/?next=%2Fadmin%2Faccounts%2Fuser%2F%3Fq%3Dx"
    assert "You were signed out" in client.get(response.headers["Location"]).content.decode()


def test_every_page_counts_as_something_that_happened(client, boss):
    for _ in range(3):
        idle(client, seconds=20 * MINUTE)
        assert client.get(PAGE).status_code == 200


def test_a_closed_account_is_out_with_its_next_request(client, boss):
    User.objects.filter(pk=boss.pk).update(is_active=False)
    assert client.get(PAGE).status_code == 302


def test_a_changed_password_ends_every_other_session(client, boss):
    other = Client()
    other.force_login(boss)
    changed = {"oldpassword": PASSWORD, "password1": "quite-another-phrase", "password2": "quite-another-phrase"}
    assert client.post(reverse("account_change_password"), changed).status_code == 302
    assert client.get(PAGE).status_code == 200
    assert other.get(PAGE).status_code == 302


def test_signing_out_with_a_kept_form_is_no_fault(client, boss):
    client.force_login(boss)

    answer = client.post("/admin/logout/", {drafts.FIELD: "1"})

    assert answer.status_code < 400


def test_who_signs_out_with_a_kept_form_leaves_nothing_of_it(client, boss):
    kept = drafts.keep(user=boss, path=f"{PAGE}add/", fields=[("name", "x")], now=NOW.now(tz=NOW.tzinfo))

    client.post("/admin/logout/", {drafts.FIELD: kept.pk})

    assert not is_signed_in(client)
    assert not Draft.objects.exists()


def test_nobody_throws_away_what_another_one_typed(client, boss):
    moment = NOW.now(tz=NOW.tzinfo)
    kept = drafts.keep(user=UserFactory(), path=f"{PAGE}add/", fields=[("name", "x")], now=moment)

    client.post(f"{PAGE}add/", {"email": "sent@example.org", "name": "x", drafts.FIELD: kept.pk})

    assert User.objects.filter(email="sent@example.org").exists()
    assert Draft.objects.get() == kept


def test_a_form_that_comes_too_late_is_kept_and_waits_after_signing_in(client, boss):
    idle(client, seconds=HOUR)
    typed = {"email": "late@example.org", "name": "Typed for an hour", "password1": "Not-to-be-kept"}
    response = client.post("/admin/accounts/user/add/", typed)
    assert not User.objects.filter(email="late@example.org").exists()
    assert not is_signed_in(client)
    kept = Draft.objects.get()
    assert b"Typed" not in bytes(kept.sealed)
    assert dict(drafts.fields_of(kept)) == {"email": "late@example.org", "name": "Typed for an hour"}
    said = client.get(response.headers["Location"]).content.decode()
    assert "What you typed is kept" in said
    target = response.headers["Location"].partition("next=")[2].replace("%2F", "/")
    after = client.post("/admin/login/", {"username": boss.email, "password": PASSWORD, "next": target})
    page = client.get(after.headers["Location"]).content.decode()
    assert "Typed for an hour" in page
    assert "Send it again" in page
    assert not User.objects.filter(email="late@example.org").exists()


def test_a_kept_form_stays_until_it_was_taken(client, boss):
    stranger = UserFactory()
    moment = NOW.now(tz=NOW.tzinfo)
    kept = drafts.keep(user=stranger, path=f"{PAGE}add/", fields=[("name", "x")], now=moment)
    typed = {"email": "sent@example.org", "name": "x", drafts.FIELD: kept.pk}
    client.force_login(stranger)
    assert client.post(f"{PAGE}add/", typed).status_code == 403
    assert Draft.objects.get() == kept
    User.objects.filter(pk=stranger.pk).update(is_superuser=True)
    assert client.post(f"{PAGE}add/", typed).status_code == 302
    assert User.objects.filter(email="sent@example.org").exists()
    assert not Draft.objects.exists()


def test_a_kept_form_that_has_to_wait_once_more_is_kept_once_more(client, boss):
    kept = drafts.keep(user=boss, path=f"{PAGE}add/", fields=[("name", "x")], now=NOW.now(tz=NOW.tzinfo))
    signed_in(client, seconds_ago=10 * MINUTE)
    asked = client.post(f"{PAGE}add/", {"name": "x", drafts.FIELD: kept.pk})
    assert asked.headers["Location"].startswith("/accounts/again/")
    assert dict(drafts.fields_of(Draft.objects.get())) == {"name": "x"}


def test_looking_at_a_kept_form_changes_nothing_and_it_can_be_thrown_away(client, boss):
    kept = drafts.keep(user=boss, path=f"{PAGE}add/", fields=[("name", "x")], now=NOW.now(tz=NOW.tzinfo))
    address = reverse("accounts:draft", args=[kept.pk])
    for _ in range(2):
        assert client.get(address).status_code == 200
    assert Draft.objects.count() == 1
    client.post(address)
    assert Draft.objects.count() == 0


def test_what_was_typed_is_text_on_that_page(client, boss):
    moment = NOW.now(tz=NOW.tzinfo)
    kept = drafts.keep(user=boss, path=f"{PAGE}add/", fields=[("name", '"><script>x</script>')], now=moment)
    assert "<script>x" not in client.get(reverse("accounts:draft", args=[kept.pk])).content.decode()


def test_no_other_site_leaves_a_form_here(boss):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(boss)
    idle(strict, seconds=HOUR)
    assert strict.post(f"{PAGE}add/", {"name": "planted"}).status_code == 403
    assert not Draft.objects.exists()


@pytest.mark.parametrize("name", ["password", "old_password", "Password2", "csrfmiddlewaretoken", "code"])
def test_passwords_and_codes_are_never_kept(boss, name):
    kept = drafts.keep(user=boss, path="/x/", fields=[(name, "s"), ("name", "n")], now=NOW)
    assert list(drafts.fields_of(kept)) == [("name", "n")]


def test_the_order_and_repeated_names_survive(boss):
    fields = [("groups", "1"), ("groups", "2"), ("name", "n")]
    assert list(drafts.fields_of(drafts.keep(user=boss, path="/x/", fields=fields, now=NOW))) == fields


def test_one_form_is_kept_for_one_address(boss):
    for text in ("first", "second"):
        drafts.keep(user=boss, path="/x/", fields=[("name", text)], now=NOW)
    assert dict(drafts.fields_of(Draft.objects.get())) == {"name": "second"}


@pytest.mark.parametrize(("hours", "left"), [(23, 1), (24, 0)])
def test_kept_forms_are_shown_for_a_day(boss, hours, left):
    kept = drafts.keep(user=boss, path="/x/", fields=[("name", "n")], now=NOW)
    later = NOW + timedelta(hours=hours)
    assert (drafts.of_user(boss, kept.pk, now=later) is not None) == bool(left)


def test_kept_forms_go_with_the_account(boss):
    drafts.keep(user=boss, path="/x/", fields=[("name", "n")], now=NOW)
    boss.delete()
    assert not Draft.objects.exists()


def test_a_lost_master_key_shows_an_empty_form_instead_of_an_accident(boss, settings):
    settings.MASTER_KEYS = ["a" * 50]
    kept = drafts.keep(user=boss, path="/x/", fields=[("name", "n")], now=NOW)
    settings.MASTER_KEYS = ["b" * 50]
    assert drafts.fields_of(kept) == []


def test_the_public_site_stays_open_to_whose_session_is_over(client, boss):
    idle(client, seconds=HOUR)
    assert client.get("/events/").status_code == 200
    assert not is_signed_in(client)
