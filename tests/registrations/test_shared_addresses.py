"""Rights where several people registered with one address: each has them for the own registrations alone."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.enums import Role
from registrations import access_reports, shared_addresses
from registrations.enums import LookKind, State
from registrations.models import AccessEntry, CounterCard, Registration
from registrations.services import keeping, looking, privacy, vouching
from tests.factories import NOW, AnswerFactory, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, mine_url, text_of
from tests.registrations.people_story import set_clock, signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "both@example.org"
BASE = "/admin/registrations/deletioncertificate/person/"
HELD, ERASE = f"{BASE}held/", f"{BASE}erase/"
LOOKED = "/admin/registrations/accessentry/person/"
OF_CARLA = ("Carla", "Carlas-answer", "P-2CARL")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


@pytest.fixture
def officer() -> Client:
    return signed_in(UserFactory(role=Role.DATA_PROTECTION))


def registered(reference: str, given: str, **others: Any) -> Registration:
    names = {"identity__given_name": given, "identity__family_name": "Both", "identity__email": ADDRESS}
    return RegistrationFactory(reference=reference, **{**names, **others})


@pytest.fixture
def bert() -> Registration:
    return registered("P-2BERT", "Bert")


@pytest.fixture
def carla(bert: Registration) -> Registration:
    """Registered beside Bert, with an answer of her own; a card counts for their address."""
    carla = registered("P-2CARL", "Carla", call=bert.call, same_address_number=1)
    AnswerFactory(registration=carla, value="Carlas-answer", text="Carlas-answer")
    CounterCard.objects.create(address_index=bert.address_index, applied=7, last_on=NOW.date())
    return carla


@pytest.fixture
def vouch() -> Any:
    """Somebody else named the address as a contact point."""
    other = RegistrationFactory(call=CallFactory(join_link_needs_check=True), identity__email="other@example.org")
    return vouching.ask(registration=other, name="Chief of both", email=ADDRESS, now=NOW)


def is_erased(registration: Registration) -> bool:
    return Registration.objects.get(pk=registration.pk).is_erased


def who_share() -> list[list[str]]:
    return [[one.reference for one in person.registrations] for person in shared_addresses.people_of(ADDRESS)]


# Who is behind an address


def test_names_that_differ_in_accents_case_or_order_are_one_person() -> None:
    registered("P-2AAAA", "José")
    registered("P-2BBBB", "both", identity__family_name="JOSE")
    registered("P-2CCCC", "Carla")
    assert who_share() == [["P-2AAAA", "P-2BBBB"], ["P-2CCCC"]]


def test_who_was_registered_beside_somebody_of_the_same_name_is_another_person(bert: Registration) -> None:
    registered("P-2SONN", "Bert", call=bert.call, same_address_number=1)
    registered("P-2ELSE", "Bert")
    assert who_share() == [["P-2BERT", "P-2ELSE"], ["P-2SONN"]]


def test_who_was_beside_somebody_that_is_gone_is_one_person(bert: Registration, carla: Registration) -> None:
    privacy.erase_registration(registration=bert, by=None, now=NOW)
    assert who_share() == [["P-2CARL"]]
    assert len(privacy.export_person(email=ADDRESS)["registrations"]) == 1


def test_names_that_nothing_opens_are_taken_for_nobody_else(bert: Registration) -> None:
    registered("P-2ELSE", "Bert")
    for row in (one.identity for one in Registration.objects.all()):
        type(row).objects.filter(pk=row.pk).update(sealed=b"not a seal at all")
    assert who_share() == [["P-2BERT"], ["P-2ELSE"]]


# The services


@pytest.mark.usefixtures("carla", "vouch")
def test_nothing_is_told_or_erased_while_nobody_says_who_is_meant(bert: Registration) -> None:
    with pytest.raises(privacy.AddressShared):
        privacy.export_person(email=ADDRESS)
    with pytest.raises(privacy.AddressShared):
        privacy.erase_person(email=ADDRESS, by=None, now=NOW)
    assert not is_erased(bert)


@pytest.mark.usefixtures("carla", "vouch")
def test_the_copy_for_one_holds_nothing_of_the_other_and_says_what_it_leaves_out() -> None:
    told = privacy.export_person(email=ADDRESS, references=["P-2BERT"])

    assert [one["given_name"] for one in told["registrations"]] == ["Bert"]
    text = json.dumps(told)
    assert [words for words in (*OF_CARLA, "Chief of both") if words in text] == []
    assert set(told) == {"email", "registrations", "left_out"}
    assert "counter card" in told["left_out"]


@pytest.mark.usefixtures("carla", "vouch")
def test_the_copy_for_all_of_them_holds_what_hangs_on_the_address_too() -> None:
    told = privacy.export_person(email=ADDRESS, references=["P-2BERT", "P-2CARL"])

    assert (len(told["registrations"]), len(told["named_as_contact_point"])) == (2, 1)
    assert told["counter_card"]["applied"] == 7
    assert "left_out" not in told


def test_erasing_one_leaves_the_other_the_card_and_the_contact_point(
    bert: Registration, carla: Registration, vouch: Any
) -> None:
    erased = privacy.erase_person(email=ADDRESS, references=["P-2BERT"], by=None, now=NOW)

    assert (erased.references, erased.given_up, erased.questions) == (("P-2BERT",), 1, 0)
    assert erased.is_address_kept
    assert is_erased(bert)
    carla.refresh_from_db()
    assert (carla.state, carla.identity.given_name, carla.answers.count()) == (State.CONFIRMED, "Carla", 1)
    assert CounterCard.objects.get().address_index == carla.address_index
    vouch.refresh_from_db()
    assert vouch.name == "Chief of both"


@pytest.mark.usefixtures("vouch")
def test_erasing_all_of_them_leaves_nothing_of_the_address(bert: Registration, carla: Registration) -> None:
    erased = privacy.erase_person(email=ADDRESS, references=["P-2CARL", "P-2BERT"], by=None, now=NOW)

    assert (erased.references, erased.questions, erased.is_address_kept) == (("P-2BERT", "P-2CARL"), 1, False)
    assert is_erased(bert)
    assert is_erased(carla)
    assert not CounterCard.objects.exists()
    assert not privacy.is_known(email=ADDRESS)


def test_who_is_left_alone_with_the_address_is_erased_with_its_card(bert: Registration, carla: Registration) -> None:
    privacy.erase_person(email=ADDRESS, references=["P-2BERT"], by=None, now=NOW)
    assert privacy.erase_person(email=ADDRESS, by=None, now=NOW).references == ("P-2CARL",)
    assert not CounterCard.objects.exists()


@pytest.mark.usefixtures("carla")
def test_a_reference_of_another_address_is_refused_and_nothing_done(bert: Registration) -> None:
    other = RegistrationFactory(reference="P-2ELSE")
    for references in (["P-2BERT", "P-2ELSE"], ["P-2ELSE"], ["P-9NONE"]):
        with pytest.raises(privacy.NotOfAddress):
            privacy.erase_person(email=ADDRESS, references=references, by=None, now=NOW)
        with pytest.raises(privacy.NotOfAddress):
            privacy.export_person(email=ADDRESS, references=references)
    assert not is_erased(bert)
    assert not is_erased(other)


def test_one_person_may_have_one_of_several_registrations_erased(bert: Registration) -> None:
    other = registered("P-2ELSE", "Bert")
    assert privacy.erase_person(email=ADDRESS, references=["P-2ELSE"], by=None, now=NOW).is_address_kept
    assert is_erased(other)
    assert not is_erased(bert)


def test_a_restore_erases_again_only_who_was_erased(bert: Registration, carla: Registration) -> None:
    keeping._erase_again({"P-2BERT": State.WITHDRAWN}, now=NOW)
    assert is_erased(bert)
    assert not is_erased(carla)
    assert CounterCard.objects.exists()


# The commands


@pytest.mark.parametrize("name", ["export_person", "erase_person"])
def test_a_command_refuses_a_shared_address_in_clear_words(name: str, bert: Registration, carla: Registration) -> None:
    with pytest.raises(CommandError, match=r"Several people registered with this address.*--reference") as refused:
        call_command(name, ADDRESS)
    assert [words for words in OF_CARLA if words in str(refused.value)] == []
    assert not is_erased(bert)
    assert not is_erased(carla)
    assert not AccessEntry.objects.exists()


def test_export_person_writes_the_registrations_that_are_named(
    carla: Registration, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_person", ADDRESS, "--reference", " p-2bert")

    written = capsys.readouterr().out
    assert [one["reference"] for one in json.loads(written)["registrations"]] == ["P-2BERT"]
    assert [words for words in OF_CARLA if words in written] == []
    assert AccessEntry.objects.get().subjects == [access_reports.subject_of("P-2BERT")]


def test_erase_person_erases_who_is_named_and_says_what_stays(
    bert: Registration, carla: Registration, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_person", ADDRESS, "--reference", "P-2BERT")

    assert "Erased: P-2BERT. Given up on the way: 1. What hangs on the address" in capsys.readouterr().out
    assert (is_erased(bert), is_erased(carla)) == (True, False)
    assert AccessEntry.objects.get().subjects == [access_reports.subject_of("P-2BERT")]


def test_a_command_takes_several_references(bert: Registration, carla: Registration) -> None:
    call_command("erase_person", ADDRESS, "--reference", "P-2BERT", "--reference", "P-2CARL")
    assert (is_erased(bert), is_erased(carla)) == (True, True)
    assert not CounterCard.objects.exists()


# The officer's page


def boxes(page: str) -> list[str]:
    return [piece.partition('"')[0] for piece in page.split('type="checkbox" name="references" value="')[1:]]


@pytest.mark.usefixtures("carla", "vouch")
def test_the_officer_is_asked_who_is_meant_before_anything_is_offered(officer: Client) -> None:
    page = officer.post(BASE, {"email": ADDRESS}).content.decode()

    assert boxes(page) == ["P-2BERT", "P-2CARL", "P-2BERT P-2CARL"]
    assert "checked" not in page
    assert "Bert Both" in page
    assert "Carla Both" in page
    assert HELD not in page
    assert ERASE not in page
    look = AccessEntry.objects.get()
    assert (look.kind, len(look.subjects)) == (LookKind.SEARCH, 2)


@pytest.mark.usefixtures("carla")
def test_the_officer_who_ticks_nothing_is_asked_again(officer: Client) -> None:
    answer = officer.post(BASE, {"email": ADDRESS, "choose": "1"})
    assert answer.status_code == 422
    assert "Tick at least one" in answer.content.decode()
    assert HELD not in answer.content.decode()


@pytest.mark.usefixtures("carla", "vouch")
def test_what_the_officer_chose_is_offered_and_what_stays_is_said(officer: Client) -> None:
    page = officer.post(BASE, {"email": ADDRESS, "choose": "1", "references": "P-2BERT"}).content.decode()

    assert page.count('<input type="hidden" name="references" value="P-2BERT"') == 2
    assert [words for words in OF_CARLA if words in page] == []
    assert "not all registrations of this address" in page
    assert "Named as a contact point" not in page


@pytest.mark.usefixtures("carla", "vouch")
def test_all_of_them_is_a_tick_of_its_own(officer: Client) -> None:
    chosen = {"email": ADDRESS, "choose": "1", "references": "P-2BERT P-2CARL"}
    page = officer.post(BASE, chosen).content.decode()
    assert page.count('name="references" value="P-2CARL"') == 2
    assert "Named as a contact point" in page
    assert "not all registrations of this address" not in page


@pytest.mark.usefixtures("carla")
def test_all_of_them_are_those_whom_the_officer_saw(officer: Client) -> None:
    """Who registered while the page lay open is in no tick of it."""
    registered("P-2DORA", "Dora")
    answer = officer.post(BASE, {"email": ADDRESS, "choose": "1", "references": "P-2BERT P-2CARL"})
    assert answer.status_code == 422
    assert "P-2DORA" in boxes(answer.content.decode())


@pytest.mark.usefixtures("carla", "vouch")
@pytest.mark.parametrize("kind", ["page", "file"])
def test_the_officer_s_copy_for_one_holds_nothing_of_the_other(officer: Client, kind: str) -> None:
    asked = {"email": ADDRESS, "references": "P-2BERT", "purpose": "Asked by letter.", "as": kind}
    told = officer.post(HELD, asked).content.decode()

    assert "Bert" in told
    assert "Left out" in told or "left_out" in told
    assert [words for words in (*OF_CARLA, "Chief of both") if words in told] == []
    look = AccessEntry.objects.get()
    assert (look.kind, look.subjects) == (LookKind.EXPORT, [access_reports.subject_of("P-2BERT")])


@pytest.mark.usefixtures("carla")
def test_a_copy_without_a_purpose_is_asked_for_again_with_the_same_choice(officer: Client) -> None:
    answer = officer.post(HELD, {"email": ADDRESS, "references": "P-2BERT"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count('<input type="hidden" name="references" value="P-2BERT"') == 2
    assert [words for words in OF_CARLA if words in page] == []


def test_the_officer_erases_one_and_reads_what_stays(officer: Client, bert: Registration, carla: Registration) -> None:
    sent = {"email": ADDRESS, "references": "P-2BERT", "is_meant": "on"}
    answer = officer.post(ERASE, sent, follow=True).content.decode()

    assert "Erased: P-2BERT." in answer
    assert "What hangs on the address itself stays" in answer
    assert (is_erased(bert), is_erased(carla)) == (True, False)
    assert AccessEntry.objects.earliest("number").subjects == [access_reports.subject_of("P-2BERT")]


def test_a_form_that_says_nobody_does_nothing_at_a_shared_address(
    officer: Client, bert: Registration, carla: Registration
) -> None:
    """As one that was opened before the second person registered."""
    erasing = officer.post(ERASE, {"email": ADDRESS, "is_meant": "on"}, follow=True).content.decode()
    telling = officer.post(HELD, {"email": ADDRESS, "purpose": "Asked by letter."}, follow=True).content.decode()

    assert "Several people registered with this address." in erasing
    assert "Several people registered with this address." in telling
    assert [words for words in OF_CARLA if words in erasing + telling] == []
    assert (is_erased(bert), is_erased(carla)) == (False, False)


def test_who_looked_is_told_for_those_who_are_meant(officer: Client, bert: Registration, carla: Registration) -> None:
    at_bert, at_carla = UserFactory(name="Looked At Bert"), UserFactory(name="Looked At Carla")
    for user, seen in ((at_bert, bert), (at_carla, carla)):
        references = [seen.reference]
        looking.enter(
            user=user, kind=LookKind.DETAIL, page="admin:x", call_id=seen.call_id, references=references, now=NOW
        )

    asked = officer.post(LOOKED, {"email": ADDRESS}).content.decode()
    told = officer.post(LOOKED, {"email": ADDRESS, "choose": "1", "references": "P-2BERT"}).content.decode()

    assert boxes(asked) == ["P-2BERT", "P-2CARL", "P-2BERT P-2CARL"]
    assert at_bert.email not in asked
    assert at_bert.email in told
    assert at_carla.email not in told
    assert "P-2CARL" not in told


# The private page


def test_the_private_page_tells_and_erases_the_own_registration_alone(
    client: Client, bert: Registration, carla: Registration
) -> None:
    follow(client, bert)
    address = mine_url(bert)
    page = text_of(client.get(f"{address}data/"))
    files = [client.post(f"{address}data/", {"action": kind}).content.decode() for kind in ("json", "text")]

    for told in (page, *files):
        assert "Bert" in told
        assert [words for words in OF_CARLA if words in told] == []
        assert "counts for all who registered with your address" in told

    client.post(f"{address}erase/", {"is_meant": "on", "sure": "on"})
    assert (is_erased(bert), is_erased(carla)) == (True, False)
    assert CounterCard.objects.exists()


def test_a_stranger_who_typed_the_address_keeps_no_card_back(client: Client, bert: Registration) -> None:
    CounterCard.objects.create(address_index=bert.address_index, applied=7, last_on=NOW.date())
    registered("P-2FAKE", "Mallory", unproven=True)
    follow(client, bert)
    assert "counts for all" not in text_of(client.get(f"{mine_url(bert)}data/"))
