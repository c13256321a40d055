"""The data protection officer's pages, and the command that tells who was affected."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.enums import Role
from registrations import access_reports
from registrations.enums import LookKind, State
from registrations.models import AccessEntry, CounterCard, DeletionCertificate, Registration
from registrations.services import looking, purging
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.people_story import set_clock, signed_in

pytestmark = pytest.mark.django_db

BASE = "/admin/registrations/deletioncertificate/"
PERSON, HELD, ERASE = f"{BASE}person/", f"{BASE}person/held/", f"{BASE}person/erase/"
ADDRESS = "canary@example.org"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


@pytest.fixture
def officer() -> Client:
    return signed_in(UserFactory(role=Role.DATA_PROTECTION))


@pytest.fixture
def person() -> Registration:
    """One person in two calls, and somebody else."""
    RegistrationFactory(identity__email="other@example.org")
    RegistrationFactory(identity__email=ADDRESS, identity__given_name="Vilhelmine", declined=True)
    return RegistrationFactory(identity__email=ADDRESS, identity__given_name="Vilhelmine")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DATA_PROTECTION])
def test_nobody_else_comes_in(role: Role, person: Registration) -> None:
    client = signed_in(UserFactory(role=role))
    assert {client.get(place).status_code for place in (BASE, PERSON, f"{BASE}1/")} == {403}
    assert {client.post(place, {"email": ADDRESS}).status_code for place in (PERSON, HELD, ERASE)} == {403}
    assert person.identity.email == ADDRESS


def test_a_superuser_is_no_officer(person: Registration) -> None:
    client = signed_in(UserFactory(administrator=True))
    assert client.post(PERSON, {"email": ADDRESS}).status_code == 403


def test_a_person_is_found_by_the_exact_address_alone(officer: Client, person: Registration) -> None:
    found = officer.post(PERSON, {"email": "Canary@Example.org"}).content.decode()
    assert person.reference in found
    assert "Vilhelmine" not in found
    for wrong in ("canary", "anary@example.org", "nobody@example.org"):
        assert person.reference not in officer.post(PERSON, {"email": wrong}).content.decode()


def test_all_that_is_held_is_shown_or_taken_along_for_a_purpose(officer: Client, person: Registration) -> None:
    refused = officer.post(HELD, {"email": ADDRESS, "as": "file"})
    assert "Vilhelmine" not in refused.content.decode()

    asked = {"email": ADDRESS, "purpose": "Asked by letter."}
    page = officer.post(HELD, {**asked, "as": "page"}).content.decode()
    file = officer.post(HELD, {**asked, "as": "file"})

    assert "Vilhelmine" in page
    told = json.loads(file.content)
    assert [one["given_name"] for one in told["registrations"]] == ["Vilhelmine", "Vilhelmine"]
    look = AccessEntry.objects.first()
    assert look is not None
    assert (look.kind, look.purpose, len(look.subjects)) == (LookKind.EXPORT, "Asked by letter.", 2)


def test_a_person_is_erased_from_all_calls_once_the_tick_says_so(officer: Client, person: Registration) -> None:
    officer.post(ERASE, {"email": ADDRESS})
    assert not Registration.objects.get(pk=person.pk).is_erased

    answer = officer.post(ERASE, {"email": ADDRESS, "is_meant": "on"}, follow=True).content.decode()

    assert person.reference in answer
    assert Registration.objects.filter(address_index__startswith="erased:").count() == 2
    person.refresh_from_db()
    assert person.transitions.last().by.groups.get().name == Role.DATA_PROTECTION
    assert officer.post(ERASE, {"email": ADDRESS, "is_meant": "on"}, follow=True).status_code == 200


def test_erasing_a_person_is_a_look_at_that_person(officer: Client, person: Registration) -> None:
    officer.post(ERASE, {"email": ADDRESS, "is_meant": "on"})
    look = AccessEntry.objects.get()
    assert (look.kind, look.page, len(look.subjects)) == (
        LookKind.DETAIL,
        "admin:registrations_data_protection_erase",
        2,
    )
    assert access_reports.subject_of(person.reference) in look.subjects


def test_a_mere_card_is_found(officer: Client) -> None:
    gone = RegistrationFactory(identity__email=ADDRESS)
    CounterCard.objects.create(address_index=gone.address_index, applied=3, last_on=NOW.date())
    Registration.objects.update(address_index="erased:x")
    assert "Only a counter card." in officer.post(PERSON, {"email": ADDRESS}).content.decode()


def test_certificates_are_shown_with_what_is_due(officer: Client) -> None:
    RegistrationFactory(declined=True, state_changed_at=NOW - timedelta(days=100))
    assert "People without a place" not in officer.get(BASE).content.decode()
    assert "People without a place" in officer.get(BASE, {"due": "1"}).content.decode()
    certificate = purging.purge_expired(now=NOW).certificate
    assert certificate is not None

    shown = officer.get(f"{BASE}{certificate.pk}/").content.decode()

    assert certificate.digest in shown
    assert "The digest fits" in shown
    DeletionCertificate.objects.update(counts={"people without a place": 9})
    assert "does not fit" in officer.get(f"{BASE}{certificate.pk}/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_certificates_takes_the_same_statements_for_one_and_three(
    number: int, officer: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        DeletionCertificate.objects.create(started_at=NOW, finished_at=NOW, counts={"people": 1})
    officer.get(BASE)
    with django_assert_num_queries(QUERIES):
        officer.get(BASE)


QUERIES = 12


def looked(*registrations: Registration, user: Any, at: Any = NOW) -> AccessEntry:
    return looking.enter(
        user=user,
        kind=LookKind.LIST,
        page="admin:x",
        call_id=None,
        references=[one.reference for one in registrations],
        now=at,
    )


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("who_was_affected", *arguments)
    return capsys.readouterr().out


def test_a_look_tells_whom_it_was_about(capsys: pytest.CaptureFixture[str]) -> None:
    seen, other = RegistrationFactory(), RegistrationFactory()
    look = looked(seen, user=UserFactory())

    text = told(capsys, "--look", str(look.number))

    assert seen.reference in text
    assert other.reference not in text
    assert "1 registrations, 1 of them not erased; 0 contact points whom they named. 0 more are deleted." in text


def test_an_account_tells_whom_it_saw_in_some_time(capsys: pytest.CaptureFixture[str]) -> None:
    user, early, late = UserFactory(email="taken@example.org"), RegistrationFactory(), RegistrationFactory()
    looked(early, user=user, at=NOW - timedelta(days=3))
    looked(late, user=user)
    looked(RegistrationFactory(), user=UserFactory())
    since = (NOW - timedelta(days=1)).isoformat()

    both = told(capsys, "--account", "taken@example.org")
    one = told(capsys, "--account", "taken@example.org", "--since", since)

    assert early.reference in both
    assert late.reference in both
    assert early.reference not in one
    assert late.reference in one


def test_a_key_tells_everybody_of_its_call_and_how_to_reach_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call = CallFactory()
    there = RegistrationFactory(call=call, identity__email=ADDRESS)
    RegistrationFactory(call=call, state=State.ATTENDED, address_index="erased:x")
    Registration.objects.exclude(pk=there.pk).update(address_index="erased:x")
    file = tmp_path / "addresses"

    text = told(capsys, "--key", call.event.slug, "--addresses", str(file))

    assert there.reference in text
    assert ADDRESS not in text
    assert ADDRESS in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert AccessEntry.objects.get().user is None
    with pytest.raises(CommandError, match="cannot be made"):
        told(capsys, "--key", call.event.slug, "--addresses", str(file))


@pytest.mark.parametrize(
    ("until", "is_told"), [(f"{NOW:%Y-%m-%d}", True), (f"{NOW - timedelta(days=1):%Y-%m-%d}", False)]
)
def test_a_day_without_a_time_counts_to_its_end(capsys: pytest.CaptureFixture[str], until: str, is_told: bool) -> None:
    user, seen = UserFactory(email="taken@example.org"), RegistrationFactory()
    looked(seen, user=user)

    text = told(capsys, "--account", "taken@example.org", "--since", f"{NOW:%Y-%m-%d}", "--until", until)

    assert (seen.reference in text) is is_told


@pytest.mark.parametrize("cause", [("--look", "999"), ("--account", "nobody@example.org"), ("--key", "nothing")])
def test_what_is_not_there_is_said(cause: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("who_was_affected", *cause)
