"""Hostile words in every column that holds words, on every page that the portal has, in a real browser.

In full (`make security`) forty rounds, so that each payload stands in each column; here a pairwise choice of them.
"""

import re
from urllib.parse import quote

import pytest
import time_machine
from playwright.sync_api import Browser

from ranportal.shared import markdown
from registrations.forms import RegistrationForm
from registrations.services import seeding
from tests.factories import NOW, QuestionFactory
from tests.journeys import places
from tests.journeys.look import Stop
from tests.journeys.people import sign_in
from tests.security import scope
from tests.security.payloads import PAYLOADS, TEXTS
from tests.security.planting import Sower, word_columns
from tests.security.watching import Watch

#: What people type into addresses: searches, filters, orders.
QUERIES = ["/events/?q={}", "/events/?kind={}&working_group={}", "/admin/login/?next={}", "/registrations/p/{}/"]
STAFF_QUERIES = [
    "/admin/registrations/registration/?q={}",
    "/admin/registrations/registration/?call={}&o={}&state__exact={}",
    "/admin/events/event/?q={}",
    "/admin/registrations/outgoingmail/?q={}",
    "/admin/accounts/user/?q={}",
]
#: Rounds of one payload for each place in `make test`; forty in full.
ROUNDS = 40 if scope.is_full() else 1


def asked(queries: list[str], number: int) -> list[Stop]:
    """These searches with the next payloads in them."""
    texts = [TEXTS[(number + step) % len(TEXTS)] for step in range(len(queries))]
    return [Stop(address.replace("{}", quote(text[:1500]))) for address, text in zip(queries, texts, strict=True)]


def chosen(stops: list[Stop], number: int) -> list[Stop]:
    """All of them in full; of the others each third, another third for another number."""
    return stops if scope.is_full() else stops[number % 3 :: 3]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_page_does_what_a_text_tells_it(the_clock: time_machine.Traveller, site: str, browser: Browser) -> None:
    watches = _looked(browser, site, [Sower(number) for number in range(ROUNDS)])

    found = _found(watches)
    scope.add(
        part=f"{len(TEXTS)} payloads in every column of words, {ROUNDS} round(s), on every page that shows them",
        goal="0 executed, 0 injected nodes, 0 reports",
        reached=f"{len(found)} findings on {sum(watch.pages for watch in watches):,} pages looked at",
        is_reached=not found,
    )
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_page_is_wider_than_its_window_however_long_the_words(
    the_clock: time_machine.Traveller, site: str, browser: Browser
) -> None:
    watches = _looked(browser, site, [Sower(0, texts=[PAYLOADS["long"]])])

    found = _found(watches)
    scope.add(
        part="words of up to 5,000 letters without a space, in every column at once",
        goal="no page wider than its window",
        reached=f"{len(found)} of {sum(watch.pages for watch in watches):,} pages",
        is_reached=not found,
    )
    assert found == []


def _looked(browser: Browser, site: str, sowers: list[Sower]) -> list[Watch]:
    """Sow, one after the other, and look at the pages after each."""
    world = places.World.made(now=NOW)
    looked = [(group, email) for groups in places.ROUNDS.values() for group, email in groups.items()]
    watches = [_watch(browser, site, email) for _, email in looked]
    stops = [group(world) for group, _ in looked]
    for number, sower in enumerate(sowers):
        sower.sow()
        for watch, some, (_, email) in zip(watches, stops, looked, strict=True):
            for stop in [*chosen(some, number), *asked(STAFF_QUERIES if email else QUERIES, number)]:
                watch.look_at(stop)
    for watch in watches:
        watch.page.context.close()
    return watches


def _found(watches: list[Watch]) -> list[str]:
    """What was seen, and what could not be looked at."""
    found = sorted({f"{address}: {one}" for watch in watches for address, told in watch.seen.items() for one in told})
    return found + [line for watch in watches for line in watch.failed]


def _watch(browser: Browser, site: str, email: str | None) -> Watch:
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    if email:
        sign_in(page, site, email, seeding.PASSWORD)
    return Watch(page, site)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["image", "script", "svg", "html link", "attribute", "javascript address", "frame"])
def test_where_a_template_calls_a_text_safe_it_is_seen(site: str, browser: Browser, name: str) -> None:
    """The control: the same eye, on a page that escapes nothing."""
    watch = _watch(browser, site, None)
    body = f'<h1 id=x data-name="{PAYLOADS[name]}">{PAYLOADS[name]}</h1><a href="{PAYLOADS[name]}">x</a>'
    headers = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'none'; script-src 'self'"}
    watch.page.route("**/unsafe/", lambda route: route.fulfill(body=body, headers=headers))

    watch.look_at(Stop("/unsafe/"))
    watch.page.context.close()

    assert watch.seen["/unsafe/"]


def test_every_kind_of_column_with_words_is_sown() -> None:
    names = {f"{model.__name__}.{field.name}" for model, fields in word_columns() for field in fields}

    assert {"Event.title", "Announcement.body", "Question.label", "Decision.reason", "Review.comment"} <= names
    assert {"User.name", "Criterion.label", "Pin.reason", "BoardView.name", "Transition.reason"} <= names


@pytest.mark.parametrize("name", PAYLOADS)
def test_markdown_of_staff_holds_no_script(name: str) -> None:
    html = markdown.render(PAYLOADS[name])

    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [tag for tag in tags if re.match(r"<(script|svg|iframe|style|form|base|meta|animate|textarea)", tag)]
    assert not [tag for tag in tags if re.search(r"(?i)\s(on\w+|class|style|id)=|=.(javascript|data|vbscript):", tag)]


@pytest.mark.django_db
def test_what_staff_and_registrants_wrote_is_no_markup_where_a_template_calls_help_safe() -> None:
    question = QuestionFactory(kind="file", help="<b class=canary>Bold</b>", label="<i>CV</i>", key="cv")
    other = QuestionFactory(call=question.call, condition_question=question, condition_value="x", key="other")
    sent = {"q-cv": {"name": "<img class=canary>.pdf"}}

    form = RegistrationForm(call=question.call, questions=[question, other], initial=sent)

    for name in ("q-cv", "q-other"):
        assert "<" not in form.fields[name].help_text
        assert "&lt;" in form.fields[name].help_text
        assert hasattr(form.fields[name].help_text, "__html__")
