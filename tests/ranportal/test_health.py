"""Who asks for health learns which part fails."""

import pytest
from django.db import DatabaseError
from kombu import Connection

from ranportal.shared import health


def test_live_answers_without_a_database(client):
    assert client.get("/healthz/live/").json() == {"ready": True}


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


def test_health_cannot_be_posted_to(client):
    assert client.post("/healthz/live/").status_code == 405
