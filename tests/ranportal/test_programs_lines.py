"""Real programs, as in production: every line is JSON and names nobody, one id goes from form to mail, and several
processes count their requests together."""

import http.client
import json
import re
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from ranportal.shared import clock
from registrations.models import Identity, OutgoingMail
from tests.factories import CallFactory, EventFactory
from tests.races.web import Browser, WebServer
from tests.workers import environment_of_this_test

pytestmark = pytest.mark.django_db(transaction=True)

NAME, MAIL = "Zsofia Oszi", "zsofia.oszi@example.org"
TOKEN = "only-for-this-test"
PROCESSES = 2
_FORM = {
    "given_name": "Zsofia",
    "family_name": "Oszi",
    "display_name": NAME,
    "email": MAIL,
    "country": "HU",
    "organisation": "Example clinic",
    "profession": "psychology",
    "privacy": "on",
}


@pytest.fixture
def as_in_production(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "temp").mkdir()
    return environment_of_this_test() | {
        "LOG_FORMAT": "json",
        "METRICS_TOKEN": TOKEN,
        "TMPDIR": str(tmp_path / "temp"),
        "ALLOWED_HOSTS": "localhost",
    }


def test_all_lines_are_json_name_nobody_and_lead_from_the_form_to_its_mail(worker, as_in_production, tmp_path):
    running = worker(LOG_FORMAT="json")
    now = clock.now()
    later = now + timedelta(days=30)
    event = EventFactory(published_at=now, sessions=[(later, later + timedelta(hours=1))])
    CallFactory(event=event, unlimited=True, opens_at=now, closes_at=later)
    web = WebServer(
        tmp_path, environ=as_in_production, workers=PROCESSES, threads=2, config="python:ranportal.web_server"
    )
    try:
        status = web.browser().post(reverse("registrations:registration-form", args=[event.slug]), _FORM)
        assert status == 303
        wait_until_sent()
        for _ in range(20):
            web.browser().get("/announcements/feed/")
        web.browser().get(f"/registrations/p/0-{'x' * 30}/?{MAIL}")
        counted = {requests_counted(web.browser()) for _ in range(6)}
    finally:
        web.stop()
    running.stop()
    ours, theirs = lines(web.log), lines(running.log)

    # Whichever process answers, it tells of all: 20 requests of the feed.
    assert counted == {20.0}
    assert {"portal.access", "gunicorn.error"} <= {line["logger"] for line in ours}
    assert {"celery.apps.worker", "celery.app.trace"} <= {line["logger"] for line in theirs}
    (sent,) = [line for line in ours if line.get("method") == "POST"]
    rung = [line for line in theirs if line.get("request_id") == sent["request_id"]]
    assert [line["task"] for line in rung if "succeeded" in line["message"]] == ["registrations.mail.tasks.deliver"]
    written = web.log.read_text() + running.log.read_text()
    # It could leak: the person is in the database, and the address was in what was asked.
    assert Identity.objects.get().email == MAIL
    for word in ("Zsofia", "Oszi", "zsofia", "example.org", "clinic", "x" * 30):
        assert word not in written
    assert list((tmp_path / "temp").glob("ranportal-metrics-*")) == []


def lines(log: Path) -> list[dict]:
    """Every line that came after Python itself had started, each of them JSON."""
    return [json.loads(line) for line in log.read_text().splitlines() if not is_banner(line)]


def is_banner(line: str) -> bool:
    """Celery draws a picture of itself before the first line; a warning about root is no line of ours either."""
    return not line.startswith("{") and not re.search(r"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b", line)


def wait_until_sent() -> None:
    end = time.monotonic() + 60
    while not OutgoingMail.objects.filter(state="sent").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert OutgoingMail.objects.get().state == "sent"


def requests_counted(browser: Browser) -> float:
    """How many requests of the feed of announcements the web server says that it has answered."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(browser._path))
    connection.request("GET", "/metrics/", headers={"Authorization": f"Bearer {TOKEN}"})
    text = connection.getresponse().read().decode()
    connection.close()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    wanted = {"view": "events:announcement-feed", "method": "GET", "status": "200"}
    return sum(s.value for s in samples if s.name == "ranportal_requests_total" and s.labels == wanted)
