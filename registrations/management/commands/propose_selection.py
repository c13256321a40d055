import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import proposal
from registrations.services import proposing


class Command(BaseCommand):
    help = (
        "Propose the best selection under the rules, with reserves, reasons and a receipt. For a call it is stored "
        "and applied to nobody; with --input it reads a JSON document instead, and needs no database. The same input "
        "and seed give the same lists."
    )
    # With --input everything must work where no database is.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("call", metavar="CALL", nargs="?", help="the short name (slug) of the call's event")
        what.add_argument("--input", metavar="FILE", help="a JSON document; - is standard input")
        parser.add_argument("--seed", type=int, help="instead of that of the document, or of one that is drawn")
        parser.add_argument("--json", action="store_true", help="everything, with a reason for each applicant")
        parser.add_argument("--write-input", metavar="FILE", type=Path, help="of a call: for --input, another day")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._of_file(**options) if options["input"] else self._of_call(**options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else _told(found))

    def _of_file(self, *, input: str, seed: int | None, write_input: Path | None, **options: Any) -> dict[str, Any]:
        if write_input is not None:
            raise CommandError("--write-input is for the input of a call.")
        document = sys.stdin.buffer.read() if input == "-" else Path(input).read_bytes()
        return proposal.propose(proposal.parse(document, seed=seed)).as_json()

    def _of_call(self, *, call: str, seed: int | None, write_input: Path | None, **options: Any) -> dict[str, Any]:
        found = Call.objects.filter(event__slug=call).first()
        if found is None:
            raise CommandError(f"There is no call for an event “{call}”.")
        made = proposing.propose(call=found, by=None, now=clock.now(), seed=seed)
        if write_input is not None:
            asked = proposing.input_of(found, seed=made.seed)
            if asked.sha256 != made.input_sha256:
                raise CommandError("The proposal is stored, but something changed meanwhile: please propose again.")
            _write(write_input, asked.document)
        return proposing.as_json(made)


def _write(path: Path, document: bytes) -> None:
    # It holds what people wrote, under their references: only its owner may read it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(document)


def _told(found: dict[str, Any]) -> str:
    """The same for people: the lists with their reasons, and the receipt."""
    objective, reasons = found["objective"], found["reasons"]
    proven = "proven to be the best" if found["optimal"] else f"not proven: up to {found['gap']:.2%} from the best"
    lines = [f"{objective['places']} of {found['capacity']} places, total score {objective['score']}, {proven}"]
    for title, names in (("Proposed", found["selected"]), ("Reserve list", found["reserve"])):
        lines += [f"{title}:", *(f"  {n}. {name}: {reasons[name]}" for n, name in enumerate(names, start=1))]
    for one in found["unmet"]:
        lines.append(f"Not met: at least {one['min']} with {one['attribute']} {json.dumps(one['value'])}: {one['got']}")
    for those in found["contradictions"]:
        lines.append(f"Cannot hold{' together' if len(those) > 1 else ''}: {'; '.join(those)}")
    lines.append(
        f"Seed {found['seed']}, rules {found['rules_version']}, input {found['input_sha256']}, {found['solver']}"
    )
    return "\n".join(lines)
