"""gunicorn's configuration of a portal that decides its deadlines in another way: what the test must catch."""

import os
from datetime import datetime
from importlib import import_module
from typing import Any

from ranportal.shared import clock
from tests.faults import guarded


def post_worker_init(worker: Any) -> None:
    """Put the rule that OTHER_DEADLINE names in place of the comparison with the stamp."""
    guarded.post_worker_init(worker)
    policies = import_module("registrations.policies")
    rules = {"moment of writing": _by_the_moment_of_writing, "flag of a job": _by_a_flag}
    policies.is_open = rules[os.environ["OTHER_DEADLINE"]]


def _by_the_moment_of_writing(call: Any, *, received_at: datetime) -> bool:
    return bool(call.opens_at <= clock.now() < call.closes_at)


def _by_a_flag(call: Any, *, received_at: datetime) -> bool:
    return call.deadline_handled_at is None
