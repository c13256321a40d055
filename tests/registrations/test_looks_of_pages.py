"""What each staff page leaves in the access log: one entry, of its kind, with those whom it showed."""

import pytest
from django.core.management import call_command

from accounts.enums import Role
from registrations import access_reports, looks
from registrations.admin import watching
from registrations.enums import LookKind
from registrations.models import AccessEntry, Identity, Registration
from registrations.services import looking
from tests.factories import RegistrationFactory, UserFactory
from tests.registrations.people_story import LIST, REVIEWS, export, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


@pytest.fixture
def told():
    """A call with one applicant, and a second one whom most pages show, too."""
    told = story()
    told.other = RegistrationFactory(call=told.call, submitted=True)
    return told


def the_look() -> AccessEntry:
    return AccessEntry.objects.get()


def subjects(*registrations) -> list[str]:
    return sorted(access_reports.subject_of(registration.reference) for registration in registrations)


def test_one_persons_page_is_one_look_at_that_person(told):
    signed_in(told.organiser).get(f"{LIST}{told.applicant.pk}/change/")
    entry = the_look()
    assert (entry.user, entry.kind, entry.call) == (told.organiser, LookKind.DETAIL, told.call)
    assert entry.subjects == subjects(told.applicant)
    assert entry.page == "admin:registrations_registration_change"


@pytest.mark.parametrize("place", ["?call={call}", "calls/{call}/board/"])
def test_a_list_is_one_look_at_all_whom_it_shows(told, place):
    signed_in(told.organiser).get(LIST + place.format(call=told.call.pk))
    assert (the_look().kind, the_look().subjects) == (LookKind.LIST, subjects(told.applicant, told.other))


def test_a_search_by_name_opens_the_call_and_notes_only_those_found(told):
    family_name = told.applicant.identity.family_name
    signed_in(told.organiser).post(f"{LIST}calls/{told.call.pk}/find/", {"sought": family_name})
    entry = the_look()
    assert (entry.kind, entry.subjects) == (LookKind.SEARCH, subjects(told.applicant))
    assert family_name not in str(vars(entry))


def test_a_search_that_finds_nobody_is_a_look_all_the_same(told):
    signed_in(told.organiser).post(f"{LIST}calls/{told.call.pk}/find/", {"sought": "nobody is called so"})
    assert (the_look().kind, the_look().subjects, the_look().call) == (LookKind.SEARCH, [], told.call)


def test_a_search_in_the_list_notes_those_found(told):
    signed_in(told.organiser).get(f"{LIST}?call={told.call.pk}&q={told.applicant.reference}")
    assert (the_look().kind, the_look().subjects) == (LookKind.SEARCH, subjects(told.applicant))


def test_suggestions_while_typing_are_a_look(told):
    question = "?app_label=registrations&model_name=outgoingmail&field_name=registration&term=P-"
    assert signed_in(told.organiser).get(f"/admin/autocomplete/{question}").status_code == 200
    assert (the_look().kind, the_look().subjects) == (LookKind.AUTOCOMPLETE, subjects(told.applicant, told.other))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_says_what_for_and_whom_it_holds(told, ending):
    place = f"{LIST}calls/{told.call.pk}/export.{ending}"
    b"".join(export(signed_in(told.organiser), place, purpose="Badges for the day").streaming_content)
    entry = the_look()
    assert (entry.kind, entry.purpose) == (LookKind.EXPORT, "Badges for the day")
    assert entry.subjects == subjects(told.applicant, told.other)


def test_no_file_without_a_purpose_and_no_look_without_a_file(told):
    client = signed_in(told.organiser)
    for ending in ("csv", "xlsx"):
        place = f"{LIST}calls/{told.call.pk}/export.{ending}"
        for answer, status in ((client.get(place), 200), (client.post(place, {"purpose": " "}), 422)):
            assert answer.status_code == status
            assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert not AccessEntry.objects.exists()


def test_a_dossier_is_a_look_and_its_file_an_export(told):
    client, one = signed_in(told.organiser), f"{LIST}{told.applicant.pk}/dossier/organisers"
    client.get(f"{one}/")
    export(client, f"{one}.json", purpose="A complaint")
    kinds = [LookKind.EXPORT, LookKind.DETAIL]
    assert [entry.kind for entry in AccessEntry.objects.all()] == kinds
    assert {tuple(entry.subjects) for entry in AccessEntry.objects.all()} == {tuple(subjects(told.applicant))}


def test_a_reviewer_reads_one_application_and_a_list_without_names(told):
    client = signed_in(told.reviewer)
    client.get(f"{REVIEWS}calls/{told.call.pk}/")
    client.get(f"{REVIEWS}calls/{told.call.pk}/{told.applicant.reference}/")
    detail, of_list = AccessEntry.objects.all()
    assert (of_list.kind, of_list.subjects) == (LookKind.LIST, subjects(told.applicant, told.other))
    assert (detail.kind, detail.subjects) == (LookKind.DETAIL, subjects(told.applicant))


def test_what_is_refused_or_shows_nobody_leaves_nothing(told):
    stranger = signed_in(UserFactory(role=Role.ORGANISER))
    assert stranger.get(f"{LIST}{told.applicant.pk}/change/").status_code == 404
    assert signed_in(told.organiser).get("/admin/").status_code == 200
    assert signed_in(told.organiser).get(f"{LIST}calls/").status_code == 200
    assert not AccessEntry.objects.exists()


def test_a_form_that_comes_back_shows_the_person_again(told):
    answer = signed_in(told.organiser).post(f"{LIST}{told.applicant.pk}/act/check/", {"result": "no such result"})
    assert answer.status_code == 422
    assert the_look().subjects == subjects(told.applicant)


def test_what_cannot_be_written_down_is_not_shown(told, monkeypatch):
    def broken(**values):
        raise RuntimeError("No room.")

    monkeypatch.setattr(looking, "enter", broken)
    client = signed_in(told.organiser)
    client.raise_request_exception = False
    answer = client.get(f"{LIST}{told.applicant.pk}/change/")
    assert answer.status_code == 500
    assert told.applicant.reference not in answer.content.decode()


def test_what_is_only_compared_is_no_look(told):
    with looks.looking() as look:
        with looks.unnoticed():
            Registration.objects.get(pk=told.other.pk)
            assert Identity.objects.get(registration=told.other).family_name
        assert look.seen == set()
        assert Identity.objects.get(registration=told.applicant).family_name
    assert look.seen == {told.applicant.pk}


def test_without_the_watcher_nothing_would_be_written(told, monkeypatch):
    """The control: it is the middleware that writes, and the pages that fail without it."""
    monkeypatch.setattr(watching, "_enter", lambda request, look: None)
    signed_in(told.organiser).get(f"{LIST}{told.applicant.pk}/change/")
    assert not AccessEntry.objects.exists()


def test_the_command_line_is_entered_too(told, capsys):
    call_command("export_person", "zoe@example.org")
    call_command("erase_person", "zoe@example.org")
    erased, exported = AccessEntry.objects.all()
    assert (exported.user, exported.kind, exported.page) == (None, LookKind.EXPORT, "export_person")
    assert (erased.user, erased.page) == (None, "erase_person")
    assert exported.subjects == erased.subjects == subjects(told.applicant)
