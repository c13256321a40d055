"""Entry points of beat. All are scans: safe to run twice, at once, or late."""

import logging

from celery import shared_task

from ranportal.shared import clock
from registrations.mail import bounces, delivery, restored
from registrations.mail.mailboxes import MailboxAway
from registrations.services import alarms, looking, notices, pulse, purging, reconciling, releasing

logger = logging.getLogger(__name__)


@shared_task
def sweep_outbox() -> int:
    """Send what no doorbell announced; returns how many mails were sent."""
    restored.hold_if_turned_back(now=clock.now())
    return delivery.drain(clock=clock.now, seconds=25)


@shared_task
def read_bounces() -> None:
    """Note which mails came back, where BOUNCES_URL names a mailbox."""
    try:
        bounces.read(clock=clock.now, seconds=50)
    except MailboxAway as away:
        logger.warning("%s", away)


@shared_task
def run_scans() -> dict[str, int]:
    """Deadlines, reminders, lists, changes, outcomes; returns a count for each."""
    return notices.run_scans(now=clock.now(), others={"remind_of_alarms": alarms.remind})


@shared_task
def carry_out_releases() -> int:
    """Carry out the releases whose hour has come; returns how many."""
    return releasing.carry_out(now=clock.now())


@shared_task
def purge() -> dict[str, int]:
    """Delete what is kept no longer; returns a count for each kind."""
    return dict(purging.purge_expired(now=clock.now()).counts)


@shared_task
def tell_of_many_looks() -> int:
    """Tell data protection officers who looked at unusually many people; returns how many mails."""
    return looking.alarm(now=clock.now())


@shared_task
def beat_pulse() -> None:
    """Write down that beat is heard."""
    pulse.beat(now=clock.now())


@shared_task
def reconcile() -> dict[str, int]:
    """Check whether everyone was told once; returns the sums."""
    return reconciling.reconcile(now=clock.now())
