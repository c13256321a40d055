"""gunicorn's configuration of a portal that puts the mail after the commit of its cause: what a control must see."""

import time
from importlib import import_module
from typing import Any

from django.db import transaction

from tests.faults import guarded

#: Seconds between the commit and the mail: what the control shows must not depend on chance.
BETWEEN = 0.5


def post_worker_init(worker: Any) -> None:
    """Take the mail out of its transaction."""
    guarded.post_worker_init(worker)
    outbox = import_module("registrations.mail.outbox")
    put = outbox.put

    def put_afterwards(*args: Any, **options: Any) -> None:
        def later() -> None:
            time.sleep(BETWEEN)
            with transaction.atomic():
                put(*args, **options)

        transaction.on_commit(later)

    outbox.put = put_afterwards
