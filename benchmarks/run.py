"""Measures on the database of the environment: empty before, with the demo's content and a big call afterwards."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test.utils import override_settings

django.setup()

# Models can be imported only now.
from benchmarks import board, mailing, measures, proposing, releasing, sealed  # noqa: E402
from events.models import Call  # noqa: E402

PEOPLE = 1000
#: Of the outbox and of the bare loop, in turns.
ROUNDS = 3


def main() -> None:
    """Print one line for each measure."""
    call_command("migrate", verbosity=0)
    with Path("/dev/null").open("w") as nowhere:
        call_command("seed_demo", stdout=nowhere)
    version = ".".join(map(str, connection.get_database_version()))
    print(f"\n{connection.display_name} {version}", flush=True)
    _print(measures.registration(seconds=3))
    if connection.vendor == "postgresql":
        # What a page costs has little to do with the database.
        _print(measures.pages(seconds=4))
        _print(measures.strangers(seconds=4))
    _print(board.board(seconds=4))
    biggest = Call.objects.annotate(people=Count("registrations")).order_by("-people").first()
    _print(sealed.lists(biggest, seconds=12) if biggest else [])
    _print(proposing.steps())
    _print(releasing.released())
    call = measures.big_call(people=PEOPLE)
    _print(measures.release(call))
    for processes in (1, 2) if connection.vendor == "postgresql" else (1,):
        _print([mailing.sending(call, processes=processes, rounds=ROUNDS, environ=os.environ)])


def _print(found: list[measures.Measured]) -> None:
    for line in found:
        print(f"  {line}", flush=True)


if __name__ == "__main__":
    plain_names = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(ROOT_URLCONF="benchmarks.urls", STORAGES=settings.STORAGES | {"staticfiles": plain_names}):
        main()
