"""Browser tests: Chromium, the running site, and a page that fails on any error in its console."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

from dev import browser

# Chromium reports each 4xx answer as an error of the console; the tests assert the answers themselves.
_ANSWER_LINE = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Playwright launches the Chromium of this machine."""
    # Playwright's sync API runs an event loop in the test's thread, where Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        return browser.launch_options()
    except browser.BrowserMissing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Nothing moves: a colour on its way to another is none that anybody could judge."""
    return browser_context_args | {"reduced_motion": "reduce"}


@pytest.fixture(scope="session", autouse=True)
def browser_before_database(request: pytest.FixtureRequest) -> None:
    """Start Chromium before the test database is set up, in runs that need it at all.

    Playwright runs an event loop in the test's thread, and Django keeps other connections inside one than outside: set
    up outside, the database's copy of the migrations' rows is not found inside, and the database cannot be dropped.
    """
    if any("browser" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("browser")


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The address of the running site; links in mails lead there too. Its rows are committed for real."""
    settings.SITE_URL = live_server.url
    return live_server.url


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page of the browser; a script's error, a blocked resource or a broken policy fails the test."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWER_LINE):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
