"""Figures for Prometheus: right, for whoever holds the token, and never of a person."""

import math
from datetime import timedelta

import pytest
from django.db import DatabaseError
from prometheus_client.parser import text_string_to_metric_families

from ranportal.shared import metrics
from registrations import figures
from registrations.enums import MailKind, State
from registrations.mail import outbox
from registrations.models import OutgoingMail, Reconciliation
from registrations.services import pulse
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory

TOKEN = "a-token-for-the-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def test_a_figure_that_cannot_be_written_takes_nobodys_answer_away(monkeypatch, caplog):
    def gone(*labels):
        raise FileNotFoundError("/run/metrics/counter_1.db")

    monkeypatch.setattr(metrics.REQUESTS, "labels", gone)
    metrics.count(view="home", method="GET", status=200, seconds=0.1)
    assert caplog.messages == ["A request could not be counted (FileNotFoundError)."]


def read(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """By name of the figure: the values of its labels, and its value."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def told(now) -> dict[str, dict[tuple[str, ...], float]]:
    """What the portal's own figures say at this moment."""
    families = figures.figures(now)
    return {f.name.removeprefix("ranportal_"): {tuple(s.labels.values()): s.value for s in f.samples} for f in families}


def test_without_a_token_of_ours_there_is_no_such_page(client):
    assert client.get("/metrics/", headers=HEADERS).status_code == 404


@pytest.mark.parametrize("given", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer é"])
def test_who_does_not_hold_the_token_is_told_nothing(client, token, given):
    response = client.get("/metrics/", headers={"Authorization": given})
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.django_db
def test_who_holds_it_gets_what_prometheus_can_read(client, token):
    client.get("/events/")
    response = client.get("/metrics/", headers=HEADERS)
    found = read(response.content.decode())

    assert response["Content-Type"].startswith("text/plain; version=")
    assert response["Cache-Control"] != ""
    assert found["ranportal_database_up"] == {(): 1.0}
    assert [labels[-1] for labels in found["ranportal_build_info"]] == ["unknown"]
    assert found["ranportal_requests_total"]["GET", "200", "events:event-list"] >= 1
    assert found["ranportal_request_seconds_count"]["GET", "events:event-list"] >= 1
    assert found["ranportal_beat_pulse_age_seconds"] == {(): math.inf}


@pytest.mark.django_db
def test_each_request_is_counted_once_by_the_name_of_its_view(client):
    def counted(*labels: str) -> float:
        return metrics.COUNTED.get_sample_value("ranportal_requests_total", dict(zip(NAMES, labels, strict=True))) or 0

    before = counted("events:event-detail", "GET", "404"), counted("", "OTHER", "404")
    client.get("/events/nobody-knows/")
    client.generic("BREW", "/nowhere/")
    after = counted("events:event-detail", "GET", "404"), counted("", "OTHER", "404")

    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1]


NAMES = ("view", "method", "status")


@pytest.mark.django_db
def test_what_was_counted_is_told_while_the_database_is_away(client, token, monkeypatch):
    def away(now):
        raise DatabaseError

    page = metrics.page(away)
    request = client.get("/metrics/", headers=HEADERS).wsgi_request
    found = read(page(request).content.decode())

    assert found["ranportal_database_up"] == {(): 0.0}
    assert "ranportal_requests_total" in found
    assert "ranportal_mails" not in found


@pytest.mark.django_db
def test_mail_and_its_gate_are_as_the_database_has_them():
    pulse.beat(now=NOW - timedelta(seconds=40))
    late = {"due_at": NOW - timedelta(minutes=7), "priority": OutgoingMail.Priority.BULK}
    OutgoingMailFactory(kind=MailKind.EVENT_REMINDER, **late)
    OutgoingMailFactory(kind=MailKind.EVENT_REMINDER, **late | {"due_at": NOW - timedelta(minutes=2)})
    OutgoingMailFactory(due_at=NOW + timedelta(hours=1))
    OutgoingMailFactory(refused=True)
    OutgoingMailFactory(sent=True)
    outbox.pause(now=NOW)

    found = told(NOW)

    assert found["beat_pulse_age_seconds"] == {(): 40.0}
    assert found["mail_paused"] == {(): 1.0}
    assert found["mail_relay_closed"] == {(): 0.0}
    assert found["mails_due"] == {("at_once",): 0.0, ("news",): 0.0, ("bulk",): 2.0}
    assert found["oldest_due_mail_age_seconds"] == {("at_once",): 0.0, ("news",): 0.0, ("bulk",): 420.0}
    assert found["mails"] == {
        ("queued", "event_reminder", "bulk"): 2.0,
        ("queued", "confirmed", "news"): 1.0,
        ("refused", "confirmed", "news"): 1.0,
        ("sent", "confirmed", "news"): 1.0,
    }


@pytest.mark.django_db
def test_open_calls_are_told_by_event_and_state():
    call = CallFactory(event__slug="open-now", closes_at=NOW + timedelta(hours=5))
    CallFactory(event__slug="later", unlimited=True, closes_at=NOW + timedelta(days=3))
    RegistrationFactory(call=CallFactory(event__slug="over", closed=True))
    RegistrationFactory.create_batch(2, call=call)
    RegistrationFactory(call=call, on_list=True)

    found = told(NOW)

    assert found["registrations"] == {("open-now", State.CONFIRMED): 2.0, ("open-now", State.RESERVE): 1.0}
    assert found["places_taken"] == {("open-now",): 2.0, ("later",): 0.0}
    assert found["places_limit"] == {("open-now",): 10.0}
    assert found["next_deadline_seconds"] == {(): 5 * 3600.0}
    assert found["deadlines_within_day"] == {(): 1.0}
    assert found["deadline_overdue_seconds"] == {(): 3600.0}


@pytest.mark.django_db
def test_the_last_daily_check_is_told_and_no_older_one():
    counts = {"promised": 9, "told": 6, "waiting": 1, "replaced": 0, "stopped": 1, "missing": 1, "repeated": 0}
    for days in (0, 1):
        day = NOW - timedelta(days=days, hours=6)
        for doubled in (1, 2):
            Reconciliation.objects.create(day=day.date(), call=CallFactory(), checked_at=day, doubled=doubled, **counts)
    found = told(NOW)

    assert found["daily_check_age_seconds"] == {(): 6 * 3600.0}
    assert found["daily_check"] == {("waiting",): 2.0, ("stopped",): 2.0, ("missing",): 2.0, ("doubled",): 3.0}


@pytest.mark.django_db
def test_figures_cost_the_same_few_statements_for_one_call_and_for_three(django_assert_num_queries):
    pulse.beat(now=NOW)
    for _ in range(2):
        RegistrationFactory(call=CallFactory())
        OutgoingMailFactory()
        with django_assert_num_queries(9):
            list(figures.figures(NOW))


@pytest.mark.django_db
def test_no_figure_knows_a_person(client, token):
    registration = RegistrationFactory(identity__given_name="Zsófia", identity__email="zsofia@example.org")
    OutgoingMailFactory(registration=registration)
    client.get(f"/registrations/mine/{registration.reference}/?q=Zsófia")
    text = client.get("/metrics/", headers=HEADERS).content.decode()

    for word in ("Zsófia", "zsofia", "example.org", registration.reference, "127.0.0.1"):
        assert word not in text
