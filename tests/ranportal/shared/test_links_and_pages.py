"""Addresses in full, and lists in pages."""

import pytest

from events.models import WorkingGroup
from ranportal.shared.links import absolute, is_allowed, is_local
from ranportal.shared.pagination import page_of


def test_absolute_starts_with_the_sites_own_address(settings):
    settings.SITE_URL = "https://events.example.org"
    assert absolute("/events/") == "https://events.example.org/events/"


@pytest.mark.parametrize("url", ["/events/", "#top", "/"])
def test_paths_and_places_on_the_page_are_local(url):
    assert is_local(url)


@pytest.mark.parametrize("url", ["//evil.example", "/\\evil.example", "https://example.org", "", "events/"])
def test_what_leads_away_is_not_local(url):
    assert not is_local(url)


@pytest.mark.parametrize("url", ["javascript:x", "data:x", "ftp://example.org", "http://[", "https:x", "x", ""])
def test_only_web_addresses_mailboxes_and_local_paths_are_allowed(url):
    assert not is_allowed(url)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "number"),
    [(None, 1), ("", 1), ("2", 2), ("99", 5), ("0", 5), ("-1", 5), ("x", 1), ("²", 1), ("1e3", 1), ("9" * 5000, 1)],
)
def test_page_of_answers_any_number_with_a_page(asked, number):
    assert WorkingGroup.objects.count() == 9
    assert page_of(WorkingGroup.objects.all(), asked, per_page=2).number == number
