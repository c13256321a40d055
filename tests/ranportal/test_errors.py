"""When something fails on our side."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import path


def _away(request):
    raise OperationalError("server closed the connection")


def _broken(request):
    raise ValueError("Ann Lee")


urlpatterns = [path("away/", _away), path("broken/", _broken)]
handler500 = "ranportal.errors.server_error"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def test_a_database_that_is_away_is_said_with_when_to_come_back(client):
    response = client.get("/away/")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "<h1" in response.content.decode()


def test_any_other_failure_shows_our_page_and_nothing_of_what_failed(client):
    response = client.get("/broken/")
    page = response.content.decode()
    assert response.status_code == 500
    assert "<h1" in page
    assert "Ann Lee" not in page
