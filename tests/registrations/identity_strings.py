"""Forty strings that say who an applicant is, planted wherever people and staff leave text; and a crawler to look."""

import html
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from registrations.enums import Act, AskedOf, CheckResult, QuestionKind, State
from registrations.models import Check, Redaction, Registration, Transition
from tests import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    DecisionFactory,
    OutgoingMailFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewFactory,
)
from tests.registrations.people_story import Story, story

IDENTITY = {
    "given_name": "Zenobia",
    "family_name": "Kwaśniewska-Thorne",
    "display_name": "Zenny, once of Brynhild",
    "email": "zenobia.thorne@quillfeather.example",
    "organisation": "Quillfeather Sanctuary for Youth (QFSY)",
}
#: In an answer that reviewers read, and in the comment of another reviewer: these are masked.
IN_TEXTS = (
    "Zenobia",
    "ZENOBII",
    "Kwaśniewska",
    "Kwaśniewskiej",
    "kwasniewska",
    "Thorne",
    "Z. Thorne",
    "Zenny",
    "Brynhild",
    "zenobia.thorne@quillfeather.example",
    "zenobia.thorne",
    "quillfeather.example",
    "Quillfeather",
    "Quillfeather Sanctuary",
    "QFSY",
    "zthorne",
    "zenobiathorne",
    "https://files.quillfeather.example/cv",
    "https://www.linkedin.com/in/some-zen",
    "https://pages.invalid/~zenpages",
    "@zenny_t",
    "private.zen@mailbox.invalid",
    "someone-zen (at) elsewhere (dot) invalid",
    "+32 470 11 22 33",
    "0470998877",
)
PASSAGE = "the only woman in the Ljungby pilot of 2019"
#: Elsewhere: nothing of these is for reviewers at all.
ELSEWHERE = {
    "answer for organisers": "Zx-dietary",
    "label of a question for organisers": "Zx-asked of nobody else",
    "second form": "Zx-roommate",
    "name of a file": "Zx-curriculum-of-thorne.pdf",
    "note of a check": "Zx-switchboard knows her",
    "reason of a decision": "Zx-we need her",
    "reason of a move": "Zx-she rang us",
    "what a mail server said": "Zx-mailbox of hers is full",
    "comment of who declared a conflict": "Zx-my cousin",
    "answer of an earlier application": "Zx-said years ago",
    "event of an earlier application": "Zx-earlier event",
    "name of another applicant": "Zx-neighbour",
    "address of another applicant": "zx-neighbour@harbourlight.example",
    "organisation of another applicant": "Zx-Harbourlight",
}
PLANTED = (*IN_TEXTS, PASSAGE, *ELSEWHERE.values())


def plant() -> Story:
    """A call whose applicant is reviewed by the reviewer and by another, with all forty strings around."""
    told = story()
    person = told.applicant
    for name, value in IDENTITY.items():
        setattr(person.identity, name, value)
    person.identity.save()
    text = "I work with young people. " + "; ".join((*IN_TEXTS, PASSAGE)) + "."
    answer = person.answers.get(question=told.motivation)
    answer.text = answer.value = text
    answer.save()
    Redaction.objects.create(answer=answer, passage=PASSAGE.upper(), redacted_at=NOW, redacted_by=told.organiser)
    ReviewFactory(registration=person, comment=f"Strong. {'; '.join((*IN_TEXTS, PASSAGE))}.")
    ReviewFactory(registration=person, reviewer=told.reviewer).scores.create(criterion=told.criterion, value=4)
    ReviewFactory(registration=person, has_conflict=True, comment=ELSEWHERE["comment of who declared a conflict"])
    _plant_answers(told)
    _plant_traces(told)
    _plant_others(told)
    return told


def _plant_answers(told: Story) -> None:
    closed = QuestionFactory(call=told.call, label=ELSEWHERE["label of a question for organisers"])
    later = QuestionFactory(call=told.call, audience="reviewers", asked_of=AskedOf.SELECTED)
    AnswerFactory(registration=told.applicant, question=closed, value=ELSEWHERE["answer for organisers"])
    AnswerFactory(registration=told.applicant, question=later, value=ELSEWHERE["second form"])
    question = QuestionFactory(call=told.call, key="cv", kind=QuestionKind.FILE, audience="reviewers")
    name = ELSEWHERE["name of a file"]
    facts = {"name": name, "size": 4, "content_type": "application/pdf"}
    answer = AnswerFactory(registration=told.applicant, question=question, value=facts, text=name)
    sealed.attach(answer, b"%PDF", name=name)


def _plant_traces(told: Story) -> None:
    person, by = told.applicant, told.organiser
    note = ELSEWHERE["note of a check"]
    Check.objects.create(registration=person, result=CheckResult.FINE, note=note, checked_at=NOW, checked_by=by)
    DecisionFactory(registration=person, reason=ELSEWHERE["reason of a decision"])
    reason = ELSEWHERE["reason of a move"]
    state = State.SUBMITTED
    Transition.objects.create(
        registration=person, act=Act.RECONSIDER, source=state, target=state, at=NOW, by=by, reason=reason
    )
    OutgoingMailFactory(registration=person, refused=True, last_error=ELSEWHERE["what a mail server said"])


def _plant_others(told: Story) -> None:
    earlier = CallFactory(
        selective=True,
        closed=True,
        organisers=[told.organiser],
        event__title=ELSEWHERE["event of an earlier application"],
    )
    details = {f"identity__{name}": value for name, value in IDENTITY.items()}
    before = RegistrationFactory(call=earlier, sent_at=NOW - timedelta(days=400), **details)
    AnswerFactory(registration=before, value=ELSEWHERE["answer of an earlier application"])
    RegistrationFactory(
        call=told.call,
        submitted=True,
        identity__given_name=ELSEWHERE["name of another applicant"],
        identity__email=ELSEWHERE["address of another applicant"],
        identity__organisation=ELSEWHERE["organisation of another applicant"],
    )


# The crawler

_LINK = re.compile(r"""(?:href|src|action)="([^"#]+)""")
_QUERIES = (
    "q=thorne",
    "o=1",
    "e=1",
    "page=2",
    "all=",
    "p=1",
    "_popup=1&_to_field=identity__email",
    "_to_field=identity",
    "identity__family_name__startswith=K",
    "registration__identity__email__contains=thorne",
    "show=different",
)
_AT_MOST = 700
_OUT = ("/admin/logout/", "/static/", "/admin/password_change/")


def crawl(client: Client, told: Story, *, with_queries: bool = True) -> dict[str, str]:
    """What this browser is shown, by address: all that is linked from the back office, and all that can be guessed."""
    parts = _parts(told)
    waiting = ["/admin/", *_guesses(parts), *_autocompletes()]
    seen: dict[str, str] = {}
    while waiting and len(seen) < _AT_MOST:
        address = waiting.pop(0)
        if address in seen or not address.startswith(("/admin/", "/registrations/")) or address.startswith(_OUT):
            continue
        response = client.get(address)
        seen[address] = _shown(response)
        links = (urljoin(address, html.unescape(link)) for link in _LINK.findall(seen[address]))
        waiting += [_local(link) for link in links if not urlsplit(link).netloc]
        if response.status_code in (301, 302, 303):
            waiting.append(_local(response.headers["Location"]))
        if not with_queries:
            waiting = [one for one in waiting if "?" not in one]
        elif response.status_code == 200 and "?" not in address:
            waiting += [f"{address}?{query}" for query in _QUERIES]
    assert not waiting, "there was more to see"
    return seen


def found_in(pages: Iterable[str], planted: Iterable[str] = PLANTED) -> set[str]:
    """Which of the strings stand in these pages, in whatever case."""
    text = "\n".join(pages).casefold()
    return {string for string in planted if string.casefold() in text}


def _shown(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{headers}\n{html.unescape(body.decode(errors='replace'))}"


def _local(address: str) -> str:
    split = urlsplit(address)
    return split.path + (f"?{split.query}" if split.query else "")


def _parts(told: Story) -> dict[str, Any]:
    answer = told.applicant.answers.exclude(file="").get()
    return {
        "call_id": told.call.pk,
        "registration_id": told.applicant.pk,
        "reference": told.applicant.reference,
        "answer_id": answer.pk,
        "object_id": told.applicant.pk,
        "content_type_id": 1,
        "name": "check",
        "mail_id": told.applicant.mails.get().pk,
        "app_label": "registrations",
        "url": "registrations/registration/",
    }


def _guesses(parts: dict[str, Any]) -> list[str]:
    """Every address of the back office, filled in as if one knew what it is about."""
    admin = next(r for r in get_resolver().url_patterns if getattr(r, "app_name", "") == "admin")
    people = [
        f"/admin/registrations/registration/{pk}/change/" for pk in Registration.objects.values_list("pk", flat=True)
    ]
    return [*people, *(f"/admin/{path}" for path in _paths(admin.url_patterns, parts) if "logout" not in path)]


def _paths(patterns: Iterable[URLPattern | URLResolver], parts: dict[str, Any]) -> Iterable[str]:
    for pattern in patterns:
        route = str(pattern.pattern)
        if "(?P" in route or route.startswith("^"):
            continue
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(parts.get(match.group(1), 1)), route)
        if isinstance(pattern, URLResolver):
            yield from (filled + rest for rest in _paths(pattern.url_patterns, parts))
        else:
            yield filled


def _autocompletes() -> list[str]:
    asked = "/admin/autocomplete/?app_label=registrations&model_name={}&field_name=registration&term={}"
    models, terms = ("identity", "answer", "review", "transition"), ("thorne", "P-2AAAA", "")
    return [asked.format(model, term) for model in models for term in terms]
