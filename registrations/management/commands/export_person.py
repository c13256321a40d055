import json
from collections.abc import Collection

from ranportal.shared import clock
from registrations.enums import LookKind
from registrations.management.about_person import AboutPerson
from registrations.services import looking, privacy


class Command(AboutPerson):
    help = (
        "Write all that is held about the person with this address, as a registrant and as a contact point, to the "
        "standard output, as JSON."
    )

    def act(self, *, email: str, references: Collection[str]) -> None:
        found = privacy.export_person(email=email, references=references)
        # Before a word of it leaves the house.
        looking.enter(
            user=None,
            kind=LookKind.EXPORT,
            page="export_person",
            call_id=None,
            references=[one["reference"] for one in found["registrations"]],
            purpose="On the command line",
            now=clock.now(),
        )
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
