"""The stamp that deadlines are compared with."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory

from ranportal.shared.middleware import ReceivedAtMiddleware, received_at

NOW = datetime(2023, 9, 6, 22, 0, 0, tzinfo=UTC)


def request(stamp: str | None = None):
    headers = {} if stamp is None else {"X-Request-Start": stamp}
    return RequestFactory().post("/", headers=headers)


def test_each_request_is_stamped_once_in_utc():
    seen = []
    before = datetime.now(UTC)
    ReceivedAtMiddleware(lambda request: seen.append(request.received_at))(request())
    assert before <= seen[0] <= datetime.now(UTC)


def test_it_is_the_first_middleware(settings):
    assert settings.MIDDLEWARE[0] == "ranportal.shared.middleware.ReceivedAtMiddleware"


def test_a_stranger_cannot_bring_a_stamp(settings):
    settings.TRUST_REQUEST_START = False
    earlier = NOW - timedelta(seconds=2)
    assert received_at(request(f"t={earlier.timestamp()}"), now=NOW) == NOW


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000])
def test_a_trusted_proxy_stamp_counts_in_any_usual_unit(settings, factor):
    settings.TRUST_REQUEST_START = True
    earlier = NOW - timedelta(seconds=2)
    assert received_at(request(f"t={int(earlier.timestamp() * factor)}"), now=NOW) == earlier


@pytest.mark.parametrize(
    "stamp", ["", "t=", "t=abc", "t=-1", "t=1e9", "t=nan", "t=١٢٣", "t=" + "9" * 30, "t=0", "t=1694037601"]
)
def test_an_implausible_stamp_is_not_believed(settings, stamp):
    settings.TRUST_REQUEST_START = True
    assert received_at(request(stamp), now=NOW) == NOW
