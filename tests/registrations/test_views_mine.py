"""The private page: opened by its link, it says what stands and does what its person may do."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registrations.enums import Act, MailKind, State
from registrations.links import token_of
from registrations.models import OutgoingMail, Registration, Transition
from tests.factories import NOW, AnswerFactory, CallFactory, OutgoingMailFactory, RegistrationFactory
from tests.registrations.pages import follow, form, mine_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(client: Client, registration: Registration) -> str:
    """What the private page says to somebody who came by the link."""
    follow(client, registration)
    response = client.get(mine_url(registration))
    assert response.status_code == 200
    return text_of(response)


def act(client: Client, registration: Registration, action: str) -> Any:
    """Press a button of the private page."""
    follow(client, registration)
    return client.post(mine_url(registration), {"action": action})


def acts_on(page: str) -> list[str]:
    """The acts for which the page has a button."""
    return re.findall(r'name="action" value="(\w+)"', page)


def test_the_link_leads_by_303_to_an_address_without_it_and_writes_nothing(client: Client) -> None:
    registration = RegistrationFactory(unproven=True)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = follow(client, registration)

    assert (response.status_code, response["Location"]) == (303, mine_url(registration))
    assert [q["sql"] for q in queries.captured_queries if not q["sql"].startswith("SELECT")] == []
    assert Registration.objects.get().state == State.UNPROVEN


def test_opening_the_private_page_proves_nothing(client: Client) -> None:
    registration = RegistrationFactory(unproven=True)

    page = page_of(client, registration)

    assert "Without it we cannot consider your registration." in page
    assert acts_on(page) == ["prove", "withdraw"]
    assert Registration.objects.get().state == State.UNPROVEN


#: Pages below the private page that tell or change what the form said.
BELOW = ("answers/", "practical/", "contact/", "data/", "extras/", "correct/", "erase/")


@pytest.mark.parametrize("state", [State.UNPROVEN, State.SUBMITTED, State.CONFIRMED, State.WITHDRAWN])
def test_before_the_address_is_proven_a_link_in_the_wrong_mailbox_tells_nothing_of_the_form(
    client: Client, state: State
) -> None:
    registration = RegistrationFactory(state=state, proven_at=None, identity__family_name="Canary")
    AnswerFactory(registration=registration, value="Needs a wheelchair")

    told = page_of(client, registration) + text_of(client.get("/registrations/mine/"))
    below = [client.get(f"{mine_url(registration)}{page}") for page in BELOW]
    sent = [client.post(f"{mine_url(registration)}{page}", {"format": "json"}) for page in BELOW]

    assert registration.reference in told
    identity = registration.identity
    said = ("Canary", identity.organisation, "wheelchair", registration.call.event.title, registration.call.event.slug)
    assert [words for words in said if words in told] == []
    assert {(answer.status_code, answer["Location"]) for answer in below + sent} == {(303, mine_url(registration))}


def test_links_that_open_nothing_are_all_answered_alike(client: Client) -> None:
    revoked, expired, honest = RegistrationFactory(), RegistrationFactory(), RegistrationFactory()
    tokens = [token_of(r.links.get()) for r in (revoked, expired, honest)]
    revoked.links.update(revoked_at=NOW)
    expired.call.event.sessions.update(starts_at=NOW - timedelta(days=40), ends_at=NOW - timedelta(days=31))
    expired.call.closes_at = NOW - timedelta(days=41)
    expired.call.opens_at = NOW - timedelta(days=50)
    expired.call.save()
    forged = f"{tokens[2][:-1]}{'A' if tokens[2][-1] != 'A' else 'B'}"

    answers = [client.get(f"/registrations/p/{token}/") for token in (*tokens[:2], forged, "x", "1-" + "é" * 30)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "Send me my private link again" in text_of(answers[0])
    assert client.get(f"/registrations/p/{tokens[2]}/").status_code == 303


def test_without_a_visit_every_reference_is_answered_alike(client: Client) -> None:
    registration = RegistrationFactory()

    known, unknown = client.get(mine_url(registration)), client.get("/registrations/mine/P-XXXXX/")

    assert (known.status_code, unknown.status_code) == (404, 404)
    assert known.content == unknown.content
    assert client.post(mine_url(registration), {"action": "withdraw"}).status_code == 404
    assert Registration.objects.get().state == State.CONFIRMED


def test_a_visit_opens_no_other_registration(client: Client) -> None:
    mine, other = RegistrationFactory(), RegistrationFactory()
    follow(client, mine)

    assert client.get(mine_url(other)).status_code == 404
    assert client.get(f"{mine_url(other)}answers/").status_code == 404


def test_a_visit_ends_after_two_hours(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)

    with time_machine.travel(NOW + timedelta(hours=1, minutes=59), tick=False):
        assert client.get(mine_url(registration)).status_code == 200
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        assert client.get(mine_url(registration)).status_code == 404


def test_a_visit_ends_when_its_link_is_revoked(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)

    registration.links.update(revoked_at=NOW)

    assert client.get(mine_url(registration)).status_code == 404


@pytest.mark.parametrize("cookie", ["", "x", "é", "A" * 80, "====", "A" * 5000])
def test_a_forged_cookie_is_no_visit(client: Client, cookie: str) -> None:
    registration = RegistrationFactory()
    follow(client, registration)

    client.cookies["visit"] = cookie

    assert client.get(mine_url(registration)).status_code == 404


def test_one_changed_character_of_the_cookie_ends_the_visit(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)
    cookie = client.cookies["visit"].value

    client.cookies["visit"] = ("B" if cookie[0] == "A" else "A") + cookie[1:]

    assert client.get(mine_url(registration)).status_code == 404


def test_a_visit_holds_several_registrations(client: Client) -> None:
    both = [RegistrationFactory(), RegistrationFactory()]
    for registration in both:
        follow(client, registration)

    page = text_of(client.get("/registrations/mine/"))

    assert [mine_url(registration) in page for registration in both] == [True, True]
    assert [client.get(mine_url(registration)).status_code for registration in both] == [200, 200]


def test_the_list_without_a_visit_says_how_to_get_in(client: Client) -> None:
    response = client.get("/registrations/mine/")

    assert response.status_code == 200
    assert "/registrations/link/" in text_of(response)


@pytest.mark.parametrize(
    ("state", "details", "words", "acts"),
    [
        ("submitted", {}, "Everyone hears by Tuesday 15 September.", ["withdraw"]),
        ("selected", {"answer_by": NOW}, "Please answer by 1 September, 14:00", ["confirm", "decline"]),
        ("confirmed", {}, "Your place is confirmed", ["withdraw"]),
        ("reserve", {"list_position": 1}, "You have no place yet. If one becomes free we write by", ["withdraw"]),
        ("declined", {}, "We cannot offer you a place this time", []),
        ("lapsed", {}, "Your place has been given on", []),
        ("withdrawn", {}, "Done. Thank you for telling us.", []),
        ("cancelled", {}, "This event will not take place", []),
        ("attended", {}, "Thank you for taking part", []),
        ("absent", {}, "You could not be with us", []),
    ],
)
def test_each_state_says_what_it_means_and_offers_what_may_be_done(
    client: Client, state: str, details: dict[str, Any], words: str, acts: list[str]
) -> None:
    registration = RegistrationFactory(call=CallFactory(selective=True), state=state, **details)

    page = page_of(client, registration)

    assert words in page
    assert acts_on(page) == acts
    for never in ("verif", "token", "rejected", "unsuccessful", "lapsed", "Submitted", "Not selected"):
        assert never not in page.replace("csrfmiddlewaretoken", "")


def test_the_waiting_list_of_an_open_call_tells_the_position(client: Client) -> None:
    call = CallFactory()
    RegistrationFactory(call=call, on_list=True, list_position=3)
    registration = RegistrationFactory(call=call, on_list=True, list_position=8)

    page = page_of(client, registration)

    assert "On the waiting list, position 2." in page
    assert "Please do not book travel." in page


def test_the_reserve_list_of_a_selective_call_tells_no_position(client: Client) -> None:
    registration = RegistrationFactory(call=CallFactory(selective=True), on_list=True)

    page = page_of(client, registration)

    assert "On the reserve list." in page
    assert "position" not in page
    assert "we write by 28 September, 10:00; after that the list closes and we tell you." in page


def test_who_waited_until_the_list_closed_reads_that(client: Client) -> None:
    registration = RegistrationFactory(call=CallFactory(selective=True), declined=True)
    Transition.objects.create(
        registration=registration, act=Act.CLOSE_LIST, source=State.RESERVE, target=State.DECLINED, at=NOW
    )

    assert "No place became free for you before the list closed." in page_of(client, registration)


@pytest.mark.parametrize("trait", ["submitted", "selected", "on_list", "declined", "withdrawn", "unproven"])
def test_venue_and_join_link_are_not_shown_to_those_without_a_place(client: Client, trait: str) -> None:
    call = CallFactory(selective=True, event__venue="Secret Street 7")

    page = page_of(client, RegistrationFactory(call=call, **{trait: True}))

    assert "secret-room" not in page
    assert "Secret Street" not in page


def test_confirmed_people_see_venue_and_join_link(client: Client) -> None:
    page = page_of(client, RegistrationFactory(call=CallFactory(event__venue="Secret Street 7")))

    assert "https://meet.example.org/secret-room" in page
    assert "Secret Street 7" in page


def test_where_the_call_asks_for_a_check_the_link_waits_for_it(client: Client) -> None:
    registration = RegistrationFactory(call=CallFactory(join_link_needs_check=True))

    assert "secret-room" not in page_of(client, registration)
    assert "secret-room" in page_of(client, RegistrationFactory(call=registration.call, check_result="fine"))


def test_the_page_shows_answers_as_text_and_what_was_sent_when(client: Client) -> None:
    registration = RegistrationFactory()
    AnswerFactory(
        registration=registration, label="Why?", value="", text="<script>alert(1)</script>\nhttps://x.example.org"
    )
    OutgoingMailFactory(registration=registration, sent=True, kind=MailKind.NOT_SELECTED)

    page = page_of(client, registration)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>https://x.example.org" in page
    assert 'href="https://x.example.org' not in page
    assert "1 September, 14:00" in page
    assert "News about your registration" in page
    assert "Bērziņš" in page


def test_proving_gives_the_place(client: Client) -> None:
    registration = RegistrationFactory(unproven=True)

    response = act(client, registration, "prove")

    assert (response.status_code, response["Location"]) == (303, mine_url(registration))
    assert Registration.objects.get().state == State.CONFIRMED


def test_a_link_of_an_older_form_proves_nothing(client: Client) -> None:
    registration = RegistrationFactory(unproven=True)
    Registration.objects.update(version=2)

    response = act(client, registration, "prove")

    assert response.status_code == 409
    assert "You sent a newer form since." in text_of(response)
    assert Registration.objects.get().state == State.UNPROVEN


def test_a_corrected_address_is_proven_without_losing_the_place(client: Client) -> None:
    registration = RegistrationFactory(proven_at=None)

    page = page_of(client, registration)
    act(client, registration, "prove")

    assert "Please confirm your corrected address" in page
    assert "secret-room" not in page
    assert registration.call.event.title not in page
    assert Registration.objects.get().state == State.CONFIRMED
    assert "secret-room" in page_of(client, registration)


def test_who_did_not_prove_in_time_is_told_whom_to_write_to(client: Client) -> None:
    registration = RegistrationFactory(unproven=True, call=CallFactory(closes_at=NOW - timedelta(hours=25)))

    page = page_of(client, registration)
    response = act(client, registration, "prove")

    assert "Your address was not confirmed in time" in page
    assert acts_on(page) == ["withdraw"]
    assert response.status_code == 409
    assert "The time to confirm this address is over." in text_of(response)


def test_the_page_of_a_hidden_event_leads_nowhere_public(client: Client) -> None:
    registration = RegistrationFactory(call=CallFactory(event__hidden=True))

    assert f"/events/{registration.call.event.slug}/" not in page_of(client, registration)


def test_confirming_and_declining_a_place(client: Client) -> None:
    call = CallFactory(selective=True, asks_to_confirm=True)
    glad, busy = RegistrationFactory(call=call, selected=True), RegistrationFactory(call=call, selected=True)

    act(client, glad, "confirm")
    act(client, busy, "decline")

    states = dict(Registration.objects.values_list("reference", "state"))
    assert states == {glad.reference: State.CONFIRMED, busy.reference: State.WITHDRAWN}


def test_giving_up_thanks_and_the_next_on_the_list_moves_up(client: Client) -> None:
    call = CallFactory(capacity=1)
    registration = RegistrationFactory(call=call)
    waiting = RegistrationFactory(call=call, on_list=True)

    response = act(client, registration, "withdraw")

    assert "Done. Thank you for telling us." in text_of(client.get(response["Location"]))
    assert Registration.objects.get(pk=waiting.pk).state == State.CONFIRMED


@pytest.mark.parametrize(
    ("trait", "action"),
    [("unproven", "prove"), ("selected", "confirm"), ("selected", "decline"), ("confirmed", "withdraw")],
)
def test_the_same_act_twice_is_answered_like_the_first(client: Client, trait: str, action: str) -> None:
    registration = RegistrationFactory(**{trait: True})

    first, second = act(client, registration, action), act(client, registration, action)

    assert (
        (first.status_code, first["Location"])
        == (second.status_code, second["Location"])
        == (303, mine_url(registration))
    )
    assert Transition.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize(
    ("trait", "action"), [("declined", "confirm"), ("submitted", "confirm"), ("declined", "withdraw")]
)
def test_what_is_not_possible_is_said_on_the_page(client: Client, trait: str, action: str) -> None:
    registration = RegistrationFactory(call=CallFactory(selective=True), **{trait: True})

    response = act(client, registration, action)

    assert response.status_code == 409
    assert "This is not possible" in text_of(response)
    assert Registration.objects.get().state == registration.state


@pytest.mark.parametrize("action", ["", "release", "PROVE", "x" * 1000])
def test_an_act_that_nobody_knows_changes_nothing(client: Client, action: str) -> None:
    registration = RegistrationFactory(unproven=True)

    assert act(client, registration, action).status_code == 400
    assert Registration.objects.get().state == State.UNPROVEN


def test_changed_answers_are_kept_and_told(client: Client) -> None:
    registration = RegistrationFactory(identity__email="janis@example.org")
    AnswerFactory(registration=registration, question__key="why")
    follow(client, registration)

    response = client.post(f"{mine_url(registration)}answers/", form(given_name="Līga", q_why="Because."))

    page = text_of(client.get(response["Location"]))
    assert response.status_code == 303
    assert "Below you see your answers as they stand now." in page
    assert "Līga" in page
    assert "Because." in page
    assert OutgoingMail.objects.get().kind == MailKind.ANSWERS_CHANGED


def test_a_bad_change_comes_back_with_what_was_typed(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)

    response = client.post(f"{mine_url(registration)}answers/", form(given_name="", organisation="A new clinic"))

    assert response.status_code == 422
    assert "A new clinic" in text_of(response)
    assert Registration.objects.get().identity.given_name == "Jānis"


def test_after_the_deadline_answers_stay(client: Client) -> None:
    registration = RegistrationFactory(call=CallFactory(closed=True))
    follow(client, registration)

    shown, sent = (
        client.get(f"{mine_url(registration)}answers/"),
        client.post(f"{mine_url(registration)}answers/", form()),
    )

    assert (shown.status_code, sent.status_code) == (200, 409)
    assert "Answers can be changed until the deadline, and it has passed." in text_of(shown)
    assert Registration.objects.get().identity.organisation == "Example clinic"
    assert "Change my answers" not in page_of(client, registration)


def test_another_person_with_this_address_is_registered_beside(client: Client) -> None:
    registration = RegistrationFactory(identity__email="shared@example.org")
    page = page_of(client, registration)
    address = f"/events/{registration.call.event.slug}/register/?beside={registration.reference}"

    assert address in page
    response = client.post(address, form(given_name="Līga", email="other@example.org"))

    assert response.status_code == 303
    both = Registration.objects.order_by("same_address_number")
    assert [(r.identity.email, r.same_address_number) for r in both] == [
        ("shared@example.org", 0),
        ("shared@example.org", 1),
    ]


def test_beside_whom_one_did_not_come_by_link_nobody_is_registered(client: Client) -> None:
    registration = RegistrationFactory(identity__email="shared@example.org")
    address = f"/events/{registration.call.event.slug}/register/?beside={registration.reference}"

    page = text_of(client.get(address))

    assert "shared@example.org" not in page
    assert client.post(address, form(email="shared@example.org")).status_code == 303
    assert Registration.objects.count() == 1


def test_the_page_costs_as_much_with_thirty_answers_and_mails_as_with_one(client: Client) -> None:
    counts = []
    for number in (1, 30):
        registration = RegistrationFactory()
        for _ in range(number):
            AnswerFactory(registration=registration)
            OutgoingMailFactory(registration=registration)
        follow(client, registration)
        with CaptureQueriesContext(connection) as queries:
            client.get(mine_url(registration))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 13


def test_personal_pages_are_kept_by_nobody(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)

    for address in (
        mine_url(registration),
        f"{mine_url(registration)}answers/",
        "/registrations/mine/",
        "/registrations/p/x/",
    ):
        response = client.get(address)
        assert response["Cache-Control"] == "no-store, private"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "same-origin"


def test_asking_for_the_link_again_is_answered_alike_for_everyone(client: Client) -> None:
    RegistrationFactory(identity__email="known@example.org")

    known, unknown = (
        client.post("/registrations/link/", {"email": f"{name}@example.org"}) for name in ("known", "unknown")
    )

    assert (known.status_code, known["Location"], known.content) == (
        unknown.status_code,
        unknown["Location"],
        unknown.content,
    )
    assert known.status_code == 303
    assert client.get(known["Location"]).status_code == 200
    assert [mail.kind for mail in OutgoingMail.objects.all()] == [MailKind.LINK_AGAIN]


def test_asking_with_no_address_says_what_is_missing(client: Client) -> None:
    response = client.post("/registrations/link/", {"email": "nobody"})

    assert response.status_code == 422
    assert "Enter an e-mail address, as name@example.org." in text_of(response)


def test_a_visit_ends_by_the_button_and_opens_again_by_the_link(client: Client) -> None:
    registration = RegistrationFactory(confirmed=True)
    page = page_of(client, registration)
    assert "End this visit" in page

    answer = client.post("/registrations/mine/")

    assert (answer.status_code, answer["Location"]) == (303, "/registrations/mine/")
    assert client.get(mine_url(registration)).status_code == 404
    listed = text_of(client.get("/registrations/mine/"))
    assert "No visit is open in this browser" in listed
    assert registration.reference not in listed
    assert registration.reference in page_of(client, registration)
