"""Who reaches which staff page about people: each role, each address, each method."""

import pytest
from django.urls import get_resolver

from accounts.enums import Role
from events.models import Call
from registrations import reports
from registrations.enums import State
from registrations.models import OutgoingMail, Registration
from tests.factories import RegistrationFactory, UserFactory
from tests.registrations.people_story import LIST, REVIEWS, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


#: Every address of both sections: what it is, and whether only a POST makes sense.
PEOPLE = {
    "registrations_registration_changelist": ("", False),
    "registrations_registration_calls": ("calls/", False),
    "registrations_registration_year": ("year/2026/", False),
    "registrations_registration_year_csv": ("year/2026/numbers.csv", False),
    "registrations_call_find": ("calls/{call}/find/", True),
    "registrations_call_not_answered": ("calls/{call}/not-answered/", False),
    "registrations_call_not_told": ("calls/{call}/not-told/", False),
    "registrations_call_keeping": ("calls/{call}/keeping/", False),
    "registrations_call_checks": ("calls/{call}/checks/", False),
    "registrations_call_attendance": ("calls/{call}/attendance/", False),
    "registrations_call_register": ("calls/{call}/register/", False),
    "registrations_call_board": ("calls/{call}/board/", False),
    "registrations_call_board_views": ("calls/{call}/board/views/", True),
    "registrations_call_board_rules": ("calls/{call}/board/rules/", False),
    "registrations_call_board_proposal": ("calls/{call}/board/proposal/", False),
    "registrations_call_board_proposal_stage": ("calls/{call}/board/proposal/stage/", True),
    "registrations_call_release": ("calls/{call}/release/", False),
    "registrations_call_preview": ("calls/{call}/preview/", False),
    "registrations_call_reviews": ("calls/{call}/reviews/", False),
    "registrations_call_reviewers": ("calls/{call}/reviewers/", False),
    "registrations_call_free_places": ("calls/{call}/free-places/", False),
    "registrations_call_pictures": ("calls/{call}/pictures/", False),
    "registrations_call_csv": ("calls/{call}/export.csv", False),
    "registrations_call_xlsx": ("calls/{call}/export.xlsx", False),
    "registrations_registration_change": ("{registration}/change/", False),
    "registrations_registration_dossier": ("{registration}/dossier/staff/", False),
    "registrations_registration_dossier_json": ("{registration}/dossier/staff.json", False),
    "registrations_registration_alarms": ("{registration}/alarms/", False),
    "registrations_registration_act": ("{registration}/act/check/", True),
    "registrations_registration_file": ("{registration}/files/1/", False),
}
REVIEWING = {
    "registrations_review_changelist": ("", False),
    "registrations_review_call": ("calls/{call}/", False),
    "registrations_review_application": ("calls/{call}/{reference}/", False),
    "registrations_review_conflict": ("calls/{call}/{reference}/conflict/", True),
    "registrations_review_read": ("calls/{call}/{reference}/read/", True),
    "registrations_review_file": ("calls/{call}/{reference}/files/1/", False),
}
STOCK = ["add/", "{registration}/delete/", "{registration}/history/", "{registration}/"]


def addresses(told):
    parts = {"call": told.call.pk, "registration": told.applicant.pk, "reference": told.applicant.reference}
    people = [LIST + path.format(**parts) for path, _ in PEOPLE.values()]
    reviewing = [REVIEWS + path.format(**parts) for path, _ in REVIEWING.values()]
    return people, reviewing


def read(response):
    """Read a download to its end, which closes its file."""
    if response.streaming:
        b"".join(response.streaming_content)


def statuses(client, paths):
    found = {}
    for path in paths:
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            read(response)
            found[method, path] = response.status_code
    return found


def test_every_address_of_the_sections_is_in_this_matrix():
    names = {
        pattern.name
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "app_name", "") == "admin"
        for section in resolver.url_patterns
        if str(section.pattern) in ("registrations/registration/", "registrations/review/")
        for pattern in section.url_patterns
    }
    assert names == set(PEOPLE) | set(REVIEWING)


def test_without_signing_in_every_page_leads_to_the_sign_in(client):
    people, reviewing = addresses(story())
    for path in people + reviewing:
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            assert response.status_code == 302, path
            assert response.headers["Location"].startswith("/admin/login/"), path


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.REVIEWER, None])
def test_who_organises_nothing_is_refused_every_page_about_people(role):
    told = story()
    user = told.reviewer if role == Role.REVIEWER else UserFactory(role=role)
    people, _ = addresses(told)
    assert set(statuses(signed_in(user), people).values()) <= {403, 405}


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ORGANISER, None])
def test_who_reviews_nothing_is_refused_every_review_page(role):
    told = story()
    user = told.organiser if role == Role.ORGANISER else UserFactory(role=role)
    _, reviewing = addresses(told)
    assert set(statuses(signed_in(user), reviewing).values()) <= {403, 405}


def test_an_organiser_of_another_call_guesses_in_vain():
    told = story()
    other = story(reference="P-9ZZZZ")
    people, _ = addresses(other)
    before = list(Registration.objects.values())

    guessed = [path for path in people if path not in (LIST, f"{LIST}calls/") and "/year/" not in path]
    found = statuses(signed_in(told.organiser), guessed)

    assert set(found.values()) <= {404, 405}
    assert list(Registration.objects.values()) == before
    assert not OutgoingMail.objects.exists()


def test_without_the_limit_to_one_s_own_calls_the_guess_would_succeed(monkeypatch):
    told = story()
    other = story(reference="P-9ZZZZ")
    monkeypatch.setattr(reports, "calls_of", lambda user: Call.objects.all())
    page = signed_in(told.organiser).get(f"{LIST}{other.applicant.pk}/change/")
    assert page.status_code == 200


def test_a_reviewer_of_another_call_guesses_in_vain():
    told = story()
    other = story(reference="P-9ZZZZ")
    _, reviewing = addresses(other)
    found = statuses(signed_in(told.reviewer), [path for path in reviewing if path != REVIEWS])
    assert set(found.values()) <= {404, 405}


def test_the_stock_pages_that_write_rows_do_not_exist():
    told = story()
    client = signed_in(UserFactory(administrator=True))
    parts = {"registration": told.applicant.pk}
    for section in (LIST, REVIEWS):
        for path in STOCK:
            for method in ("get", "post"):
                assert getattr(client, method)(section + path.format(**parts)).status_code == 404


def test_posting_fields_to_the_page_writes_nothing():
    told = story()
    client = signed_in(told.organiser)
    answer = client.post(f"{LIST}{told.applicant.pk}/change/", {"state": "confirmed", "reference": "P-00000"})
    told.applicant.refresh_from_db()
    assert answer.status_code == 405
    assert (told.applicant.state, told.applicant.reference) == (State.SUBMITTED, "P-2AAAA")


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.REVIEWER, Role.ORGANISER])
def test_autocomplete_names_nobody_of_other_calls(role):
    other = story(reference="P-9ZZZZ")
    user = UserFactory(role=role)
    for model, field in (("identity", "registration"), ("answer", "registration"), ("review", "registration")):
        question = f"?app_label=registrations&model_name={model}&field_name={field}&term={other.applicant.reference}"
        answer = signed_in(user).get(f"/admin/autocomplete/{question}")
        assert answer.status_code in (200, 403)
        assert other.applicant.reference not in answer.content.decode()


def test_a_reviewer_reaches_no_model_of_the_admin_but_reviews():
    told = story()
    text = signed_in(told.reviewer).get("/admin/").content.decode()
    links = [link for link in ("registration/", "outgoingmail/", "call/", "event/", "user/") if f"/{link}" in text]
    assert links == []
    assert REVIEWS in text


def test_an_account_that_was_switched_off_is_out():
    told = story()
    client = signed_in(told.organiser)
    told.organiser.is_active = False
    told.organiser.save()
    assert client.get(f"{LIST}{told.applicant.pk}/change/").status_code == 302


def test_names_stand_in_no_address_of_the_pages():
    told = story()
    RegistrationFactory(call=told.call)
    client = signed_in(told.organiser)
    people, _ = addresses(told)
    for path in people:
        response = client.get(path)
        read(response)
        for name in ("Zo%C3%AB", "zoe@", "rs%C3%A9gi"):
            assert name not in response.headers.get("Location", "")
