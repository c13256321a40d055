"""What protects registrants is not changed by somebody who may not see them, and nobody changes it unheard."""

from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.models import Call, Event
from registrations.enums import MailKind
from registrations.mail import addressees, catalogue
from registrations.models import OutgoingMail, SelectionSettings
from tests.factories import CallFactory, RegistrationFactory, UserFactory
from tests.registrations.test_admin_calls import call_address, events_address, form_of
from tests.signing_in import signed_in as proven_before

pytestmark = pytest.mark.django_db

EVIL = "https://evil.example.org/room"
THIEF = "thief@example.org"
FORGED = {"reply_to": THIEF, "join_link_needs_check": ""}
MOVED = {"join_link": EVIL, "venue": "Dark Alley 1"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def of_role(role: Role, **fields: Any) -> tuple[Client, User]:
    user = UserFactory(role=role, **fields)
    return signed_in(user), user


@pytest.fixture
def organisers() -> list[User]:
    return [UserFactory(role=Role.ORGANISER, email=f"organiser{number}@example.org") for number in (1, 2)]


@pytest.fixture
def call(organisers: list[User]) -> Call:
    return CallFactory(
        organisers=organisers, event__slug="basics", event__venue="Secret Street 7", join_link_needs_check=True
    )


def protection_of(call: Call) -> tuple[Any, ...]:
    return Call.objects.values_list("reply_to", "join_link_needs_check").get(pk=call.pk)


def where(call: Call) -> tuple[str, str]:
    return Event.objects.values_list("join_link", "venue").get(pk=call.event_id)


def sent(client: Client, address: str, changes: dict[str, Any]) -> Any:
    """What comes of the form of this page, sent with these changes; an empty one takes a tick away."""
    return client.post(address, {**form_of(client, address), **changes})


def told() -> dict[str, OutgoingMail]:
    """The notices, by the address to which they go."""
    mails = OutgoingMail.objects.select_related("user").filter(kind=MailKind.STAFF_NOTICE)
    return {addressees.address_of(mail): mail for mail in mails}


# The call


def test_a_publisher_reads_what_protects_people_and_why_it_stays(call: Call) -> None:
    browser, _ = of_role(Role.PUBLISHER)

    answer = browser.get(call_address(call))

    assert not {"reply_to", "join_link_needs_check", "organisers"} & set(answer.context["adminform"].form.fields)
    page = answer.content.decode()
    assert "secretariat@example.org" in page
    assert "only they, their deputy and administrators change it" in page


def test_a_forged_form_of_a_publisher_changes_nothing_that_protects_people(call: Call, organisers: list[User]) -> None:
    browser, other = of_role(Role.PUBLISHER)[0], UserFactory(role=Role.ORGANISER)

    forged = {**FORGED, "organisers": [str(other.pk)], "opens_at_0": "2026-08-20", "opens_at_1": "09:00"}
    assert sent(browser, call_address(call), forged).status_code == 302

    assert protection_of(call) == ("secretariat@example.org", True)
    assert list(call.organisers.order_by("email")) == organisers
    assert not OutgoingMail.objects.exists()
    call.refresh_from_db()
    assert call.opens_at.day == 20


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ORGANISER])
def test_an_organiser_of_another_call_changes_nothing_either(call: Call, role: Role) -> None:
    browser, user = of_role(Role.PUBLISHER)
    user.groups.add(*UserFactory(role=role).groups.all())
    CallFactory(organisers=[user] if role == Role.ORGANISER else [])

    sent(browser, call_address(call), FORGED)

    assert protection_of(call) == ("secretariat@example.org", True)


def test_control_a_call_that_nobody_organises_yet_is_prepared_by_its_publisher() -> None:
    call = CallFactory(join_link_needs_check=True)
    RegistrationFactory(call=call)
    browser, _ = of_role(Role.PUBLISHER)

    sent(browser, call_address(call), FORGED)
    sent(browser, events_address(call.event), MOVED)

    assert protection_of(call) == (THIEF, False)
    assert where(call) == (EVIL, "Dark Alley 1")


def test_organisers_who_lost_their_role_are_publishers_like_others(call: Call, organisers: list[User]) -> None:
    browser, former = of_role(Role.PUBLISHER)
    call.organisers.add(former)

    sent(browser, call_address(call), FORGED)

    assert protection_of(call) == ("secretariat@example.org", True)


@pytest.mark.parametrize("who", ["organiser", "deputy", "administrator", "superuser"])
def test_organisers_their_deputy_and_administrators_change_it(call: Call, organisers: list[User], who: str) -> None:
    deputy = UserFactory(role=Role.ORGANISER)
    deputy.groups.add(*UserFactory(role=Role.PUBLISHER).groups.all())
    SelectionSettings.objects.create(call=call, deputy=deputy)
    users = {
        "organiser": organisers[0],
        "deputy": deputy,
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "superuser": UserFactory(administrator=True),
    }

    assert sent(signed_in(users[who]), call_address(call), FORGED).status_code == 302

    assert protection_of(call) == (THIEF, False)
    assert set(told()) == {"organiser1@example.org", "organiser2@example.org"}


def test_another_mailbox_is_told_to_every_organiser_by_name_and_the_new_one_gets_no_answer(
    call: Call, organisers: list[User]
) -> None:
    browser, _ = of_role(Role.ADMINISTRATOR, name="Ada Administrator")

    sent(browser, call_address(call), {"reply_to": THIEF})

    mail = told()["organiser2@example.org"]
    shown = catalogue.preview(mail)
    text = " ".join(shown.text.split())
    assert "At the event basics the account Ada Administrator changed: the mailbox for answers." in text
    assert f"/admin/events/call/{call.pk}/history/" in text
    assert "about a call that you organise" in text
    assert "I forgot my password" not in text
    assert shown.subject == "A call that you organise: something changed"
    assert THIEF not in str(mail.facts) + catalogue.render(mail).decode()


def test_who_organises_is_told_to_those_who_did_and_those_who_do(call: Call, organisers: list[User]) -> None:
    browser, other = of_role(Role.ADMINISTRATOR)[0], UserFactory(role=Role.ORGANISER, email="other@example.org")

    sent(browser, call_address(call), {"organisers": [str(organisers[0].pk), str(other.pk)]})

    assert set(told()) == {"organiser1@example.org", "organiser2@example.org", "other@example.org"}


@pytest.mark.parametrize("changes", [{"reply_to": THIEF}, {"join_link_needs_check": ""}])
def test_who_changes_it_proves_again_who_they_are(call: Call, organisers: list[User], changes: dict[str, str]) -> None:
    browser = proven_before(signed_in(organisers[0]), seconds_ago=360)

    answer = sent(browser, call_address(call), changes)

    assert answer.headers["Location"].startswith("/accounts/again/")
    assert protection_of(call) == ("secretariat@example.org", True)
    assert not OutgoingMail.objects.exists()


def test_what_protects_nobody_asks_for_no_proof_and_is_told_to_nobody(call: Call, organisers: list[User]) -> None:
    browser = proven_before(signed_in(organisers[0]), seconds_ago=360)

    assert sent(browser, call_address(call), {"has_waiting_list": ""}).headers["Location"] == "/admin/events/call/"
    assert sent(browser, events_address(call.event), {"summary": "New"}).headers["Location"] == "/admin/events/event/"

    assert not told()


# The event


def test_once_somebody_has_a_place_a_publisher_sees_that_they_are_set_and_nothing_more(call: Call) -> None:
    RegistrationFactory(call=call)
    browser, _ = of_role(Role.PUBLISHER)

    answer = browser.get(events_address(call.event))

    page = answer.content.decode()
    assert not set(MOVED) & set(answer.context["adminform"].form.fields)
    assert "people have a place, so only its organisers, their deputy and administrators change" in page
    assert "Set." in page
    assert "secret-room" not in page
    assert "Secret Street" not in page


def test_a_forged_form_of_a_publisher_sends_nobody_elsewhere(call: Call) -> None:
    RegistrationFactory(call=call)
    browser, _ = of_role(Role.PUBLISHER)

    assert sent(browser, events_address(call.event), {**MOVED, "title": "Another title"}).status_code == 302

    assert where(call) == ("https://meet.example.org/secret-room", "Secret Street 7")
    call.event.refresh_from_db()
    assert (call.event.title, call.event.revision) == ("Another title", 1)
    assert not OutgoingMail.objects.exists()


def test_the_history_keeps_it_from_a_publisher_and_shows_it_to_an_organiser(call: Call, organisers: list[User]) -> None:
    RegistrationFactory(call=call)
    sent(signed_in(organisers[0]), events_address(call.event), {**MOVED, "title": "Another title"})
    version = call.event.history.first().pk
    pages = ("history", f"history/{version}")

    browser, _ = of_role(Role.PUBLISHER)
    read = "".join(browser.get(events_address(call.event, page)).content.decode() for page in pages)
    assert "Another title" in read
    for hidden in ("secret-room", "Secret Street", EVIL, "Dark Alley"):
        assert hidden not in read
    assert EVIL in signed_in(organisers[0]).get(events_address(call.event, "history")).content.decode()


def test_an_organiser_changes_it_and_every_organiser_hears(call: Call, organisers: list[User]) -> None:
    RegistrationFactory(call=call)

    sent(signed_in(organisers[0]), events_address(call.event), MOVED)

    assert where(call) == (EVIL, "Dark Alley 1")
    mail = told()["organiser2@example.org"]
    assert set(told()) == {"organiser1@example.org", "organiser2@example.org"}
    text = " ".join(catalogue.preview(mail).text.split())
    assert "changed: the link to join, the private address." in text
    assert f"/admin/events/event/{call.event_id}/history/" in text
    assert "evil" not in str(mail.facts)


def test_before_anybody_has_a_place_a_publisher_changes_it_and_every_organiser_hears(call: Call) -> None:
    RegistrationFactory(call=call, on_list=True)
    browser, _ = of_role(Role.PUBLISHER)

    sent(browser, events_address(call.event), {"join_link": EVIL})

    assert where(call) == (EVIL, "Secret Street 7")
    assert set(told()) == {"organiser1@example.org", "organiser2@example.org"}


def test_who_changes_where_people_go_proves_again_who_they_are(call: Call, organisers: list[User]) -> None:
    RegistrationFactory(call=call)
    browser = proven_before(signed_in(organisers[0]), seconds_ago=360)

    assert sent(browser, events_address(call.event), MOVED).headers["Location"].startswith("/accounts/again/")

    assert where(call) == ("https://meet.example.org/secret-room", "Secret Street 7")
