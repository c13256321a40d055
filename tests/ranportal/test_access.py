"""Each request has an id and a line that names what was asked, and nobody."""

import logging

import pytest
from django.urls import path

from ranportal import urls
from ranportal.shared import tracing
from ranportal.shared.logs import FORMATTERS
from registrations.links import token_of
from tests.factories import EventFactory, RegistrationFactory


def _fail(request):
    raise ValueError("Ann Lee")


urlpatterns = [*urls.urlpatterns, path("fails/", _fail)]
handler500 = urls.handler500

GIVEN = "0123456789abcdef-0123"


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="portal.access")
    return lambda: [record for record in caplog.records if record.name == "portal.access"]


@pytest.mark.django_db
def test_one_line_says_what_was_asked_and_how_it_went(client, lines):
    EventFactory(slug="about-something")
    client.get("/events/about-something/?q=Ann+Lee")
    (line,) = lines()
    about = dict(line.about)
    assert isinstance(about.pop("duration_ms"), float)
    assert about == {"method": "GET", "path": "/events/<slug:slug>/", "status": 200}
    assert line.getMessage().startswith("GET /events/<slug:slug>/ 200 ")


@pytest.mark.django_db
def test_a_private_link_is_in_no_line(client, caplog):
    caplog.set_level(logging.DEBUG)
    token = token_of(RegistrationFactory().links.get())
    client.get(f"/registrations/p/{token}/")
    client.get(f"/registrations/p/{token[:-1]}/")
    written = "\n".join(form().format(record) for record in caplog.records for form in FORMATTERS.values())
    # Django itself tells of what it did not find: there the token stood.
    assert any(token[:-1] in record.getMessage() for record in caplog.records)
    assert token[:-1] not in written
    assert "GET /registrations/p/…/ 404" in written


def test_what_is_no_page_of_ours_is_not_repeated(client, lines):
    client.get("/somebody@example.org/")
    assert lines()[0].about["path"] == "(no page)"


def test_machines_that_ask_for_health_leave_no_line(client, lines):
    client.get("/healthz/live/")
    client.post("/healthz/live/")
    assert [line.about["status"] for line in lines()] == [405]


def test_an_id_of_a_stranger_is_not_taken(client):
    answered = client.get("/healthz/live/", headers={"X-Request-ID": GIVEN})["X-Request-ID"]
    assert answered != GIVEN
    assert tracing.is_well_formed(answered)


@pytest.mark.parametrize(
    ("given", "is_taken"), [(GIVEN, True), ("short", False), ("x" * 65, False), (f"{GIVEN}\n{{", False)]
)
def test_an_id_of_our_proxy_is_taken_when_it_is_well_formed(client, settings, given, is_taken):
    settings.TRUSTED_PROXIES = 1
    answered = client.get("/healthz/live/", headers={"X-Request-ID": given})["X-Request-ID"]
    assert (answered == given) is is_taken


@pytest.mark.urls(__name__)
def test_a_failure_answers_with_the_id_under_which_its_traceback_stands(client, caplog):
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append((record.name, tracing.work().request_id))
    logging.getLogger("django.request").addHandler(handler)
    client.raise_request_exception = False
    response = client.get("/fails/")
    logging.getLogger("django.request").removeHandler(handler)
    assert response.status_code == 500
    assert seen == [("django.request", response["X-Request-ID"])]
    assert tracing.work() == tracing.Work()
