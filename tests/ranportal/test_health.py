"""Who asks for health learns which part fails, and is not kept waiting by it."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import RequestFactory
from kombu import Connection

from ranportal import urls
from ranportal.celery import app
from ranportal.shared import clock, health
from registrations import watch
from registrations.models import BeatPulse, MailGate, Release
from registrations.services import pulse
from tests.factories import NOW, CallFactory, OutgoingMailFactory

committed = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_kept():
    yield
    urls.WORKER.forget()


@pytest.fixture
def worker_runs(monkeypatch):
    monkeypatch.setattr(urls.WORKER, "_ask", lambda: {"worker": "ok"})
    urls.WORKER.forget()


def asked(*probes: health.Probe) -> tuple[int, dict[str, object]]:
    response = health.page(*probes)(RequestFactory().get("/healthz/ready/"))
    return response.status_code, json.loads(response.content)


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

        def close(self):
            pass

    monkeypatch.setattr(health, "connection", Gone())
    response = client.get("/healthz/web/")
    assert (response.status_code, response.json()) == (503, {"ready": False, "database": "no answer"})


@committed
def test_ready_names_each_part_when_all_are_well(client, worker_runs):
    pulse.beat(now=clock.now())
    response = client.get("/healthz/ready/")
    assert response.json() == {
        "ready": True,
        **dict.fromkeys(("database", "beat", "mail", "releases", "broker", "worker", "cache"), "ok"),
    }
    assert response.status_code == 200


@pytest.mark.django_db
def test_ready_names_the_worker_and_the_beat_that_do_not_run(client):
    response = client.get("/healthz/ready/")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "database": "ok",
        "beat": "silent",
        "mail": "ok",
        "releases": "ok",
        "broker": "ok",
        "worker": "no answer",
        "cache": "ok",
    }


@pytest.mark.django_db
def test_ready_names_the_broker_that_is_away(client, monkeypatch, tmp_path, worker_runs):
    nowhere = f"redis+socket://{tmp_path}/none.sock"
    monkeypatch.setattr(health.current_app, "connection_for_read", lambda **options: Connection(nowhere, **options))
    response = client.get("/healthz/ready/")
    assert (response.status_code, response.json()["broker"]) == (503, "no answer")


@pytest.mark.django_db
def test_ready_names_the_cache_that_is_away(client, settings, tmp_path, worker_runs):
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{tmp_path}/none.sock"}
    settings.CACHES = {"default": away}
    response = client.get("/healthz/ready/")
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert (response.status_code, response.json()["cache"]) == (503, "no answer")


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "word"), [(2.9, "ok"), (3.1, "silent")])
def test_beat_is_silent_after_three_minutes(minutes, word):
    pulse.beat(now=NOW - timedelta(minutes=minutes))
    assert watch.health(NOW)["beat"] == word


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tried_for", "taken_ago", "word"),
    [(61, None, "late"), (61, 62, "late"), (61, 30, "ok"), (59, None, "ok")],
    ids=["for an hour", "none was taken since", "others were taken", "for less than an hour"],
)
def test_mail_that_is_tried_in_vain_is_late_though_its_next_try_is_ahead(tried_for, taken_ago, word):
    pulse.beat(now=NOW)
    OutgoingMailFactory(due_at=NOW + timedelta(minutes=30), tried_since=NOW - timedelta(minutes=tried_for))
    taken_at = None if taken_ago is None else NOW - timedelta(minutes=taken_ago)
    MailGate.objects.update_or_create(pk=1, defaults={"taken_at": taken_at})
    assert watch.health(NOW)["mail"] == word


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "word"), [(4.9, "ok"), (5.1, "late")])
def test_mail_is_late_after_five_minutes(minutes, word):
    OutgoingMailFactory(due_at=NOW - timedelta(minutes=minutes))
    OutgoingMailFactory(sent=True, due_at=NOW - timedelta(minutes=9))
    assert watch.health(NOW)["mail"] == word


@pytest.mark.django_db
def test_a_pulse_never_goes_back():
    pulse.beat(now=NOW)
    pulse.beat(now=NOW - timedelta(minutes=1))
    assert BeatPulse.objects.get().at == NOW


@pytest.mark.django_db
def test_what_is_watched_costs_one_statement_and_five_while_beat_was_never_heard(django_assert_num_queries):
    with django_assert_num_queries(5):
        watch.look(now=NOW)
    pulse.beat(now=NOW)
    with django_assert_num_queries(1):
        seen = watch.look(now=NOW)
    assert seen == watch.Seen(beat_at=NOW)


@pytest.mark.django_db
def test_the_database_is_well_where_the_rows_of_the_watch_cannot_be_read():
    def missing(now):
        raise DatabaseError("no such table")

    probe = health.database(missing, "beat", "mail")
    assert asked(probe) == (503, {"ready": False, "database": "ok", "beat": "no answer", "mail": "no answer"})


def test_a_part_that_hangs_does_not_hang_the_page(monkeypatch):
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.2)
    free, asks = threading.Event(), []

    def ask():
        asks.append(1)
        free.wait(30)
        return {"slow": "ok"}

    slow, quick = health.Probe("slow", ask=ask), health.Probe("quick", ask=lambda: {"quick": "ok"})

    assert asked(slow, quick) == (503, {"ready": False, "slow": "no answer", "quick": "ok"})
    assert asked(slow, quick) == (503, {"ready": False, "slow": "no answer", "quick": "ok"})
    assert len(asks) == 1
    free.set()
    slow.start().result(30)
    assert asked(slow, quick) == (200, {"ready": True, "slow": "ok", "quick": "ok"})


def test_without_a_thread_of_its_own_it_would(monkeypatch):
    class InLine:
        def __init__(self, target, args, daemon):
            self.start = lambda: target(*args)

    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(health.threading, "Thread", InLine)
    answered = []

    def ask():
        threading.Event().wait(0.5)
        answered.append(1)
        return {"slow": "ok"}

    assert asked(health.Probe("slow", ask=ask)) == (200, {"ready": True, "slow": "ok"})
    assert answered == [1]


def test_a_question_that_is_lost_is_asked_again(monkeypatch):
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(health, "GIVEN_UP_AFTER", 0.1)
    lost = iter([threading.Event(), None])

    def ask():
        forever = next(lost)
        return {"part": "ok" if forever is None else str(forever.wait(5))}

    probe = health.Probe("part", ask=ask)

    assert asked(probe)[1]["part"] == "no answer"
    assert asked(probe)[1]["part"] == "ok"


def test_workers_are_asked_once_in_five_seconds(monkeypatch):
    asks, moment = [], 1000.0
    monkeypatch.setattr(health.time, "monotonic", lambda: moment)
    probe = health.Probe("worker", ask=lambda: asks.append(1) or {"worker": "ok"}, kept_seconds=health.WORKER_KEPT)
    for _ in range(3):
        probe.start().result(5)
    assert len(asks) == 1
    moment += health.WORKER_KEPT
    probe.start().result(5)
    assert len(asks) == 2


def test_a_worker_takes_rings_jobs_and_the_pulse_from_queues_of_their_own():
    names = ("registrations.mail.tasks.deliver", "registrations.jobs.run_scans", "registrations.jobs.beat_pulse")
    queues = [app.amqp.router.route({}, name)["queue"].name for name in names]
    assert queues == ["celery", "clock", "pulse"]
    assert set(app.amqp.queues.consume_from) == set(queues)


def test_beat_beats_well_within_the_time_after_which_it_is_silent():
    every = timedelta(seconds=app.conf.beat_schedule["be heard"]["schedule"])
    assert every * 3 <= watch.SILENT_AFTER


def test_health_cannot_be_posted_to(client):
    assert client.post("/healthz/live/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "word"), [(4, "ok"), (6, "late")])
def test_a_release_that_nobody_carries_out_is_late(minutes: int, word: str) -> None:
    due = NOW - timedelta(minutes=minutes)
    release = Release.objects.create(call=CallFactory(selective=True), given_at=NOW - timedelta(hours=1), due_at=due)
    assert watch.health(NOW)["releases"] == word
    pulse.beat(now=NOW)
    assert watch.health(NOW)["releases"] == word
    release.done_at = NOW
    release.save()
    assert watch.health(NOW)["releases"] == "ok"
