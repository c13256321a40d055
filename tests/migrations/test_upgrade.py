"""An upgrade while mails wait: rows that the previous release made are sent by this one, each once, none lost."""

from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from ranportal.shared import clock
from registrations.enums import MailKind, MailState
from registrations.mail import catalogue, delivery
from registrations.models import OutgoingMail
from tests import databases
from tests.factories import OutgoingMailFactory, RegistrationFactory
from tests.faults import report
from tests.faults.mails import id_of
from tests.migrations.test_locks import PREVIOUS
from tests.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

#: What the previous release did not know of yet.
YOUNGER_FACTS = ("outcomes_url", "answer_day", "why_until", "gone_on")


def drain() -> None:
    while delivery.drain(clock=clock.now, seconds=30):
        pass


def test_what_waits_over_an_upgrade_is_sent_once_as_it_was_frozen(smtp_sink: SmtpSink, tmp_path: Any) -> None:
    mails = 20
    with databases.fresh(tmp_path, "upgraded_of_a_test", is_migrated=True) as database, databases.used(database):
        waiting = [
            OutgoingMailFactory(registration=RegistrationFactory(), kind=MailKind.CONFIRMED) for _ in range(mails)
        ]
        rendered = catalogue.render(waiting[0]).replace(b"Event secretariat", b"Former secretariat")
        OutgoingMail.objects.filter(pk=waiting[0].pk).update(rendered=rendered, template_version="former")
        for mail in waiting[1:]:
            older = {name: said for name, said in mail.facts.items() if name not in YOUNGER_FACTS}
            OutgoingMail.objects.filter(pk=mail.pk).update(facts=older, template_version="former")
        call_command("migrate", "registrations", PREVIOUS, verbosity=0)
        columns = _columns()

        call_command("migrate", verbosity=0)
        drain()

        sent = {mail.message_id: mail for mail in OutgoingMail.objects.all()}
    copies = Counter(map(id_of, smtp_sink.messages))
    kept = next(message.data for message in smtp_sink.messages if id_of(message) == waiting[0].message_id)
    report.add(
        fault=f"upgrade from {PREVIOUS} while {mails} mails of older templates wait",
        goal="sent once each with the frozen Message-ID; rendered bytes kept",
        reached=f"sent {len(copies)}, repeats {sum(copies.values()) - len(copies)}, lost {mails - len(copies)}",
    )
    assert "restored_at" not in columns
    assert {mail.state for mail in sent.values()} == {MailState.SENT}
    assert copies == Counter(mail.message_id for mail in waiting)
    assert b"From:" in kept
    assert b"Former secretariat" in kept


def test_without_their_usual_words_older_facts_would_make_no_mail(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a fact that is missing is an error in a template, and there is no mail."""
    mail = OutgoingMailFactory.create(kind=MailKind.CONFIRMED)
    del mail.facts["reply_to"]

    assert catalogue.render(mail)
    monkeypatch.setattr("registrations.mail.facts.said_in", lambda mail: mail.facts)
    with pytest.raises(KeyError):
        catalogue.render(mail)


def _columns() -> set[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, OutgoingMail._meta.db_table)
    return {column.name for column in described}
