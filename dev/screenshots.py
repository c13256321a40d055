"""Pictures of the running demo for the README: ``make demo`` in one terminal, ``make screenshots`` in another."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from dev import browser
from ranportal.demo import PASSWORD

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PHONE = (360, 780)
DESK = (1280, 900)


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, the way there as links to follow from an address, and the size of the screen."""

    name: str
    address: str
    links: tuple[str, ...] = ()
    size: tuple[int, int] = DESK
    signs_in_as: str = ""


SHOTS = (
    Shot("home", "/"),
    Shot("event", "/events/?open=1", ("main article a",)),
    Shot("register-phone", "/events/?open=1", ("main article a", "a[href$='/register/']"), PHONE),
    Shot("outcome", "/publications/", ("main article a",)),
    Shot(
        "who-applied",
        "/admin/registrations/registration/",
        ("#content a[href$='call=3']",),
        DESK,
        "organiser@example.org",
    ),
    Shot(
        "release",
        "/admin/registrations/registration/",
        ("#content a[href$='/release/']",),
        DESK,
        "organiser@example.org",
    ),
    Shot("review", "/admin/registrations/review/", ("#content a", "#content a"), DESK, "reviewer1@example.org"),
    Shot("outbox", "/admin/registrations/outgoingmail/", (), DESK, "admin@example.org"),
)


def main() -> int:
    """Take every picture into docs/screenshots; returns the exit code."""
    address = os.environ.get("SITE_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    if not _is_running(address):
        print(f"No demo answers at {address}: start `make demo` first (the same PORT).", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _chromium() as chromium:
        for shot in SHOTS:
            _take(chromium, address, shot)
            print(f"  ✓ {shot.name}.png", flush=True)
    return 0


def _is_running(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz/web/", timeout=5) as answer:  # noqa: S310 (an address of our own)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser.launch_options())
        yield chromium
        chromium.close()


def _take(chromium: Browser, address: str, shot: Shot) -> None:
    page = chromium.new_page(viewport={"width": shot.size[0], "height": shot.size[1]}, device_scale_factor=1)
    if shot.signs_in_as:
        _sign_in(page, address, shot.signs_in_as)
    page.goto(f"{address}{shot.address}")
    for link in shot.links:
        page.locator(link).first.click()
        page.wait_for_load_state()
    page.screenshot(path=FOLDER / f"{shot.name}.png", animations="disabled")
    page.close()


def _sign_in(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/admin/login/")
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{address}/admin/")


if __name__ == "__main__":
    sys.exit(main())
