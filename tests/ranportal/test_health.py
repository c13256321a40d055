"""Who asks for health learns which part fails."""

import pytest
from django.db import DatabaseError
from kombu import Connection

from ranportal.shared import health


def test_live_answers_without_a_database(client):
    assert client.get("/healthz/live/").json() == {"ready": True}


@pytest.fixture(autouse=True)
def _not_asked_yet():
    health._worker_of.cache_clear()
    yield
    health._worker_of.cache_clear()


@pytest.mark.django_db
def test_web_answers_when_the_database_does(client):
    response = client.get("/healthz/web/")
    assert (response.status_code, response.json()) == (200, {"ready": True, "database": "ok"})


def test_web_names_the_database_that_does_not_answer(client, monkeypatch):
    class Gone:
        def cursor(self):
            raise DatabaseError

    monkeypatch.setattr(health, "connection", Gone())
    response = client.get("/healthz/web/")
    assert (response.status_code, response.json()) == (503, {"ready": False, "database": "no answer"})


@pytest.mark.django_db
def test_ready_names_the_worker_that_does_not_run(client):
    response = client.get("/healthz/ready/")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "ok", "broker": "ok", "worker": "no answer"}


@pytest.mark.django_db
def test_ready_names_the_broker_that_is_away(client, monkeypatch, tmp_path):
    nowhere = f"redis+socket://{tmp_path}/none.sock"
    for name in ("connection_for_read", "connection_for_write"):
        monkeypatch.setattr(health.current_app, name, lambda **options: Connection(nowhere, **options))
    response = client.get("/healthz/ready/")
    assert (response.status_code, response.json()["broker"]) == (503, "no answer")


@pytest.mark.django_db
def test_workers_are_asked_once_in_five_seconds(client, monkeypatch):
    asked, moment = [], 1000.0
    monkeypatch.setattr(health.current_app.control, "broadcast", lambda *args, **options: asked.append(1) or ["pong"])
    monkeypatch.setattr(health.time, "monotonic", lambda: moment)
    for _ in range(3):
        assert client.get("/healthz/ready/").json()["worker"] == "ok"
    assert len(asked) == 1
    moment = 1005.0
    client.get("/healthz/ready/")
    assert len(asked) == 2


def test_health_cannot_be_posted_to(client):
    assert client.post("/healthz/live/").status_code == 405
