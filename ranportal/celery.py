"""The worker and its clock. The broker is a doorbell: what is to be done stands in the database."""

import os
import sys
from logging.config import dictConfig
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue
from kombu.exceptions import KombuError

from ranportal import checks
from ranportal.shared import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")

PULSE = "registrations.jobs.beat_pulse"
SWEEP = "registrations.jobs.sweep_outbox"

app = Celery("ranportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # In a zone with daylight saving, what is named by the clock (crontab) has a hole of one hour in October.
    timezone="UTC",
    enable_utc=True,
    # Named one by one: autodiscovery looks for <app>.tasks only.
    imports=("registrations.mail.tasks", "registrations.jobs"),
    # A worker takes from each queue in turn, so thousands of rings keep neither beat's jobs nor its pulse waiting.
    task_queues=[Queue(name, routing_key=name) for name in ("celery", "clock", "pulse")],
    task_default_queue="celery",
    task_routes={"registrations.jobs.beat_pulse": {"queue": "pulse"}, "registrations.jobs.*": {"queue": "clock"}},
    beat_schedule={
        # Beat asks again: an old question is not worth an answer, and a heap of them would tell of a beat long gone.
        "be heard": {"task": PULSE, "schedule": 60.0, "options": {"expires": 60.0}},
        "sweep the outbox": {"task": SWEEP, "schedule": 30.0, "options": {"expires": 60.0}},
        "scan what is due": {
            "task": "registrations.jobs.run_scans",
            "schedule": 60.0,
            "options": {"expires": 180.0},
        },
        "carry out what was released": {
            "task": "registrations.jobs.carry_out_releases",
            "schedule": 15.0,
            "options": {"expires": 60.0},
        },
        "read what came back": {
            "task": "registrations.jobs.read_bounces",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "see who looked at many people": {
            "task": "registrations.jobs.tell_of_many_looks",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "see whether everyone was told": {
            "task": "registrations.jobs.reconcile",
            "schedule": crontab(hour="4", minute="10"),
        },
        "purge what is kept no longer": {
            "task": "registrations.jobs.purge",
            "schedule": crontab(hour="2", minute="20"),
        },
    },
)


def _refuse_demo_defaults(**kwargs: Any) -> None:
    try:
        checks.refuse_demo_defaults()
    except ImproperlyConfigured as refusal:
        # Celery logs an ordinary exception of a signal and goes on.
        sys.exit(str(refusal))


def _begin_at_once(**kwargs: Any) -> None:
    """Beat waits a whole interval before it does something for the first time; these two are wanted at its start."""
    for name in (PULSE, SWEEP):
        try:
            app.send_task(name, expires=60.0, retry=False)
        except (KombuError, OSError):
            # The broker is not there yet. Beat asks again by itself.
            return


def _leave_the_lines_to_us(**kwargs: Any) -> None:
    """Celery sets up no handlers and no form of its own where somebody answers this signal."""
    dictConfig(settings.LOGGING)


def _carry_request_id(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """The ring says for which request it was: beside the task's arguments, of which there are none."""
    if headers is not None and (request_id := tracing.work().request_id):
        headers["request_id"] = request_id


def _begin_task(task_id: str, task: Task, **kwargs: Any) -> None:
    tracing.begin_task(name=task.name, task_id=task_id, request_id=str(task.request.get("request_id") or ""))


def _end_task(**kwargs: Any) -> None:
    tracing.end_task()


worker_init.connect(_refuse_demo_defaults)
beat_init.connect(_refuse_demo_defaults)
beat_init.connect(_begin_at_once)
setup_logging.connect(_leave_the_lines_to_us)
before_task_publish.connect(_carry_request_id)
task_prerun.connect(_begin_task)
task_postrun.connect(_end_task)
