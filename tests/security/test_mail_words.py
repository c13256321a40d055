"""Sixty things that a template might take for a placeholder, typed by registrants and staff wherever a mail is near.

Registrants' words stand in no mail at all; of staff's words only the criteria do, printed as typed.
"""

from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser

import pytest

from registrations.enums import MailKind
from registrations.mail import catalogue, facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    CriterionFactory,
    EventFactory,
    QuestionFactory,
    RegistrationFactory,
)
from tests.security.payloads import TEXTS

_INSIDE = (
    "settings.SECRET_KEY", "request.user", "self.__class__", "''.__class__.__mro__", "registration.identity.email",
    "private_link", "code", "mail.facts", "config", "7*7",
)  # fmt: skip
_AROUND = ("{{{{ {} }}}}", "{{% {} %}}", "{{{}}}", "${{{}}}", "%({})s", "#{{{}}}")
#: Each inside of each way in which some language writes a placeholder.
PROBES = [around.format(inside) for around in _AROUND for inside in _INSIDE]
TO_PEOPLE = [kind for kind in MailKind if kind in (
    MailKind.PROVE_ADDRESS, MailKind.RECEIVED, MailKind.CONFIRMED, MailKind.SELECTED, MailKind.RESERVE,
    MailKind.NOT_SELECTED, MailKind.PROMOTED, MailKind.EVENT_CHANGED, MailKind.EVENT_CANCELLED, MailKind.EVENT_REMINDER,
)]  # fmt: skip


def parts(mail: OutgoingMail) -> tuple[str, str, str]:
    """All headers, the text and the HTML as a mail program reads them."""
    message = message_from_bytes(catalogue.render(mail), policy=SMTP)
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return "\n".join(f"{name}: {value}" for name, value in message.items()), text, html


def put(kind: MailKind, registration, **says) -> OutgoingMail:
    letter = Letter(kind, "1", registration, says=says)
    return outbox.put(letter, about=facts.of_call(registration.call), now=NOW)


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """Each element with its attributes, as a mail program reads them; of addresses the part that all people share."""
    found: list[tuple[str, dict[str, str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: (value or "").partition("/p/")[0] for name, value in attrs}))

    Reader().feed(html)
    return found


def test_sixty_probes_are_tried():
    assert len(set(PROBES)) == 60


@pytest.mark.django_db
@pytest.mark.parametrize("kind", TO_PEOPLE)
def test_what_registrants_and_publishers_type_stands_in_no_mail(kind):
    for number in range(0, len(PROBES), 12):
        some = [f"mark{number}x {probe}" for probe in PROBES[number : number + 12]]
        event = EventFactory(
            title=some[0], platform=some[1], city=some[2], summary=some[3], programme=some[4], venue=some[5]
        )
        call = CallFactory(event=event, selective=True)
        names = {"given_name": some[6], "family_name": some[7], "display_name": some[8], "organisation": some[9]}
        registration = RegistrationFactory(call=call, **{f"identity__{name}": word for name, word in names.items()})
        question = QuestionFactory(call=call, label=some[10])
        AnswerFactory(registration=registration, question=question, value=some[11])

        for part in parts(put(kind, registration)):
            assert f"mark{number}x" not in part


@pytest.mark.django_db
def test_criteria_are_printed_as_typed_and_never_run():
    for number, probe in enumerate(PROBES):
        registration = RegistrationFactory(call=CallFactory(selective=True))
        CriterionFactory(call=registration.call, label=f"Begin {probe} end")
        says = facts.about_refusal(facts.of_call(registration.call), now=NOW)

        headers, text, html = parts(put(MailKind.NOT_SELECTED, registration, **says))

        assert f"Begin {probe} end" in " ".join(text.split()), number
        assert probe not in headers
        assert "SECRET" not in html.replace("SECRET_KEY", "")
        assert "49 end" not in text


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", TEXTS, ids=range(len(TEXTS)))
def test_a_hostile_criterion_makes_no_header_no_element_and_no_link(hostile):
    registration = RegistrationFactory(call=CallFactory(selective=True))
    CriterionFactory(call=registration.call, label=hostile[:200])
    says = facts.about_refusal(facts.of_call(registration.call), now=NOW)
    harmless = {**says, "criteria": ["Experience"]}
    usual = parts(put(MailKind.NOT_SELECTED, RegistrationFactory(call=registration.call), **harmless))

    headers, _, html = parts(put(MailKind.NOT_SELECTED, registration, **says))

    assert [line.partition(":")[0] for line in headers.splitlines() if line[:1].strip()] == [
        line.partition(":")[0] for line in usual[0].splitlines() if line[:1].strip()
    ]
    assert elements(html) == elements(usual[2])


def test_an_element_of_a_criterion_that_is_not_escaped_would_be_seen():
    """The control."""
    assert elements('<li><a class=canary href="https://canary.example/x">x</a></li>') != elements("<li>x</li>")
