"""The doorbell and who answers it. Losing every ring loses nothing: beat sweeps the outbox."""

import time

from celery import current_app, shared_task
from kombu.exceptions import KombuError, OperationalError

from ranportal.shared import clock
from registrations.mail import delivery, restored

#: Seconds that a ring may take, and for which a silent broker is not asked again.
RING_TIMEOUT = 0.05
SILENT_FOR = 30.0

_silent_until = 0.0


@shared_task
def deliver() -> int:
    """Send what is due for at most 50 seconds; returns how many mails were sent."""
    restored.look_once(clock.now)
    return delivery.drain(clock=clock.now, seconds=50)


def ring() -> None:
    """Wake a worker. Never raises, and never takes longer than the time-outs above."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    patience = {"socket_connect_timeout": RING_TIMEOUT, "socket_timeout": RING_TIMEOUT, "max_retries": 0}
    try:
        with current_app.connection_for_write(connect_timeout=RING_TIMEOUT, transport_options=patience) as connection:
            deliver.apply_async(connection=connection, retry=False)
    except (KombuError, OperationalError, OSError):
        _silent_until = time.monotonic() + SILENT_FOR
