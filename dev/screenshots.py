"""Pictures for the README: ``make screenshots``. A portal of its own, with fresh demo data, is there for that long."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dev import browser, processes, setup
from ranportal.demo import PASSWORD

FOLDER = setup.ROOT / "docs" / "screenshots"
PHONE: ViewportSize = {"width": 360, "height": 780}
DESK: ViewportSize = {"width": 1280, "height": 860}
#: No beat runs here; the portal would warn of that on every page.
_TICK = "from ranportal.shared import clock; from registrations.services import pulse; pulse.beat(now=clock.now())"
APPLICANT = "anna.ozolina@example.org"
_CODE = re.compile(rb"^ *(\d{4}) (\d{4})\r?$", re.MULTILINE)


class NoPicture(Exception):
    """The portal for the pictures does not run; the message says why."""


class Portal:
    """A portal on a free port, on data of its own that is thrown away."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._mail = folder / "mail"
        self._log = folder / "log"
        self._environ = setup.environment(self._port) | {
            "DEBUG": "1",
            "SITE_URL": self.address,
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "EMAIL_URL": f"file://{self._mail}",
            "MEDIA_ROOT": str(folder / "media"),
            "PRIVATE_MEDIA_ROOT": str(folder / "private"),
            # Nobody listens there: mails go by `deliver_mail`, when they are looked for.
            "CELERY_BROKER_URL": f"redis+socket://{folder / 'nobody.sock'}",
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        """Set it up and serve it. Raises NoPicture."""
        for step in setup.steps(self._environ):
            if not step.is_done(self._environ):
                self._run(step.command)
                step.remember(self._environ)
        self.deliver()
        self._run([*setup.MANAGE, "shell", "--no-imports", "-c", _TICK])
        command = [sys.executable, "-m", "gunicorn", "ranportal.wsgi", "--bind", f"127.0.0.1:{self._port}"]
        with self._log.open("ab") as log:
            web = processes.start(
                [*command, "--threads", "4", "--no-control-socket"], env=self._environ, log=log, folder=setup.ROOT
            )
        try:
            self._wait_for(web)
            yield
        finally:
            processes.stop(web)

    def deliver(self) -> None:
        """Let every mail go that is due."""
        self._run([*setup.MANAGE, "deliver_mail", "--once"])

    def code_for(self, address: str) -> str:
        """Return the code in the newest mail to this person."""
        self.deliver()
        for path in sorted(self._mail.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True):
            content = path.read_bytes()
            if message_from_bytes(content, policy=default)["To"] == address and (found := _CODE.search(content)):
                return (found[1] + found[2]).decode()
        raise NoPicture(f"No mail with a code came for {address}.")

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, env=self._environ, cwd=setup.ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise NoPicture(f"{' '.join(command[1:])} failed: {done.stderr.strip().splitlines()[-1:]}")

    def _wait_for(self, web: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 60
        while web.poll() is None and time.monotonic() < end:
            try:
                with urlopen(f"{self.address}/healthz/web/", timeout=5):  # noqa: S310 (an address of our own)
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise NoPicture(f"The web server does not answer: {self._log.read_text()[-2000:]}")


class Camera:
    """A browser that visits the portal and keeps pictures of what it sees."""

    def __init__(self, chromium: Browser, portal: Portal) -> None:
        self.portal = portal
        self._chromium = chromium

    def visit(self, size: ViewportSize, *, signed_in_as: str = "") -> Page:
        """Return a page of a visitor who was never here, or of staff who signed in."""
        context = self._chromium.new_context(viewport=size, base_url=self.portal.address, reduced_motion="reduce")
        page = context.new_page()
        if signed_in_as:
            page.goto("/admin/login/")
            page.fill("input[name=username]", signed_in_as)
            page.fill("input[name=password]", PASSWORD)
            page.locator("input[name=password]").press("Enter")
            page.wait_for_url("**/admin/")
        return page

    def take(self, page: Page, name: str) -> None:
        """Keep what stands on the screen as docs/screenshots/<name>.png."""
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
        print(f"  ✓ {name}.png", flush=True)


def public_pages(camera: Camera) -> None:
    """What everybody sees."""
    for size, suffix in ((DESK, ""), (PHONE, "-phone")):
        page = camera.visit(size)
        page.goto("/")
        camera.take(page, f"home{suffix}")
    page = camera.visit(DESK)
    page.goto("/events/mental-health-and-pcve/")
    camera.take(page, "event")


def one_registration(camera: Camera) -> None:
    """The way of one person on a phone, from the form to the confirmed place."""
    page = camera.visit(PHONE)
    page.goto("/events/mental-health-and-pcve/register/")
    details = {
        "given_name": "Anna",
        "family_name": "Ozoliņa",
        "display_name": "Psychologist, Latvia",
        "email": APPLICANT,
        "organisation": "Example clinic",
    }
    for name, value in details.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=country]", "LV")
    page.select_option("[name=profession]", "psychology")
    page.check("[name=privacy]")
    page.locator("[name=q-closer_to]").first.check()
    page.evaluate("document.querySelector('[name=given_name]').closest('fieldset').scrollIntoView()")
    camera.take(page, "register-phone")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/sent/")
    camera.take(page, "one-more-step-phone")
    page.fill("[name=code]", camera.portal.code_for(APPLICANT))
    page.locator("[name=code]").press("Enter")
    page.wait_for_url("**/registrations/mine/**")
    camera.take(page, "confirmed-phone")


def staff_pages(camera: Camera) -> None:
    """What organisers, reviewers and administrators see of the call whose deadline was yesterday."""
    page = camera.visit(DESK, signed_in_as="organiser@example.org")
    page.goto("/admin/registrations/registration/calls/")
    page.get_by_role("link", name="second group").click()
    camera.take(page, "applications")
    page.locator("#result_list a[href*='/change/']").nth(6).click()
    camera.take(page, "application")
    page.go_back()
    page.get_by_role("link", name="Selection board").first.click()
    page.get_by_role("navigation", name="Selection").get_by_role("link", name="Proposal").click()
    page.get_by_role("button", name="Propose a selection").click()
    camera.take(page, "proposal")
    page.get_by_label("Everyone else too").check()
    page.get_by_role("button", name="Stage it wholly").click()
    page.get_by_role("navigation", name="Selection").get_by_role("link", name="Board").click()
    camera.take(page, "board")
    page.get_by_role("link", name="Release", exact=True).click()
    camera.take(page, "release")
    page = camera.visit(DESK, signed_in_as="reviewer1@example.org")
    page.goto("/admin/registrations/review/")
    page.get_by_role("link", name="second group").click()
    page.locator("#content a[href*='P-']").first.click()
    camera.take(page, "review")
    page = camera.visit(DESK, signed_in_as="admin@example.org")
    page.goto("/admin/registrations/outgoingmail/")
    camera.take(page, "outbox")


PICTURES: tuple[Callable[[Camera], None], ...] = (public_pages, one_registration, staff_pages)


@contextmanager
def _chromium(options: Mapping[str, object]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**options)  # type: ignore[arg-type]
        yield chromium
        chromium.close()


def main() -> int:
    """Take every picture into docs/screenshots; returns the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    try:
        with tempfile.TemporaryDirectory(prefix="ranportal-pictures-") as folder:
            portal = Portal(Path(folder))
            with portal.running(), _chromium(browser.launch_options()) as chromium:
                for pictures in PICTURES:
                    pictures(Camera(chromium, portal))
    except (NoPicture, browser.BrowserMissing) as refusal:
        print(f"No pictures: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
