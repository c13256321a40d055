"""Registering by keyboard alone, where the focus is always seen, and with a browser that runs no scripts."""

from collections.abc import Callable

import pytest
import time_machine
from playwright.sync_api import Page, expect

from events.models import Call
from registrations.enums import State
from registrations.models import Answer, Registration
from tests import sealed
from tests.factories import CallFactory, EventFactory, QuestionFactory
from tests.journeys.people import ANNA, expect_headline, expect_panel, fill_in
from tests.journeys.post import Post, code_in, link_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "Mental health and prevention"
FOCUSED = """() => {
    const focused = document.activeElement
    return focused.matches("a, button, summary") ? focused.innerText : focused.name || focused.id
}"""


@pytest.fixture
def call(the_clock: time_machine.Traveller) -> Call:
    """An open call with a choice, and two questions that hang on it."""
    call = CallFactory(event=EventFactory(slug="webinar", title=TITLE))
    choices = [["prison", "Prison"], ["other", "Somewhere else"]]
    sector = QuestionFactory(
        call=call, key="sector", kind="single_choice", label="Where do you work?", choices=choices, is_required=True
    )
    for key, kind, wanted, label in (
        ("where", "short_text", "other", "Where is that?"),
        ("cases", "number", "prison", "How many people do you meet?"),
    ):
        QuestionFactory(
            call=call,
            key=key,
            kind=kind,
            label=label,
            condition_question=sector,
            condition_value=wanted,
            is_required=True,
        )
    return call


class Keyboard:
    """A person who has no mouse. Each stop of the focus must be seen: the picture around it differs without it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.unseen: list[str] = []

    def tab(self) -> str:
        """Go to the next stop; returns its name, or its words where it has none."""
        self._page.keyboard.press("Tab")
        name = str(self._page.evaluate(FOCUSED))
        if not self._is_seen():
            self.unseen.append(name)
        return name

    def tab_to(self, words: str) -> None:
        """Go on to the stop with these words."""
        for _ in range(60):
            if self.tab().strip() == words:
                return
        raise AssertionError(f"the keyboard never came to {words}")

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def _is_seen(self) -> bool:
        box = self._page.evaluate(
            """() => {
                const focused = document.activeElement
                const at = (focused.closest(".ecl-form-group, .portal-field") || focused).getBoundingClientRect()
                const [x, y] = [Math.max(0, at.x - 8), Math.max(0, at.y - 8)]
                return {x: x, y: y, width: at.width + 16, height: at.height + 16}
            }"""
        )
        with_focus = self._page.screenshot(clip=box, animations="disabled")
        self._page.evaluate("() => { window.left = document.activeElement; window.left.blur() }")
        without = self._page.screenshot(clip=box, animations="disabled")
        self._page.evaluate("() => window.left.focus({preventScroll: true, focusVisible: true})")
        return with_focus != without


#: The box below each part of a form, closed.
NOTES = "What we need it for, who sees it, when it goes"


def test_the_keyboard_alone_leads_from_the_event_to_a_place(
    call: Call, site: str, post: Post, visitor: Callable[..., Page]
) -> None:
    page = visitor(width=1280)
    page.goto(f"{site}/events/webinar/")
    keyboard = Keyboard(page)
    assert keyboard.tab() == "Skip to main content"
    keyboard.press("Enter")
    keyboard.tab_to("Register")
    keyboard.press("Enter")
    expect_headline(page, "Register")

    assert fill_by_keyboard(keyboard) == [
        *["given_name", "family_name", "display_name", "email", "country", "organisation", "profession"],
        *[
            NOTES,
            "q-sector",
            "q-where",
            NOTES,
            "privacy",
            "Your data and your rights (opens a new tab)",
            "Send registration",
        ],
    ]
    keyboard.press("Enter")
    expect_headline(page, "One more step")
    post.deliver()
    keyboard.tab_to("code")
    keyboard.type(code_in(post.newest(ANNA.email)))
    keyboard.press("Enter")
    expect_panel(page, "Your place is confirmed")
    keyboard.tab_to("Give up my place")
    keyboard.press("Space")
    expect_panel(page, "Done. Thank you for telling us.")
    assert keyboard.unseen == []


def fill_by_keyboard(keyboard: Keyboard) -> list[str]:
    """Fill in the form by Tab, Space, arrows and letters; returns the stops in their order."""
    stops = []
    keyboard.tab_to("given_name")
    stops.append("given_name")
    keyboard.type(ANNA.given_name)
    for typed in (ANNA.family_name, "Psychologist, Latvia", ANNA.email, "Latvia", "Clinic", "Psychology"):
        stops.append(keyboard.tab())
        keyboard.type(typed)
    stops += [keyboard.tab(), keyboard.tab()]
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    stops.append(keyboard.tab())
    keyboard.type("In a youth centre")
    stops += [keyboard.tab(), keyboard.tab()]
    keyboard.press("Space")
    return [*stops, keyboard.tab(), keyboard.tab()]


def test_a_focus_that_cannot_be_seen_is_told(call: Call, site: str, visitor: Callable[..., Page]) -> None:
    page = visitor(width=1280)
    page.goto(f"{site}/events/webinar/")
    page.evaluate("""() => {
        const sheet = new CSSStyleSheet()
        sheet.replaceSync("* { outline: none !important; box-shadow: none !important }")
        document.adoptedStyleSheets = [sheet]
    }""")
    keyboard = Keyboard(page)

    keyboard.tab_to("Events")

    assert keyboard.unseen[-1:] == ["Events"]


def test_without_scripts_conditions_stand_in_words_and_the_server_decides(
    call: Call, site: str, post: Post, visitor: Callable[..., Page]
) -> None:
    page = visitor(width=360, has_scripts=False)
    page.goto(f"{site}/events/webinar/register/")
    expect(page.get_by_text("Only if you answered “Somewhere else” to “Where do you work?”.")).to_be_visible()
    expect(page.get_by_text("Only if you answered “Prison” to “Where do you work?”.")).to_be_visible()
    fill_in(page, ANNA)
    page.get_by_label("Prison", exact=True).check()
    page.get_by_label("Where is that?").fill("This question is not for me.")
    page.get_by_role("button", name="Send registration").click()

    expect(page.get_by_role("alert")).to_contain_text("How many people do you meet?")
    assert page.get_by_label("Given name").input_value() == ANNA.given_name
    page.get_by_label("How many people do you meet?").fill("twelve")
    page.get_by_role("button", name="Send registration").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number")
    page.get_by_label("How many people do you meet?").fill("12")
    page.get_by_role("button", name="Send registration").click()

    expect_headline(page, "One more step")
    assert sealed.said(Answer.objects.all()) == {"sector": "prison", "cases": 12}
    post.deliver()
    page.goto(link_in(post.newest(ANNA.email)))
    page.get_by_role("button", name="Confirm my address").click()
    expect_panel(page, "Your place is confirmed")
    page.get_by_role("link", name="Change my answers").click()
    page.get_by_label("Somewhere else").check()
    page.get_by_label("Where is that?").fill("In a youth centre")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Below you see your answers")).to_be_visible()
    assert sealed.said(Answer.objects.all()) == {
        "sector": "other",
        "where": "In a youth centre",
    }
    page.get_by_role("button", name="Give up my place").click()
    expect_panel(page, "Done. Thank you for telling us.")
    assert Registration.objects.get().state == State.WITHDRAWN
