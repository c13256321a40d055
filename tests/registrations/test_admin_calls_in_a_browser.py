"""The staff pages about events, calls, mails and accounts in a real browser: accessible, and within the policy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.models import User
from events.models import Call
from registrations.models import OutgoingMail
from registrations.services import seeding

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
# Preloading would inject the styles once more, inline, which the policy of our pages rightly refuses.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
WIDTHS = (360, 1280)


@pytest.fixture
def addresses() -> list[str]:
    """The demo, and the addresses of the pages that organisers and administrators work on."""
    seeding.seed(folder=Path("demo"), now=NOW)
    call = Call.objects.get(event__slug="basics-of-mental-health-second-group")
    event, call_page = f"/admin/events/event/{call.event_id}", f"/admin/events/call/{call.pk}"
    mail = OutgoingMail.objects.filter(call=call, kind="received").first()
    assert mail is not None
    return [
        "/admin/",
        f"{event}/change/",
        f"{event}/cancel/",
        "/admin/events/event/add/",
        f"{call_page}/change/",
        f"{call_page}/capacity/",
        f"{call_page}/deadline/",
        f"{call_page}/reviewers/",
        "/admin/registrations/outgoingmail/",
        f"/admin/registrations/outgoingmail/{mail.pk}/change/",
        f"/admin/accounts/user/{User.objects.get(email='organiser@example.org').pk}/change/",
    ]


def sign_in(page: Page, site: str, email: str) -> None:
    page.goto(f"{site}/admin/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(seeding.PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_nothing_stands_in_anybodys_way(page: Page, site: str, addresses: list[str]) -> None:
    sign_in(page, site, "admin@example.org")
    found: dict[str, list[str]] = {}
    for address in addresses:
        page.goto(f"{site}{address}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            violations = Axe().run(page, options=RULES).response["violations"]
            if violations:
                found[f"{address} at {width}"] = [
                    f"{v['id']}: {v['nodes'][0]['html'][:200]} ({len(v['nodes'])})" for v in violations
                ]
    assert found == {}
