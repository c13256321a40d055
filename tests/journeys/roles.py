"""Every address of the portal, asked by every role: what docs/roles.md says and the crawl compares."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from accounts import drafts
from accounts.enums import Role
from accounts.models import User
from dev.roles import DO, NONE, SEE
from events.models import Event
from registrations import questions
from registrations.enums import AskedOf, Audience, Extra, QuestionKind
from registrations.models import DeletionCertificate, LibraryQuestion, LogisticsAssignment, Registration
from registrations.services import consents, uploads
from tests.factories import (
    NOW,
    AnnouncementFactory,
    AnswerFactory,
    OutgoingMailFactory,
    PublicationFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    WorkingGroupFactory,
)
from tests.registrations.pages import follow
from tests.registrations.people_story import signed_in, story

FOUND = Path(settings.BASE_DIR) / "var" / "roles"
_REFUSED = {400, 401, 403, 404, 405, 410, 429}
#: Where an answer sends those who have to say first who they are.
_SIGN_IN = (
    "/admin/login/",
    "/accounts/again/",
    "/accounts/second-factor/authenticate/",
    "/accounts/second-factor/reauthenticate/",
    "/accounts/second-factor/webauthn/reauthenticate/",
)
_SECTION = "admin/^(?P<app_label>registrations|events|accounts)/$"
#: Patterns that are no plain route, and an address of each.
_ODD = {
    "accounts/^oidc/(?P<provider_id>staff)/callback/$": "accounts/oidc/staff/callback/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "accounts/password/reset/key/1-forged/",
    _SECTION: "admin/registrations/",
    "admin/autocomplete/": "admin/autocomplete/"
    "?app_label=registrations&model_name=outgoingmail&field_name=registration&term=P-",
    "admin/(?P<url>.*)$": "admin/nothing-here",
}
#: What answers none of the roles, and why.
NOBODY: dict[str, str] = {
    **dict.fromkeys(
        (
            "accounts/provider/",
            "accounts/^oidc/(?P<provider_id>staff)/callback/$",
            "accounts/provider/not-possible/",
            "accounts/closed/",
        ),
        "no provider of accounts is set up here: tests/accounts/test_provider.py",
    ),
    **dict.fromkeys(
        (
            "accounts/second-factor/totp/picture.svg",
            "accounts/second-factor/authenticate/",
            "accounts/second-factor/reauthenticate/",
            "accounts/second-factor/totp/deactivate/",
            "accounts/second-factor/recovery-codes/",
            "accounts/second-factor/recovery-codes/download/",
            "accounts/second-factor/webauthn/reauthenticate/",
            "accounts/second-factor/webauthn/keys/<int:pk>/remove/",
            "accounts/second-factor/webauthn/keys/<int:pk>/edit/",
        ),
        "about one's own second factor, and none of them has one, or is about to give it: tests/accounts",
    ),
    **dict.fromkeys(
        (
            "admin/events/call/<path:object_id>/delete/",
            "admin/events/event/<path:object_id>/delete/",
            "admin/accounts/user/<path:object_id>/delete/",
        ),
        "nobody deletes it",
    ),
    **dict.fromkeys(
        ("registrations/p/<str:token>/", "registrations/contact/", "registrations/contact/<str:token>/"),
        "opens with the secret that stands in a mail, and with nothing else",
    ),
    "admin/(?P<url>.*)$": "there is nothing",
    "metrics/": "opens with the token of whoever watches the servers",
}
_HISTORY = "/^([^/]+)/history/([^/]+)/$"


#: Somebody with a place, whom the registrant is; all of it is unique to this one person.
PLACED = {
    "given_name": "Vilhelmine",
    "family_name": "Canariensis",
    "display_name": "Nurse, Malta",
    "email": "vilhelmine@example.org",
    "organisation": "Canary clinic",
}
PLACED_REFERENCE, NEEDED, ARRIVES = "P-2BBBB", "No peanuts", "On the eve at nine"


def cast() -> dict[str, Any]:
    """Who asks, by the name of the column; None is a stranger."""
    told = story()
    helper = UserFactory(role=Role.LOGISTICS)
    LogisticsAssignment.objects.create(call=told.call, user=helper)
    placed = _placed(told)
    return {
        "stage": stage(told),
        "stranger": None,
        "registrant": placed,
        "publisher": UserFactory(role=Role.PUBLISHER),
        "reviewer": told.reviewer,
        "organiser": told.organiser,
        "other organiser": UserFactory(role=Role.ORGANISER),
        "logistics": helper,
        "data protection": UserFactory(role=Role.DATA_PROTECTION),
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "superuser": UserFactory(administrator=True),
    }


def _placed(told: Any) -> Registration:
    """Somebody with a confirmed place, who said what they eat and when they come."""
    traits = {f"identity__{name}": value for name, value in PLACED.items()}
    registration = RegistrationFactory(call=told.call, confirmed=True, reference=PLACED_REFERENCE, **traits)
    consents.offer(call=told.call, extras=[Extra.DIET], by=told.organiser, now=NOW)
    consents.give(registration=registration, extra=Extra.DIET, detail=NEEDED, now=NOW)
    arrival = QuestionFactory(call=told.call, key="arrival", label="Arrival?", asked_of=AskedOf.SELECTED)
    AnswerFactory(registration=registration, question=arrival, value=ARRIVES)
    return registration


def _sent_file(told: Any) -> Any:
    paper = QuestionFactory(call=told.call, key="paper", label="Paper?", kind="file", audience=Audience.REVIEWERS)
    upload = SimpleUploadedFile("paper.pdf", b"%PDF-1.4", "application/pdf")
    given = questions.KINDS[paper.kind].given(paper, upload)
    with uploads.stored({paper: given}) as stored:
        known = {"value": {"content_type": "application/pdf"}, "file": stored[paper].stored_as}
        return AnswerFactory(registration=told.applicant, question=paper, **known)


def stage(told: Any) -> SimpleNamespace:
    """One of each thing that an address may name, by how the addresses call it."""
    file = _sent_file(told)
    mail = OutgoingMailFactory(registration=told.applicant)
    paper = SimpleUploadedFile("paper.pdf", b"%PDF-1.4\n", "application/pdf")
    group, announcement, publication = WorkingGroupFactory(), AnnouncementFactory(), PublicationFactory(document=paper)
    entry = LibraryQuestion.objects.create(key="entry", kind=QuestionKind.SHORT_TEXT, label="Entry?")
    certificate = DeletionCertificate.objects.create(started_at=NOW, finished_at=NOW, counts={"people": 1})
    draft = drafts.keep(user=told.organiser, path="/admin/", fields=[("name", "value")], now=NOW)
    user = UserFactory(role=Role.PUBLISHER)
    objects = {
        "events/call": told.call.pk,
        "events/event": told.call.event_id,
        "events/announcement": announcement.pk,
        "events/publication": publication.pk,
        "events/workinggroup": group.pk,
        "accounts/user": user.pk,
        "registrations/libraryquestion": entry.pk,
    }
    slugs = {
        "events/": told.call.event.slug,
        "announcements/": announcement.slug,
        "publications/": publication.slug,
        "working-groups/": group.slug,
    }
    named = _named(
        told, user=user, mail_id=mail.pk, answer_id=file.pk, certificate_id=certificate.pk, draft_id=draft.pk
    )
    kept = (told.call, told.call.event, announcement, publication)
    versions = {f"events/{one._meta.model_name}": one.history.latest().history_id for one in kept}
    return SimpleNamespace(objects=objects, versions=versions, slugs=slugs, named=named, told=told, file=file)


def _named(told: Any, *, user: User, **ids: int) -> dict[str, Any]:
    """What the parts of addresses mean, by their names."""
    return {
        "call_id": told.call.pk,
        "event_id": told.call.event_id,
        "registration_id": told.applicant.pk,
        "reference": told.applicant.reference,
        "question_id": told.motivation.pk,
        "user_id": user.pk,
        "id": user.pk,
        "name": "check",
        "copy": "organisers",
        "year": NOW.year - 1,
        "token": "1-forged",
        "content_type_id": ContentType.objects.get_for_model(Event).pk,
        **ids,
    }


def routes() -> list[str]:
    """Every pattern of the portal, as the URL conf has it, each once, in order."""
    return list(dict.fromkeys(_walk(get_resolver(), "")))


def _walk(resolver: Any, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern, route)
        else:
            yield route


def place(route: str, stage: SimpleNamespace) -> str:
    """An address that this pattern answers, about the things of the stage."""
    model = "/".join(route.split("/")[1:3])
    if route in _ODD:
        return f"/{_ODD[route]}"
    if route.endswith(_HISTORY):
        return f"/{route.removesuffix(_HISTORY)}/{stage.objects[model]}/history/{stage.versions[model]}/"

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if route.startswith("registrations/mine/"):
            return PLACED_REFERENCE
        if name == "object_id" and "view_on_site" not in route:
            return str(stage.objects.get(model, stage.told.call.event_id))
        if name == "slug":
            return str(stage.slugs[f"{route.split('/', maxsplit=1)[0]}/"])
        if name == "pk":
            return str(stage.objects.get(model, 1))
        return str(stage.named.get(name, 1))

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", value, route)


def ask(client: Client, method: str, address: str) -> tuple[HttpResponse, str]:
    """One request and its whole text, of which nothing stays: neither rows nor cookies."""
    cookies = client.cookies.output()
    with transaction.atomic():
        response = getattr(client, method)(address)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    if client.cookies.output() != cookies:
        client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return response, content.decode("utf-8", "replace")


def is_answered(response: HttpResponse) -> bool:
    """Whether a role gets anything here: not if it is refused, or sent to sign in or to the front page of staff."""
    if response.status_code in _REFUSED:
        return False
    to = response.headers.get("Location", "")
    return not (to.startswith(_SIGN_IN) or to == "/admin/")


def column(client: Client, stage: SimpleNamespace) -> tuple[dict[str, str], list[str]]:
    """What this role may do at each address, and all the texts that it was shown there."""
    cells, texts = {}, []
    for route in routes():
        address, may = place(route, stage), []
        for method, word in (("get", SEE), ("post", DO)):
            response, text = ask(client, method, address)
            # No broker and no worker run here, which the page of health says.
            is_sound = response.status_code < 500 or route == "healthz/ready/"
            assert is_sound, f"{method} {address}: {response.status_code}"
            if is_answered(response):
                may.append(word)
            texts.append(f"{method} {address}\n{text}")
        if SEE not in may:
            for method in ("head", "options"):
                response, text = ask(client, method, address)
                assert not (is_answered(response) and text), f"{method} {address}: {response.status_code}"
        cells[route] = ", ".join(may) or NONE
    return cells, texts


def client_of(who: Any) -> Client:
    client = signed_in(who) if isinstance(who, User) else Client()
    if isinstance(who, Registration):
        follow(client, who)
    client.raise_request_exception = False
    return client


def keep(role: str, cells: dict[str, str]) -> None:
    """Leave what was found for `python -m dev.roles`."""
    FOUND.mkdir(parents=True, exist_ok=True)
    (FOUND / f"{role}.json").write_text(json.dumps(cells), "utf-8")
