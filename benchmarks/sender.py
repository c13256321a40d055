"""One process that sends: reads orders, a line each, and answers with the number of mails when it is ready."""

import smtplib
import sys

import django
from django.conf import settings

django.setup()

# Models can be imported only now.
from ranportal.shared import clock  # noqa: E402
from registrations.enums import MailState  # noqa: E402
from registrations.mail import delivery, shapes  # noqa: E402
from registrations.models import OutgoingMail  # noqa: E402


def main(place: int, number: int) -> None:
    """Serve as member `place` of so many until the orders end."""
    mine: list[bytes] = []
    smtp = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT)
    for order in sys.stdin:
        match order.strip():
            case "outbox":
                answer = delivery.drain(clock=clock.now, seconds=100)
            case "read":
                sent = OutgoingMail.objects.filter(state=MailState.SENT).order_by("pk")
                # Its text is gone once it is sent; what was said tells it anew.
                mine = [shapes.render(mail) for mail in sent[place::number]]
                answer = len(mine)
            case "bare":
                for message in mine:
                    smtp.sendmail(settings.ENVELOPE_FROM, "person@example.org", message)
                answer = len(mine)
        print(answer, flush=True)
    smtp.quit()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
