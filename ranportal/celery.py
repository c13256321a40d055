"""The worker and its clock. The broker is a doorbell: what is to be done stands in the database."""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from ranportal import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")

app = Celery("ranportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # In a zone with daylight saving, beat has a hole of one hour in October.
    timezone="UTC",
    enable_utc=True,
    # Named one by one: autodiscovery looks for <app>.tasks only.
    imports=("registrations.mail.tasks", "registrations.jobs"),
    beat_schedule={
        "sweep the outbox": {"task": "registrations.jobs.sweep_outbox", "schedule": 30.0},
        "scan what is due": {"task": "registrations.jobs.run_scans", "schedule": 60.0},
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


worker_init.connect(_refuse_demo_defaults)
beat_init.connect(_refuse_demo_defaults)
