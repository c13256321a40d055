"""A release with time to think again: given by one person, taken back while it waits, carried out by a scan.

Between the two nothing that it rests on changes (`workflow.refuse_while_release_waits`), so what was reviewed is what
people are told.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from events import times
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.models import Release
from registrations.services import selection, workflow
from registrations.services.selection import Released

#: So long a release can be taken back before its mails leave.
RECALL = timedelta(minutes=15)


class NothingStaged(Refused):
    """No decision waits to be released."""


class SecondPersonNeeded(Refused):
    """The call wants another person to release than those who staged, or undid what was staged."""


class NotTheirs(Refused):
    """Only organisers of the call and its deputy release."""


class TooLateToRecall(Refused):
    """There is no release that could still be taken back."""


def give(*, call: Call, by: User, now: datetime) -> Release:
    """Give the release of all staged decisions: carried out RECALL later, and until then it can be taken back.

    Given twice is given once. Raises NotTheirs, SecondPersonNeeded, NothingStaged and what `selection.release` raises:
    then nothing was given.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        if waiting := queries.waiting_release(call):
            return waiting
        _refuse_strangers(call, by)
        by_outcome = selection.releasable(call=call, now=now)
        if not any(by_outcome.values()):
            raise NothingStaged("There is nothing to release: no decision is staged.")
        _refuse_who_decided(call, by)
        return Release.objects.create(call=call, given_at=now, given_by=by, due_at=now + RECALL)


def recall(*, call: Call, by: User, now: datetime) -> Release:
    """Take the release back that waits; nobody was told, and everything staged stays staged.

    As long as it is not carried out, even where its hour has passed. Raises NotTheirs, TooLateToRecall.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        _refuse_strangers(call, by)
        release = queries.waiting_release(call)
        if release is None:
            raise TooLateToRecall(_why_too_late(call))
        release.recalled_at, release.recalled_by = now, by
        release.save(update_fields=["recalled_at", "recalled_by"])
        return release


def carry_out(*, now: datetime) -> int:
    """Carry out every release whose hour has come: states and mails together; returns how many were.

    Safe to run twice, at once, or late. One that can no longer take place (too many by now, event cancelled) ends with
    the reason and moves nobody. Raises ExceptionGroup at the end when some failed; those are tried again.
    """
    due = Release.objects.filter(recalled_at=None, done_at=None, due_at__lte=now).order_by("due_at", "pk")
    done, failures = 0, []
    for release in due.select_related("call"):
        try:
            done += _carry_out(release, now=now)
        except Exception as failure:  # whatever it is, it concerns this release alone
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Some releases failed; the others are done.", failures)
    return done


def release_at_once(*, call: Call, now: datetime) -> Released:
    """What an operator does on the command line: release now, without waiting; a release that waits is carried out.

    A second time changes nothing. Raises what `selection.release` raises, and SecondPersonNeeded where the call wants
    one and nobody has given a release.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        waiting = queries.waiting_release(call)
        if waiting is None and queries.selection_settings(call).needs_second_person:
            raise SecondPersonNeeded(
                "This call wants a second person to release: one gives the release on the call's page, and then this "
                "command carries it out at once."
            )
        released = selection.release(call=call, by=waiting.given_by if waiting else None, now=now)
        if waiting or released.total:
            _end(waiting or Release(call=call, given_at=now, due_at=now), released, now=now)
        return released


def _carry_out(due: Release, *, now: datetime) -> int:
    with transaction.atomic():
        call = workflow.locked(due.call)
        release = queries.waiting_release(call)
        if release is None or release.pk != due.pk:
            return 0
        try:
            with transaction.atomic():
                released = selection.release(call=call, by=release.given_by, now=now)
        except Refused as refusal:
            release.refusal, released = str(refusal), Released()
        _end(release, released, now=now)
        return int(not release.refusal)


def _end(release: Release, released: Released, *, now: datetime) -> None:
    release.done_at = now
    release.selected, release.reserve, release.declined = released.selected, released.reserve, released.declined
    release.save()


def _refuse_strangers(call: Call, by: User) -> None:
    if not queries.may_give_release(user=by, call=call):
        raise NotTheirs("Only the organisers of this call and its deputy can do that.")


def _refuse_who_decided(call: Call, by: User) -> None:
    if not queries.selection_settings(call).needs_second_person:
        return
    if own := queries.hands_in_decisions(call)[by.pk]:
        raise SecondPersonNeeded(
            f"You staged or undid {own} of these decisions, and this call wants a second person to release them. "
            "Please ask another organiser, or the deputy."
        )


def _why_too_late(call: Call) -> str:
    last = Release.objects.filter(call=call, done_at__isnull=False).first()
    if last is None or last.done_at is None:
        return "No release is waiting, so there is nothing to take back."
    done = times.moment_words(last.done_at, call.event.zone)
    return f"Too late to take it back: the release was carried out on {done}."
