"""The quick way of rendering gives byte for byte what the plain way gives, for every kind and for what is rare."""

from datetime import UTC, datetime

import pytest

from registrations.enums import MailKind
from registrations.mail import catalogue, facts, outbox, shapes
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory

pytestmark = pytest.mark.django_db
TO_ORGANISERS = {MailKind.CALL_CLOSED, MailKind.JOIN_LINK_MISSING}
#: Long words of organisers, so that paragraphs wrap around the reference.
WORDS = {"has_code": True, "criteria": ["works with prisons", "läs svenska"], "why_until": "Monday", "position": 7}


def put_two(kind: MailKind, **says) -> list[OutgoingMail]:
    """One mail each to two people of one call, as the drainer reads them."""
    call = CallFactory()
    about = facts.of_call(call)
    for number, moment in enumerate((NOW, NOW.replace(month=1, day=2, hour=3))):
        registration = None if kind in TO_ORGANISERS else RegistrationFactory(call=call, confirmed=True)
        outbox.put(Letter(kind, str(number), registration, says=says), about=about, now=moment)
    return list(OutgoingMail.objects.order_by("pk"))


@pytest.mark.parametrize("says", [{}, WORDS], ids=["bare", "full"])
@pytest.mark.parametrize("kind", MailKind)
def test_the_quick_way_gives_the_bytes_of_the_plain_way(kind, says):
    first, second = put_two(kind, **says)
    for mail in (first, second):
        assert shapes.render(mail) == catalogue.render(mail)
    assert shapes.render(first) != shapes.render(second)


def test_a_thousand_mails_of_one_shape_are_rendered_once(monkeypatch):
    rendered = []
    original = catalogue.render
    monkeypatch.setattr(catalogue, "render", lambda mail: rendered.append(mail) or original(mail))
    shapes._rendered.cache_clear()
    for mail in put_two(MailKind.CONFIRMED):
        shapes.render(mail)
    assert len(rendered) == 1


def test_another_sender_or_site_is_another_shape(settings):
    mail, _ = put_two(MailKind.CONFIRMED)
    shapes.render(mail)
    settings.MAIL_FROM, settings.SITE_URL = "Other <other@example.org>", "https://other.example.org"
    assert shapes.render(mail) == catalogue.render(mail)


def test_a_reference_of_another_length_is_rendered_plainly():
    mail = OutgoingMailFactory(kind=MailKind.CONFIRMED)
    mail.facts = mail.facts | {"reference": "P-7Q4K2-AND-MORE"}
    assert shapes.render(mail) == catalogue.render(mail)
    assert b"P-7Q4K2-AND-MORE" in shapes.render(mail)


def test_no_stand_in_is_left():
    for mail in put_two(MailKind.CONFIRMED):
        message = shapes.render(mail)
        assert b"P-AAAAA" not in message
        assert b"1999" not in message
        assert b"<xxxx" not in message


def test_a_control_a_stand_in_of_another_length_would_break_lines_elsewhere(monkeypatch):
    """What the equal lengths are for."""
    long = "P-" + "A" * 70
    monkeypatch.setattr(shapes, "_REFERENCE", long)
    mail, _ = put_two(MailKind.CONFIRMED)
    stand_in = OutgoingMail(
        kind=mail.kind,
        facts=mail.facts | {"reference": long},
        message_id=mail.message_id,
        date=datetime(1999, 12, 31, tzinfo=UTC),
        link_id=mail.link_id,
    )
    filled = catalogue.render(stand_in).replace(long.encode(), mail.facts["reference"].encode())
    assert filled.splitlines()[5:] != catalogue.render(mail).splitlines()[5:]
