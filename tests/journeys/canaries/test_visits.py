"""What a visit leaves behind: in answers that somebody's machine may keep, in sessions, in a browser's own folder."""

import logging
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserType

from accounts.enums import Role
from tests.factories import UserFactory
from tests.journeys.canaries import nets
from tests.journeys.canaries.birds import in_bytes, in_text
from tests.journeys.canaries.life import WORDS_OF_STAFF, Life, person
from tests.journeys.post import Post, link_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_HOST = re.compile(r"^https?://[^/]+")
PEOPLE = "/admin/registrations/registration/"
OWN = ("", "answers/", "data/", "extras/", "call-me/", "contact/", "correct/", "erase/")


@pytest.fixture
def log() -> Iterator[nets.Log]:
    """All that is logged meanwhile."""
    handler = nets.Log()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Ten people who have sent the form and confirmed their address; temporary files go where they are looked for."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    life = Life(born=timezone.now(), people=range(600, 610))
    life.send()
    life.deliver()
    life.prove()
    return life


def link_of(number: int, post: Post) -> str:
    return link_in(post.of(person(number).email)[0])


def own_pages(life: Life, number: int) -> list[str]:
    reference = life.registrations[number].reference
    return [f"/registrations/mine/{reference}/{page}" for page in OWN]


def staff_pages(life: Life, number: int) -> list[str]:
    call, one = life.call.pk, life.registrations[number].pk
    of_call = ("board/", "checks/", "attendance/", "not-answered/", "not-told/", "free-places/", "reviews/")
    of_one = ("change/", "alarms/", "dossier/organisers/")
    lists = [f"{PEOPLE}?call={call}", f"{PEOPLE}?call={call}&q={person(number).given_name}"]
    return [
        *lists,
        *(f"{PEOPLE}calls/{call}/{page}" for page in of_call),
        *(f"{PEOPLE}{one}/{page}" for page in of_one),
    ]


def read(client: Client, places: list[str]) -> set[str]:
    """Read these pages; returns those that hold a word of somebody, having seen that no machine may keep them."""
    with_words = set()
    for place in places:
        answer = client.get(place, follow=True)
        body = b"".join(answer) if answer.streaming else answer.content
        if in_bytes(body):
            assert "no-store" in answer.headers["Cache-Control"], place
            with_words.add(place)
        assert in_text(str(answer.cookies) + str(answer.headers)) == set(), place
    return with_words


def test_what_people_and_staff_read_is_kept_by_nobody(life: Life, log: nets.Log, mail_folder: Path) -> None:
    number, post = 607, Post(mail_folder)
    visitor, organiser, reviewer, officer = Client(), Client(), Client(), Client()
    organiser.force_login(life.organiser)
    reviewer.force_login(life.reviewer)
    officer.force_login(UserFactory(role=Role.DATA_PROTECTION))

    assert len(read(visitor, [link_of(number, post), *own_pages(life, number)])) >= 4
    assert len(read(organiser, staff_pages(life, number))) >= 6
    export = organiser.post(f"{PEOPLE}calls/{life.call.pk}/export.xlsx", {"purpose": "For the meeting"})
    assert "no-store" in export.headers["Cache-Control"]
    reference = life.registrations[number].reference
    reading = f"/admin/registrations/review/calls/{life.call.pk}/"
    assert read(reviewer, [reading, f"{reading}{reference}/"])
    place = "/admin/registrations/deletioncertificate/person/held/"
    held = officer.post(place, {"email": person(number).email, "purpose": "Asked by letter.", "as": "page"})
    assert in_bytes(held.content)
    assert "no-store" in held.headers["Cache-Control"]

    assert {canary.field for canary in nets.in_rows()} <= WORDS_OF_STAFF
    assert (nets.in_broker(), nets.in_cache(), nets.in_folders()) == (set(), set(), set())
    assert in_text("\n".join(log.lines)) == set()
    cookies = [str(client.cookies) for client in (visitor, organiser, reviewer, officer)]
    assert in_text(str(cookies)) == set()


def visit(browser_type: BrowserType, options: dict[str, Any], folder: Path, site: str, places: list[str]) -> int:
    """Read these pages in a browser that keeps what it keeps in this folder; returns how many held a word."""
    held = 0
    with browser_type.launch_persistent_context(folder, **options) as context:
        page = context.new_page()
        for place in places:
            page.goto(place if place.startswith("http") else f"{site}{place}")
            held += bool(in_text(page.content()))
        page.wait_for_timeout(500)
    return held


@pytest.mark.browser
def test_a_browser_keeps_no_word_of_a_visit(
    life: Life,
    site: str,
    mail_folder: Path,
    tmp_path: Path,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
) -> None:
    link = _HOST.sub(site, link_of(607, Post(mail_folder)))
    places = [link, *own_pages(life, 607)]
    profile = tmp_path / "profile"

    assert visit(browser_type, browser_type_launch_args, profile, site, places) >= 4

    assert any(path.is_file() for path in profile.rglob("*"))
    assert nets.in_folder(profile) == set()


@pytest.mark.browser
def test_control_a_page_that_may_be_kept_is_found_in_the_browser(
    tmp_path: Path, site: str, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> None:
    profile = tmp_path / "profile"
    visit(browser_type, browser_type_launch_args, profile, site, ["/events/?q=qzxgivenq600q"])

    assert nets.in_folder(profile) != set()
