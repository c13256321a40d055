import os
from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import is_naive, make_aware

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import breaches
from registrations.enums import LookKind
from registrations.services import looking

_ONLY_OWNER = 0o600


class Command(BaseCommand):
    help = (
        "List whom a look, an account or the key of a call could see, and the contact points whom they named: by "
        "reference, and how many. Who was erased since is listed as well. With --addresses, also a file for the data "
        "protection officer of how to reach them, readable by its owner alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        cause = parser.add_mutually_exclusive_group(required=True)
        cause.add_argument("--look", type=int, metavar="NUMBER", help="one entry of the access log")
        cause.add_argument("--account", metavar="EMAIL", help="all that an account of the staff looked at")
        cause.add_argument("--key", metavar="CALL-SLUG", help="everybody whose words the key of a call opens")
        parser.add_argument("--since", type=_moment, metavar="ISO", help="with --account: not before this moment")
        until = "with --account: only before this moment; a day without a time counts to its end"
        parser.add_argument("--until", type=_end, metavar="ISO", help=until)
        parser.add_argument("--addresses", type=Path, metavar="FILE", help="a new file for addresses")

    def handle(self, *args: Any, addresses: Path | None, **options: Any) -> None:
        try:
            affected = _affected(options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        for registration in affected.registrations:
            self.stdout.write(f"{registration.reference}  {registration.call.event.slug}")
        for vouch in affected.contacts:
            named_by = vouch.registration
            self.stdout.write(f"{named_by.reference}  {named_by.call.event.slug}  contact point {vouch.number}")
        told = f"{len(affected.registrations)} registrations, {len(affected.reachable)} of them not erased"
        self.stdout.write(f"{told}; {len(affected.contacts)} contact points whom they named. {_gone(affected)}")
        if addresses is not None:
            _write(addresses, affected)
            number = len(affected.reachable) + len(affected.contacts)
            self.stdout.write(f"{number} addresses are in {addresses}. Delete it when it is done.")


def _affected(options: dict[str, Any]) -> breaches.Affected:
    if options["look"] is not None:
        return breaches.by_look(options["look"])
    if options["account"] is not None:
        return breaches.by_account(options["account"], since=options["since"], until=options["until"])
    return breaches.by_key(options["key"])


def _gone(affected: breaches.Affected) -> str:
    if affected.gone is None:
        return "Registrations that were deleted since are not counted: nothing is left of them here."
    return f"{affected.gone} more are deleted."


def _write(file: Path, affected: breaches.Affected) -> None:
    looking.enter(
        user=None,
        kind=LookKind.EXPORT,
        page="command who_was_affected",
        call_id=None,
        references=sorted(
            {one.reference for one in affected.reachable} | {one.registration.reference for one in affected.contacts}
        ),
        purpose="To tell people about a breach.",
        now=clock.now(),
    )
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    except OSError as error:
        raise CommandError(f"{file} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        for one in affected.reachable:
            opened.write(f"{one.reference}\t{one.call.event.slug}\tperson\t{one.identity.email}\n")
        for vouch in affected.contacts:
            named_by = vouch.registration
            opened.write(f"{named_by.reference}\t{named_by.call.event.slug}\tcontact point\t{vouch.email}\n")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return make_aware(moment) if is_naive(moment) else moment


def _end(text: str) -> datetime:
    try:
        return _moment((date.fromisoformat(text) + timedelta(days=1)).isoformat())
    except ValueError:
        return _moment(text)
