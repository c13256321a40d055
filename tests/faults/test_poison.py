"""Law 3: a mail that cannot go concerns itself alone. The others go, each once."""

import time
from contextlib import suppress

import idna
import pytest

from ranportal.shared import clock
from registrations.enums import MailKind, MailState
from registrations.mail import delivery
from registrations.models import Identity, OutgoingMail
from tests import sealed
from tests.faults import invariants, report
from tests.faults.mails import OPEN, Count, count, put_mails, states, wait_until
from tests.faults.scaling import SCALING
from tests.smtp_sink import Mishap, SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Uncaught(BaseException):
    """A fault for which nothing is prepared."""


ENDLESS = [Mishap.CUT_AT_RECIPIENT] * 10_000


def test_ten_mails_that_cannot_go_keep_none_of_the_others(senders, smtp_sink):
    mails = 5000 if report.is_full() else 150
    rows = put_mails(mails)
    # Among the first and among the last, so that each meets others behind it.
    poisoned = [rows[n] for n in (0, 1, 7, 20, 44, mails // 2, mails // 2 + 1, mails - 2, mails - 1, 21)]
    unrenderable, refused, put_off = poison(poisoned, smtp_sink)
    healthy = mails - len(poisoned)
    start = time.monotonic()
    senders()
    wait_until(lambda: states().get(MailState.SENT, 0) == healthy, seconds=280)
    seconds = time.monotonic() - start
    waiting = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in poisoned], state__in=OPEN)
    wait_until(lambda: waiting.count() == put_off, seconds=60)

    found = count(smtp_sink)
    report.add(
        fault=f"{len(poisoned)} poison mails among {mails}: texts that cannot be made, addresses that break off",
        goal=f"the other {healthy} go, once",
        reached=f"{states()[MailState.SENT]} sent, repeats {found.repeats}, {unrenderable} unrenderable, {refused}"
        f" refused, {put_off} put off, {seconds:.0f} s ({SCALING})",
    )
    assert {state: number for state, number in states().items() if state not in OPEN} == {
        MailState.SENT: healthy,
        MailState.UNRENDERABLE: unrenderable,
        MailState.REFUSED: refused,
    }
    assert found == Count(lost=put_off, repeats=0, differing=0, unmarked=0, strange=0)
    invariants.check(now=clock.now(), made=mails)


@pytest.mark.parametrize(("fault", "sent"), [(idna.IDNAError, 2), (Uncaught, 0)])
def test_where_the_fault_of_one_mail_is_not_caught_the_others_stay(smtp_sink, monkeypatch, fault, sent):
    """The control: a fault for which the drain is prepared, and the same as one that goes through it."""
    encode = idna.encode

    def fail_for_one(domain: str, **options: object) -> bytes:
        if domain == "poison.example.org":
            raise fault
        return encode(domain, **options)

    monkeypatch.setattr(idna, "encode", fail_for_one)
    rows = put_mails(3)
    write_to(rows[0], "to0@poison.example.org")
    with suppress(Uncaught):
        delivery.drain(clock=clock.now, seconds=5)
    assert len(smtp_sink.messages) == sent


def poison(mails: list[OutgoingMail], sink: SmtpSink) -> tuple[int, int, int]:
    """Spoil ten mails, each in another way; returns how many cannot be made, are refused, and are put off."""
    spoil(mails[0], facts=["no", "facts"])
    spoil(mails[1], kind="no_such_kind")
    spoil(mails[2], kind=MailKind.CONFIRMED, facts=mails[2].facts | {"calendar": {"sessions": [["never", None]]}})
    spoil(mails[3], facts=mails[3].facts | {"reply_to": "a@example.org\r\nBcc: b@example.org"})
    write_to(mails[4], "line\r\nRCPT TO:<other@example.org>\r\n@example.org")
    write_to(mails[5], "jānis@example.org")
    write_to(mails[6], "to@-.example.org")
    sink.behaviour.recipients[address_of(mails[7])] = "501 5.1.3 bad address syntax"
    sink.behaviour.recipients[address_of(mails[8])] = "530 5.7.0 authentication required"
    sink.behaviour.mishaps[address_of(mails[9])] = ENDLESS
    return 7, 1, 2


def spoil(mail: OutgoingMail, **values: object) -> None:
    OutgoingMail.objects.filter(pk=mail.pk).update(**values)


def write_to(mail: OutgoingMail, address: str) -> None:
    sealed.write(mail.registration_id, email=address)


def address_of(mail: OutgoingMail) -> str:
    return Identity.objects.get(registration=mail.registration_id).email


def test_an_address_that_the_relay_will_never_serve_holds_up_nobody(smtp_sink, scaled):
    """It stands first, and its answer is one that shuts the gate: 530 says that nobody may send."""
    put_mails(4)
    smtp_sink.behaviour.recipients["to0@example.org"] = "530 5.7.0 authentication required"

    def have_three_come() -> bool:
        delivery.drain(clock=clock.now, seconds=5)
        return len(smtp_sink.messages) == 3

    wait_until(have_three_come, seconds=30)
    assert OutgoingMail.objects.get(state__in=OPEN).attempts == 0
