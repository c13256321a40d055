from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events import times
from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.services import calls

#: As the history has it.
LONGEST_REASON = 100


class Command(BaseCommand):
    help = (
        "Set a deadline right that was moved by mistake, to an earlier moment too. Forms that came in time by the "
        "deadline of their moment count. Organisers extend deadlines in the back office."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("call", metavar="CALL", help="the short name (slug) of the call's event")
        parser.add_argument(
            "when",
            metavar="WHEN",
            type=_day_or_moment,
            help="a day, to whose end people have (2026-12-11), or a moment (2026-12-11T17:00, by the event's clock)",
        )
        parser.add_argument("--reason", required=True, type=_reason, help="why, for the call's history")

    def handle(self, *args: Any, call: str, when: date | datetime, reason: str, **options: Any) -> None:
        found = Call.objects.select_related("event").filter(event__slug=call).first()
        if found is None:
            raise CommandError(f"There is no call for an event “{call}”.")
        day = None if isinstance(when, datetime) else when
        try:
            closes_at = _moment_of(when, found)
            corrected = calls.correct_deadline(
                call=found, closes_at=closes_at, closes_on=day, reason=reason, now=clock.now()
            )
        except (times.ImpossibleTime, Refused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{call}: people can register {times.deadline_words(corrected)}, {corrected.closes_at:%Y}.")


def _moment_of(when: date | datetime, call: Call) -> datetime:
    if not isinstance(when, datetime):
        return times.day_end(when, call.event.zone)
    return when if when.tzinfo else times.instant_of(when, call.event.zone)


def _day_or_moment(text: str) -> date | datetime:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise ArgumentTypeError(f"“{text}” is neither a day (2026-12-11) nor a moment (2026-12-11T17:00)")


def _reason(text: str) -> str:
    if not 0 < len(text) <= LONGEST_REASON:
        raise ArgumentTypeError(f"a reason has 1 to {LONGEST_REASON} characters")
    return text
