from collections.abc import Collection

from ranportal.shared import clock
from registrations.enums import LookKind
from registrations.management.about_person import AboutPerson
from registrations.services import looking, privacy


class Command(AboutPerson):
    help = (
        "Erase the person with this address from every registration, files included, and as a contact point. What "
        "still runs is given up first. This cannot be undone; backups and sent mails are not reached."
    )

    def act(self, *, email: str, references: Collection[str]) -> None:
        now = clock.now()
        erased = privacy.erase_person(email=email, references=references, by=None, now=now)
        looking.enter(
            user=None,
            kind=LookKind.DETAIL,
            page="erase_person",
            call_id=None,
            references=erased.references,
            purpose="On the command line",
            now=now,
        )
        told = f"Erased: {', '.join(erased.references) or 'no registration'}. Given up on the way: {erased.given_up}."
        if erased.questions:
            told += f" Questions to a contact point that name nobody now: {erased.questions}."
        if erased.is_address_kept:
            told += f" {privacy.ADDRESS_STAYS}"
        self.stdout.write(told)
