"""A selective call with sixty applications: sent, scored blind, staged, released once. The clock is turned."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Page, expect

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from ranportal.shared import clock
from registrations.enums import MailKind
from registrations.models import Decision, OutgoingMail, Registration, Release, Review, Transition
from registrations.services import releasing
from tests import sealed
from tests.factories import (
    AnswerFactory,
    CallFactory,
    CriterionFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    UserFactory,
)
from tests.journeys.people import CHLOE, expect_headline, expect_panel, fill_in, sign_in
from tests.journeys.post import Post, calendar_in, code_in, link_in, text_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.both_databases,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

APPLICANTS = 60
PLACES = 25
ON_THE_LIST = 5
MOTIVATION = "I lead a small team and want to pass on what I learn."
DECISIONS = (MailKind.SELECTED, MailKind.RESERVE, MailKind.NOT_SELECTED)
LIST = "/admin/registrations/registration/"


@dataclass
class Portal:
    """What the people of this journey meet."""

    site: str
    post: Post
    visitor: Callable[..., Page]
    clock: time_machine.Traveller
    call: Call
    organiser: User
    reviewer: User


@pytest.fixture
def portal(the_clock: time_machine.Traveller, site: str, post: Post, visitor: Callable[..., Page]) -> Portal:
    """A selective call with 59 applications, an organiser and a reviewer."""
    organiser = UserFactory(role=Role.ORGANISER)
    call = CallFactory(selective=True, capacity=PLACES, organisers=[organiser], event__title="Basics for first-liners")
    reviewer = ReviewAssignmentFactory(call=call).reviewer
    CriterionFactory(call=call, label="Works with the target group", max_score=5)
    CriterionFactory(call=call, label="Can pass it on", max_score=5)
    motivation = QuestionFactory(call=call, key="why", kind="long_text", label="Why do you come?", is_required=True)
    motivation.audience = "reviewers"
    motivation.save()
    for number in range(1, APPLICANTS):
        registration = RegistrationFactory(call=call, submitted=True, identity__email=f"applicant{number}@example.org")
        AnswerFactory(registration=registration, question=motivation, value=f"Reason number {number}.")
    return Portal(site, post, visitor, the_clock, call, organiser, reviewer)


def test_sixty_apply_and_each_hears_once_after_the_deadline(portal: Portal) -> None:
    apply_in_the_browser(portal)
    score_without_seeing_who_it_is(portal)
    page = portal.visitor(width=1280)
    sign_in(page, portal.site, portal.organiser.email)
    stage_all(portal, page)
    check_that_nothing_is_released_before_the_deadline(portal, page)

    portal.clock.move_to(portal.call.closes_at + timedelta(minutes=1))
    # The days between have ended the session.
    sign_in(page, portal.site, portal.organiser.email)

    check_what_would_be_sent(portal, page)
    release_and_click_again(portal, page)
    check_that_everyone_heard_once(portal)
    read_a_yes(portal)
    read_a_no(portal)


def apply_in_the_browser(portal: Portal) -> None:
    """The sixtieth application is typed, on a phone."""
    page = portal.visitor(width=360)
    page.goto(f"{portal.site}{portal.call.event.get_absolute_url()}")
    expect(page.get_by_text("An application does not guarantee a place.")).to_be_visible()
    page.get_by_role("link", name="Apply", exact=True).click()
    fill_in(page, CHLOE)
    page.get_by_label("Why do you come?").fill(MOTIVATION)
    page.get_by_role("button", name="Send application").click()
    expect_headline(page, "One more step")
    portal.post.deliver()
    page.get_by_label("Code from our mail").fill(code_in(portal.post.newest(CHLOE.email)))
    page.get_by_role("button", name="Confirm my address").click()
    expect_panel(page, "Received.")
    expect(page.get_by_text("Everyone hears by Tuesday 15 September.")).to_be_visible()
    portal.post.deliver()
    assert "Everyone hears by Tuesday 15 September" in text_of(portal.post.newest(CHLOE.email))


def score_without_seeing_who_it_is(portal: Portal) -> None:
    """The reviewer reads answers, sees no name, address or organisation, and goes to the next."""
    page = portal.visitor(width=1280)
    sign_in(page, portal.site, portal.reviewer.email)
    page.get_by_role("link", name="Reviews").first.click()
    page.get_by_role("link", name=portal.call.event.title).click()
    theirs = sealed.of_address(CHLOE.email)
    page.get_by_role("link", name=theirs.reference).click()
    expect(page.get_by_text(MOTIVATION)).to_be_visible()
    for secret in (CHLOE.given_name, CHLOE.family_name, CHLOE.email, CHLOE.organisation):
        assert secret not in page.content()
    score(page, "Works with the target group", 4)
    score(page, "Can pass it on", 5)
    page.get_by_role("button", name="Save and next").click()
    expect(page.get_by_text(f"{theirs.reference}: your scores are saved.")).to_be_visible()
    assert Counter(Review.objects.get().scores.values_list("value", flat=True)) == {4: 1, 5: 1}
    assert page.request.get(f"{portal.site}{LIST}?call={portal.call.pk}").status == 403


def score(page: Page, criterion: str, points: int) -> None:
    page.get_by_role("group", name=criterion).get_by_label(str(points), exact=True).check()


def stage_all(portal: Portal, page: Page) -> None:
    """Decide on all sixty from the list, with a reason for each kind of decision."""
    stage(portal, page, "Stage: select", number=PLACES)
    stage(portal, page, "Stage: reserve list", number=ON_THE_LIST)
    stage(portal, page, "Stage: not selected", number=APPLICANTS - PLACES - ON_THE_LIST)
    expect(page.get_by_text("Without decision").locator("..").get_by_text("0", exact=True)).to_be_visible()
    assert set(Decision.objects.values_list("staged_by", flat=True)) == {portal.organiser.pk}
    assert {*Registration.objects.values_list("state", flat=True)} == {"submitted"}


def stage(portal: Portal, page: Page, act: str, *, number: int) -> None:
    page.goto(f"{portal.site}{LIST}?call={portal.call.pk}&decision=none")
    boxes = page.locator("input.action-select").all()
    if number == len(boxes):
        page.get_by_label("Select all").check()
    else:
        for box in boxes[:number]:
            box.check()
    page.get_by_label("Action:").select_option(label=act)
    page.get_by_role("button", name=re.compile("^(Go|Run)$")).click()
    page.get_by_role("button", name="Stage").click()
    expect(page.get_by_text("Please give a reason.")).to_be_visible()
    page.get_by_label("In words").fill("As the criteria say.")
    page.get_by_role("button", name="Stage").click()
    expect(page.get_by_text(f"Staged: {number}. Nobody is told before you release.")).to_be_visible()


def check_that_nothing_is_released_before_the_deadline(portal: Portal, page: Page) -> None:
    """The button is off, and switching it on by force does not help."""
    page.goto(f"{portal.site}{LIST}calls/{portal.call.pk}/release/")
    button = page.get_by_role("button", name="Release 60 decisions")
    expect(button).to_be_disabled()
    button.evaluate("button => { button.disabled = false }")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("released after its deadline, and not before")
    assert {*Registration.objects.values_list("state", flat=True)} == {"submitted"}
    assert not OutgoingMail.objects.filter(kind__in=DECISIONS).exists()


def check_what_would_be_sent(portal: Portal, page: Page) -> None:
    """Each kind of mail can be read before anything is sent, without a live link."""
    page.goto(f"{portal.site}{LIST}calls/{portal.call.pk}/preview/")
    for words in ("25 mails", "5 mails", "30 mails", "You have a place.", "We cannot offer you a place this time."):
        expect(page.get_by_text(words).first).to_be_visible()
    assert "/registrations/p/…/" in page.content()
    assert not OutgoingMail.objects.filter(kind__in=DECISIONS).exists()


def release_and_click_again(portal: Portal, page: Page) -> None:
    """A click gives the release, on an old page too; taken back it tells nobody; at its hour it tells everyone once."""
    old = page.context.new_page()
    for tab in (page, old):
        tab.goto(f"{portal.site}{LIST}calls/{portal.call.pk}/release/")
    leaving = re.compile("^Mails leave at ")
    for tab in (page, old):
        tab.get_by_role("button", name="Release 60 decisions").click()
        expect(tab.get_by_role("heading", name=leaving)).to_be_visible()
    assert Release.objects.count() == 1
    old.get_by_role("button", name="Take the release back").click()
    expect(old.get_by_text("Nobody was told, and everything stays staged.")).to_be_visible()
    old.get_by_role("button", name="Release 60 decisions").click()
    expect(old.get_by_role("heading", name=leaving)).to_be_visible()
    portal.clock.shift(releasing.RECALL)
    assert not OutgoingMail.objects.filter(kind__in=DECISIONS).exists()

    assert releasing.carry_out(now=clock.now()) == 1

    page.goto(f"{portal.site}{LIST}calls/{portal.call.pk}/release/")
    expect(page.get_by_text("25 selected, 5 on the reserve list, 30 not selected.")).to_be_visible()
    before = counts()
    assert releasing.carry_out(now=clock.now()) == 0
    assert counts() == before
    assert before[:3] == ({"confirmed": 25, "reserve": 5, "declined": 30}, 60, 25)


def counts() -> tuple[Counter[str], int, int, int]:
    """States, decision mails, places taken and transitions."""
    return (
        Counter(Registration.objects.values_list("state", flat=True)),
        OutgoingMail.objects.filter(kind__in=DECISIONS).count(),
        Call.objects.get().places_taken,
        Transition.objects.count(),
    )


def check_that_everyone_heard_once(portal: Portal) -> None:
    """Sixty mails leave, one to each, all with the same words in their subject; nothing is left to send."""
    assert portal.post.deliver() == APPLICANTS
    mails = portal.post.all()
    people = [f"applicant{number}@example.org" for number in range(1, APPLICANTS)]
    assert Counter(mail["To"] for mail in mails) == {**dict.fromkeys(people, 1), CHLOE.email: 3}
    subjects = {re.sub(r"P-\w{5}", "P-…", mail["Subject"]) for mail in mails[-APPLICANTS:]}
    assert subjects == {"Your registration P-…: news"}
    assert portal.post.deliver() == 0


def read_a_yes(portal: Portal) -> None:
    """The mail's link leads a selected person to the decision."""
    mail = mail_of(portal, "confirmed")
    assert "You have a place." in text_of(mail)
    (entry,) = calendar_in(mail)
    assert entry["summary"].startswith("Online session P-")
    page = portal.visitor(width=360)
    page.goto(link_in(mail))
    expect_panel(page, "Your place is confirmed")


def read_a_no(portal: Portal) -> None:
    """A refusal says the decision first, then the numbers and the criteria; the private page says the settled words."""
    mail = mail_of(portal, "declined")
    text = text_of(mail)
    for words in (
        "We cannot offer you a place this time.",
        "60 people applied for 25 places.",
        "- Works with the target group - Can pass it on",
        "says nothing about the quality of your work",
        "If you want to know why, you may ask until",
    ):
        assert words in text
    page = portal.visitor(width=360)
    page.goto(link_in(mail))
    expect_panel(page, "We cannot offer you a place this time")
    expect(page.get_by_text("This says nothing about the quality of your work.")).to_be_visible()


def mail_of(portal: Portal, state: str):
    registration = Registration.objects.filter(state=state).select_related("identity").first()
    assert registration is not None
    return portal.post.newest(registration.identity.email)
