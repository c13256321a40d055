"""When something fails on our side."""

import errno

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import BadRequest
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.urls import path


def _failing_with(error):
    def view(request):
        raise error

    return view


def _interrupted(request):
    try:
        raise OperationalError("server closed the connection")
    except OperationalError as error:
        raise SessionInterrupted("The session was deleted.") from error


urlpatterns = [
    path("away/", _failing_with(OperationalError("server closed the connection"))),
    path("full/", _failing_with(OSError(errno.ENOSPC, "No space left on device"))),
    path("interrupted/", _interrupted),
    path("broken/", _failing_with(ValueError("Ann Lee"))),
    path("twice/", _failing_with(IntegrityError("Ann Lee"))),
    path("bad/", _failing_with(BadRequest("Ann Lee"))),
]
handler400 = "ranportal.errors.bad_request"
handler500 = "ranportal.errors.server_error"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("what", ["away", "full", "interrupted"])
def test_an_outage_is_said_with_when_to_come_back(client, what):
    response = client.get(f"/{what}/")
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "30", "no-store")
    assert "Please try again in half a minute." in response.content.decode()


def test_who_sent_a_form_into_an_outage_reads_that_sending_it_again_is_safe(client):
    page = client.post("/away/", {"family_name": "Ann Lee"}).content.decode()
    assert "Sending it again is safe." in page
    assert "Ann Lee" not in page


@pytest.mark.parametrize(("what", "status"), [("broken", 500), ("twice", 500), ("bad", 400)])
def test_any_other_failure_shows_our_page_and_nothing_of_what_failed(client, what, status):
    response = client.get(f"/{what}/")
    page = response.content.decode()
    assert (response.status_code, response.has_header("Retry-After")) == (status, False)
    assert "<h1" in page
    assert "Ann Lee" not in page
