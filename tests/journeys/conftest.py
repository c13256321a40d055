"""A portal whose clock the tests turn, mailboxes, and visitors with browsers of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.factories import NOW
from tests.journeys.post import Post

PHONE = 360
#: Two busy cores are slow, and a journey is not about speed.
PATIENCE_MS = 30_000
_ANSWER_LINE = "Failed to load resource: the server responded with a status of 4"

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def the_clock() -> Iterator[time_machine.Traveller]:
    """The clock of the portal, which starts at NOW and goes on; `move_to` turns it."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def post(mail_folder: Path) -> Post:
    """The mailboxes of this test's people."""
    return Post(mail_folder)


@pytest.fixture
def visitor(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """`visitor(width=360, has_scripts=True)`: a page in a browser of its own, without anybody's cookies.

    An error of a script, a blocked resource or a broken policy fails the test.
    """
    errors: list[str] = []
    opened: list[Page] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWER_LINE):
            errors.append(message.text)

    def open_browser(*, width: int = PHONE, has_scripts: bool = True) -> Page:
        shown = {"viewport": {"width": width, "height": 800}, "java_script_enabled": has_scripts, "locale": "en-GB"}
        context = browser.new_context(**(browser_context_args | shown))
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append(page)
        return page

    yield open_browser
    for page in opened:
        page.context.close()
    assert errors == []
