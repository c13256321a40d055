"""Who was named as a contact point has the rights of everybody: to see, to be erased, and to hear of a breach."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from registrations import breaches
from registrations.enums import LookKind, MailState, State, VouchAnswer
from registrations.models import OutgoingMail, Registration, Vouch
from registrations.services import looking, privacy, vouching
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, mine_url, text_of
from tests.registrations.people_story import set_clock, signed_in

pytestmark = pytest.mark.django_db

CHIEF = "chief@clinic.example.org"
PERSON = "/admin/registrations/deletioncertificate/person/"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


@pytest.fixture
def vouch() -> Vouch:
    registration = RegistrationFactory(
        call=CallFactory(join_link_needs_check=True), identity__email="named@example.org", identity__given_name="Zelma"
    )
    return vouching.ask(registration=registration, name="Anna Chief", email=CHIEF, now=NOW)


def test_an_export_tells_a_contact_point_what_is_held_and_nothing_of_who_named_it(vouch: Vouch) -> None:
    vouching.answer(vouch=vouch, answer=VouchAnswer.DOES_NOT, now=NOW)

    told = privacy.export_person(email="Chief@Clinic.example.org")

    assert told["registrations"] == []
    [asked] = told["named_as_contact_point"]
    assert (asked["name"], asked["email"], asked["answer"]) == ("Anna Chief", CHIEF, VouchAnswer.DOES_NOT.label)
    assert len(asked["mails"]) == 1
    for of_the_other in ("Zelma", "named@example.org", vouch.registration.reference):
        assert of_the_other not in json.dumps(told)


def test_an_erasure_leaves_nothing_of_a_contact_point_and_lets_the_person_be(vouch: Vouch) -> None:
    other = vouching.ask(registration=vouch.registration, name="Olga", email="olga@example.org", now=NOW)

    erased = privacy.erase_person(email=CHIEF, by=None, now=NOW)

    assert (erased.references, erased.questions) == ((), 1)
    vouch.refresh_from_db()
    assert (vouch.name, vouch.email, vouch.address_index, vouch.revoked_at) == ("", "", "", NOW)
    assert OutgoingMail.objects.get(vouch=vouch).state == "cancelled"
    assert not privacy.is_known(email=CHIEF)
    assert Vouch.objects.get(pk=other.pk).email == "olga@example.org"
    assert Registration.objects.get().state == State.CONFIRMED
    with pytest.raises(privacy.NobodyKnown):
        privacy.erase_person(email=CHIEF, by=None, now=NOW)


def test_after_an_erasure_no_mail_to_a_contact_point_says_who_it_was(vouch: Vouch) -> None:
    said = {"rendered": b"To: " + CHIEF.encode(), "last_error": f"550 {CHIEF}: no such mailbox"}
    OutgoingMail.objects.filter(vouch=vouch).update(state=MailState.REFUSED, **said)

    privacy.erase_person(email=CHIEF, by=None, now=NOW)

    mail = OutgoingMail.objects.get(vouch=vouch)
    assert (mail.rendered, mail.last_error) == (None, "")


def test_the_person_reads_that_a_contact_point_is_gone_and_may_still_name_somebody(
    client: Client, vouch: Vouch
) -> None:
    privacy.erase_person(email=CHIEF, by=None, now=NOW)
    follow(client, vouch.registration)

    page = text_of(client.get(f"{mine_url(vouch.registration)}contact/"))

    assert "Somebody whose name and address were erased." in page
    assert vouching.ask(registration=vouch.registration, name="B", email="b@example.org", now=NOW).number == 2


def test_the_officer_finds_shows_and_erases_a_contact_point(vouch: Vouch) -> None:
    officer = signed_in(UserFactory(role=Role.DATA_PROTECTION))
    found = officer.post(PERSON, {"email": CHIEF}).content.decode()
    assert "Named as a contact point by other people: 1 time." in found
    assert "Only a counter card." not in found
    assert vouch.registration.reference not in found

    held = officer.post(f"{PERSON}held/", {"email": CHIEF, "purpose": "Asked by letter."}).content.decode()
    assert "Anna Chief" in held

    officer.post(f"{PERSON}erase/", {"email": CHIEF, "is_meant": "on"})
    assert not privacy.is_known(email=CHIEF)


def test_a_stolen_key_concerns_contact_points_and_those_who_were_erased_since(
    vouch: Vouch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gone = RegistrationFactory(call=vouch.registration.call, identity__email="gone@example.org")
    privacy.erase_person(email="gone@example.org", by=None, now=NOW)
    file = tmp_path / "addresses"

    call_command("who_was_affected", "--key", gone.call.event.slug, "--addresses", str(file))

    told = capsys.readouterr().out
    assert gone.reference in told
    assert "2 registrations, 1 of them not erased; 1 contact points whom they named." in told
    assert "deleted since are not counted" in told
    assert "0 more are deleted" not in told
    lines = [line.split("\t")[2:] for line in file.read_text().splitlines()]
    assert lines == [["person", "named@example.org"], ["contact point", CHIEF]]


@pytest.mark.parametrize(
    ("page", "sees_contacts"),
    [
        ("admin:registrations_logistics_call", False),
        ("admin:registrations_review_one", False),
        ("admin:registrations_registration_checks", True),
    ],
)
def test_a_look_concerns_contact_points_where_its_page_shows_them(vouch: Vouch, page: str, sees_contacts: bool) -> None:
    looked_at(vouch, page=page)
    affected = breaches.by_look(1)
    assert [one.pk for one in affected.registrations] == [vouch.registration_id]
    assert bool(affected.contacts) is sees_contacts


def test_an_account_saw_contact_points_if_one_of_its_looks_could(vouch: Vouch) -> None:
    user = UserFactory(email="taken@example.org")
    looked_at(vouch, page="admin:registrations_logistics_call", user=user)
    assert not breaches.by_account("taken@example.org").contacts
    looked_at(vouch, page="admin:registrations_registration_checks", user=user)
    assert [one.pk for one in breaches.by_account("taken@example.org").contacts] == [vouch.pk]


def looked_at(vouch: Vouch, *, page: str, user: User | None = None) -> None:
    looking.enter(
        user=user or UserFactory(),
        kind=LookKind.LIST,
        page=page,
        call_id=None,
        references=[vouch.registration.reference],
        now=NOW,
    )


def test_a_contact_point_who_was_erased_is_not_looked_for_after_a_breach(
    vouch: Vouch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    privacy.erase_person(email=CHIEF, by=None, now=NOW)
    file = tmp_path / "addresses"

    call_command("who_was_affected", "--key", vouch.registration.call.event.slug, "--addresses", str(file))

    assert "0 contact points whom they named." in capsys.readouterr().out
    assert [line.split("\t")[2:] for line in file.read_text().splitlines()] == [["person", "named@example.org"]]
