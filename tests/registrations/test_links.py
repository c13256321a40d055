"""Private links open what they were made for, as long as they live, and nothing else."""

from datetime import timedelta

import pytest

from registrations import links
from registrations.links import LinkUnknown, code_of, find, is_code_of, token_of
from registrations.models import OutgoingMail, PrivateLink
from tests.factories import NOW, CallFactory, RegistrationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def link():
    return RegistrationFactory(unproven=True).links.get()


def test_a_token_finds_its_link(link):
    found = find(token_of(link), now=NOW)
    assert (found, found.registration, found.version) == (link, link.registration, 1)


def test_a_token_has_at_least_128_bits_that_cannot_be_guessed(link):
    assert len(token_of(link).partition("-")[2]) >= 128 / 6


@pytest.mark.parametrize("position", [0, 5, -1])
def test_a_token_with_one_letter_changed_opens_nothing(link, position):
    pk, _, mac = token_of(link).partition("-")
    letters = list(mac)
    letters[position] = "A" if letters[position] != "A" else "B"
    with pytest.raises(LinkUnknown):
        find(f"{pk}-{''.join(letters)}", now=NOW)


@pytest.mark.parametrize(
    "token", ["", "-", "1", "x-y", "1-" + "é" * 27, "1-" + "A" * 27, "9" * 40 + "-" + "A" * 27, "١-" + "A" * 27]
)
def test_a_made_up_token_opens_nothing(link, token):
    with pytest.raises(LinkUnknown):
        find(token, now=NOW)


def test_a_token_of_one_link_does_not_open_another(link):
    other = RegistrationFactory(unproven=True).links.get()
    mac = token_of(link).partition("-")[2]
    with pytest.raises(LinkUnknown):
        find(f"{other.pk}-{mac}", now=NOW)


def test_a_token_of_an_earlier_version_does_not_pass_for_a_later_one(link):
    token = token_of(link)
    PrivateLink.objects.filter(pk=link.pk).update(version=2)
    with pytest.raises(LinkUnknown):
        find(token, now=NOW)


def test_a_revoked_link_opens_nothing(link):
    token = token_of(link)
    PrivateLink.objects.filter(pk=link.pk).update(revoked_at=NOW)
    with pytest.raises(LinkUnknown):
        find(token, now=NOW)


def test_a_link_lives_until_30_days_after_the_event(link):
    end = link.registration.call.event.sessions.get().ends_at + timedelta(days=30)
    assert find(token_of(link), now=end - timedelta(microseconds=1)) == link
    with pytest.raises(LinkUnknown):
        find(token_of(link), now=end)


def test_a_link_of_a_call_without_sessions_lives_from_the_deadline_on():
    registration = RegistrationFactory(unproven=True, call=CallFactory(event__sessions=[]))
    assert links.expires_at(registration.links.get()) == registration.call.closes_at + timedelta(days=30)


def test_a_link_survives_a_rotation_of_the_secret_key(link, settings):
    before, code = token_of(link), code_of(link)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-new-one" * 6
    assert find(before, now=NOW) == link
    assert (token_of(link), code_of(link)) == (before, code)
    assert is_code_of(link, code)


def test_a_link_ends_with_the_key_that_signed_it(link, settings):
    before = token_of(link)
    settings.SECRET_KEY = "the-new-one" * 6
    with pytest.raises(LinkUnknown):
        find(before, now=NOW)
    assert find(token_of(link), now=NOW) == link


def test_a_code_has_eight_digits_and_blanks_do_not_count(link):
    code = code_of(link)
    assert (len(code), code.isdigit()) == (8, True)
    assert is_code_of(link, f" {code[:4]} {code[4:]} ")
    assert is_code_of(link, f"{code[:4]}-{code[4:]}")


@pytest.mark.parametrize("code", ["", "1", "12345678 9", "abcdefgh", "é" * 8, "\udcff" * 8])
def test_other_digits_are_not_the_code(link, code):
    assert not is_code_of(link, code)


def test_codes_of_two_links_and_of_two_versions_differ(link):
    other = RegistrationFactory(unproven=True).links.get()
    later = PrivateLink(pk=link.pk, version=2, key_id=link.key_id)
    assert len({code_of(link), code_of(other), code_of(later)}) == 3


def test_neither_token_nor_code_stands_in_any_row(link):
    token, code = token_of(link).partition("-")[2], code_of(link)
    rows = [*PrivateLink.objects.values(), *OutgoingMail.objects.values()]
    assert rows
    assert not any(token in str(value) or code in str(value) for row in rows for value in row.values())
