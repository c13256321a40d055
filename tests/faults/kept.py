"""A portal in a database and folders of its own, and what can be said of it: for the tests that back up and restore."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.test import Client, override_settings

from events.models import Publication
from registrations.mail import restored
from tests import databases

#: What a restore changes on purpose: mails wait, the gate has seen it, everybody signs in again.
CHANGED = frozenset({"registrations_outgoingmail", "registrations_mailgate", "django_session"})


@contextmanager
def installation(database: dict[str, Any], folder: Path) -> Iterator[None]:
    """Inside, this process works on that database and on media in that folder."""
    private = settings.STORAGES["private"]
    places = private["OPTIONS"] | {"location": folder / "private"}
    media = {"MEDIA_ROOT": folder / "media", "STORAGES": settings.STORAGES | {"private": private | {"OPTIONS": places}}}
    with override_settings(**media), databases.used(database):
        yield


def pages() -> dict[str, str]:
    """What a visitor reads, page by page, and every document, as checksums."""
    client, found = Client(SERVER_NAME="localhost"), {}
    slugs = Publication.objects.values_list("slug", flat=True)
    papers = [f"/publications/{slug}/{end}" for slug in slugs for end in ("", "document/")]
    for address in ["/", "/events/", "/events/calendar.ics", "/announcements/", "/publications/", *papers]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        found[address] = hashlib.sha256(b"".join(answer)).hexdigest()
    return found


def documents() -> dict[str, str]:
    """The checksum of every file of both storages, by its name."""
    return {f"{alias}/{name}": _sum(alias, name) for alias in ("default", "private") for name in _names(alias, ".")}


def _sum(alias: str, name: str) -> str:
    with storages[alias].open(name) as file:
        return hashlib.sha256(file.read()).hexdigest()


def _names(alias: str, folder: str) -> Iterator[str]:
    if not storages[alias].exists(folder):
        return
    folders, files = storages[alias].listdir(folder)
    yield from (str(Path(folder, name)) for name in files)
    for inner in folders:
        if inner != restored.MARKS:
            yield from _names(alias, str(Path(folder, inner)))
