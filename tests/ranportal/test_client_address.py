"""Whose address counts, when login attempts are counted."""

import pytest
from django.test import RequestFactory

from ranportal.shared.middleware import ClientAddressMiddleware


def seen_address(forwarded: str | None) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")
    return ClientAddressMiddleware(lambda request: request.META["REMOTE_ADDR"])(request)


def test_without_trusted_proxies_a_header_says_nothing(settings):
    settings.TRUSTED_PROXIES = 0
    assert seen_address("198.51.100.7") == "192.0.2.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_only_what_a_trusted_proxy_saw_counts(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    assert seen_address(forwarded) == address
