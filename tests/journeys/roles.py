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

from accounts.enums import Role
from dev.roles import DO, NONE, SEE
from events.models import Event
from registrations import questions
from registrations.models import LibraryQuestion, LogisticsAssignment
from registrations.services import uploads
from tests.factories import (
    AnnouncementFactory,
    AnswerFactory,
    OutgoingMailFactory,
    PublicationFactory,
    QuestionFactory,
    UserFactory,
    WorkingGroupFactory,
)
from tests.registrations.people_story import signed_in, story

FOUND = Path(settings.BASE_DIR) / "var" / "roles"
_REFUSED = {400, 401, 403, 404, 405, 410, 429}
_SIGN_IN = ("/admin/login/", "/accounts/")
#: Patterns that are no plain route, and an address of each.
_ODD = {
    "accounts/^oidc/(?P<provider_id>staff)/callback/$": "accounts/oidc/staff/callback/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "accounts/password/reset/key/1-forged/",
    "admin/^(?P<app_label>registrations|events|accounts)/$": "admin/registrations/",
    "admin/(?P<url>.*)$": "admin/nothing-here",
}
_HISTORY = "/^([^/]+)/history/([^/]+)/$"


def cast() -> dict[str, Any]:
    """Who asks, by the name of the column; None is a stranger."""
    told = story()
    helper = UserFactory(role=Role.LOGISTICS)
    LogisticsAssignment.objects.create(call=told.call, user=helper)
    return {
        "stage": stage(told),
        "stranger": None,
        "publisher": UserFactory(role=Role.PUBLISHER),
        "reviewer": told.reviewer,
        "organiser": told.organiser,
        "other organiser": UserFactory(role=Role.ORGANISER),
        "logistics": helper,
        "data protection": UserFactory(role=Role.DATA_PROTECTION),
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "superuser": UserFactory(administrator=True),
    }


def _sent_file(told: Any) -> Any:
    paper = QuestionFactory(call=told.call, key="paper", label="Paper?", kind="file")
    upload = SimpleUploadedFile("paper.pdf", b"%PDF-1.4", "application/pdf")
    given = questions.KINDS[paper.kind].given(paper, upload)
    with uploads.stored({paper: given}) as stored:
        known = {"value": {"content_type": "application/pdf"}, "file": stored[paper].stored_as}
        return AnswerFactory(registration=told.applicant, question=paper, **known)


def stage(told: Any) -> SimpleNamespace:
    """One of each thing that an address may name, by how the addresses call it."""
    file = _sent_file(told)
    mail = OutgoingMailFactory(registration=told.applicant)
    group, announcement, publication = WorkingGroupFactory(), AnnouncementFactory(), PublicationFactory()
    user = UserFactory(role=Role.PUBLISHER)
    objects = {
        "events/call": told.call.pk,
        "events/event": told.call.event_id,
        "events/announcement": announcement.pk,
        "events/publication": publication.pk,
        "events/workinggroup": group.pk,
        "accounts/user": user.pk,
        "registrations/libraryquestion": getattr(LibraryQuestion.objects.first(), "pk", 1),
    }
    slugs = {
        "events/": told.call.event.slug,
        "announcements/": announcement.slug,
        "publications/": publication.slug,
        "working-groups/": group.slug,
    }
    named = {
        "call_id": told.call.pk,
        "event_id": told.call.event_id,
        "registration_id": told.applicant.pk,
        "reference": told.applicant.reference,
        "mail_id": mail.pk,
        "answer_id": file.pk,
        "question_id": told.motivation.pk,
        "user_id": user.pk,
        "id": user.pk,
        "name": "check",
        "copy": "organisers",
        "year": 2026,
        "token": "1-forged",
        "content_type_id": ContentType.objects.get_for_model(Event).pk,
    }
    kept = (told.call, told.call.event, announcement, publication)
    versions = {f"events/{one._meta.model_name}": one.history.latest().history_id for one in kept}
    return SimpleNamespace(objects=objects, versions=versions, slugs=slugs, named=named, told=told, file=file)


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


def client_of(user: Any) -> Client:
    client = Client() if user is None else signed_in(user)
    client.raise_request_exception = False
    return client


def keep(role: str, cells: dict[str, str]) -> None:
    """Leave what was found for `python -m dev.roles`."""
    FOUND.mkdir(parents=True, exist_ok=True)
    (FOUND / f"{role}.json").write_text(json.dumps(cells), "utf-8")
