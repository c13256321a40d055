"""gunicorn's configurations of portals without a guard: what the controls must see."""

import time
from importlib import import_module
from typing import Any

from django.conf import settings

from tests.races import plain_pages

assert plain_pages.settings is settings


def post_worker_init(worker: Any) -> None:
    """Take every form as it comes, and answer as soon as it is done, known addresses a little later."""
    guard = import_module("ranportal.shared.form_guard")
    guard.Guard.judge_first = lambda self: guard.Finding.FINE
    guard.Guard.judge = lambda self, *, is_complete: guard.Finding.FINE
    settings.ANSWER_FLOOR *= 0
    intake = import_module("registrations.services.intake")
    tell_owner = intake._tell_owner

    def slowly(*args: Any, **options: Any) -> None:
        # The difference that the stopwatch must find; nothing waits for it.
        time.sleep(0.1)
        tell_owner(*args, **options)

    intake._tell_owner = slowly
