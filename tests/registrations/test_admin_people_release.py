"""Release of the decisions of a call, in the admin."""

import pytest

from events.models import Call
from registrations.enums import MailKind, MailState, Outcome, State
from registrations.models import Decision, Identity, OutgoingMail, Registration
from tests.factories import NOW, DecisionFactory, OutgoingMailFactory
from tests.registrations.people_story import application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def staged(told):
    """Three staged decisions: one of each outcome."""
    second, third = application(told.call), application(told.call)
    DecisionFactory(registration=told.applicant, staged_by=told.organiser)
    DecisionFactory(registration=second, outcome=Outcome.RESERVE, rank=1, staged_by=told.organiser)
    DecisionFactory(registration=third, outcome=Outcome.DECLINE, staged_by=told.organiser)


def test_everyone_hears_at_once_when_the_button_is_pressed():
    told = story(capacity=1)
    staged(told)

    page = signed_in(told.organiser).post(call_page(told.call, "release/"), follow=True)

    assert "Released: 1 selected, 1 on the reserve list, 1 not selected." in page.content.decode()
    states = Registration.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.CONFIRMED, State.RESERVE, State.DECLINED]
    kinds = OutgoingMail.objects.order_by("registration").values_list("kind", flat=True)
    assert list(kinds) == [MailKind.SELECTED, MailKind.RESERVE, MailKind.NOT_SELECTED]
    assert (page.context["progress"].total, page.context["progress"].sent) == (3, 0)


def test_a_second_click_changes_nothing_and_says_so():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    client.post(call_page(told.call, "release/"))
    before = list(Registration.objects.values()), list(Decision.objects.values())

    page = client.post(call_page(told.call, "release/"), follow=True)

    assert "nothing to release" in page.content.decode()
    assert (list(Registration.objects.values()), list(Decision.objects.values())) == before
    assert OutgoingMail.objects.count() == 3


def test_before_the_deadline_the_button_is_off_and_a_forged_click_is_refused():
    told = story(closed=False)
    staged(told)
    client = signed_in(told.organiser)

    page = client.get(call_page(told.call, "release/"))
    forged = client.post(call_page(told.call, "release/"))

    assert page.context["may_release"] is False
    assert "disabled" in page.content.decode()
    assert (forged.status_code, "deadline" in forged.content.decode()) == (409, True)
    assert not OutgoingMail.objects.exists()


def test_too_many_for_the_places_are_named_and_refused():
    told = story(capacity=1)
    staged(told)
    DecisionFactory(registration=application(told.call), staged_by=told.organiser)
    client = signed_in(told.organiser)

    page = client.get(call_page(told.call, "release/"))
    refused = client.post(call_page(told.call, "release/"))

    assert page.context["balance"].too_many == 1
    assert "Too many." in page.content.decode()
    assert refused.status_code == 409
    assert not Decision.objects.filter(released_at__isnull=False).exists()


def test_people_without_a_decision_are_counted_before_the_release():
    told = story()
    page = signed_in(told.organiser).get(call_page(told.call, "release/"))
    assert page.context["balance"].undecided == 1
    assert "1 without decision." in page.content.decode()


def test_a_late_one_is_released_after_the_others():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    client.post(call_page(told.call, "release/"))
    late = application(told.call)
    DecisionFactory(registration=late, outcome=Outcome.DECLINE, staged_by=told.organiser)

    client.post(call_page(told.call, "release/"))

    late.refresh_from_db()
    assert late.state == State.DECLINED
    assert OutgoingMail.objects.filter(registration=late).count() == 1


def test_what_would_be_sent_is_shown_without_being_sent():
    told = story()
    staged(told)

    page = signed_in(told.organiser).get(call_page(told.call, "preview/"))

    text = page.content.decode()
    assert [(preview.outcome, preview.number) for preview in page.context["previews"]] == [
        (Outcome.SELECT, 1),
        (Outcome.RESERVE, 1),
        (Outcome.DECLINE, 1),
    ]
    assert "We cannot offer you a place this time." in text
    assert "/registrations/p/" not in text.replace("/registrations/p/…/", "")
    assert not OutgoingMail.objects.exists()
    assert set(Registration.objects.values_list("state", flat=True)) == {State.SUBMITTED}


def test_places_that_would_go_to_the_reserve_list_at_once_are_named():
    told = story(capacity=2)
    staged(told)
    page = signed_in(told.organiser).get(call_page(told.call, "release/"))
    assert page.context["balance"].left_over == 1
    assert "Places are left." in page.content.decode()


def test_progress_counts_the_mails():
    told = story()
    for state in (MailState.SENT, MailState.QUEUED, MailState.HANDING_OVER, MailState.REFUSED):
        moments = {"sent_at": NOW, "lease_until": NOW}
        OutgoingMailFactory(registration=told.applicant, kind=MailKind.SELECTED, state=state, **moments)

    progress = signed_in(told.organiser).get(call_page(told.call, "release/")).context["progress"]

    assert (progress.total, progress.sent, progress.waiting, progress.stuck) == (4, 1, 2, 1)


def thousand(told):
    """A thousand applications with staged decisions, made in bulk."""
    rows = Registration.objects.bulk_create(
        Registration(
            call=told.call,
            reference=f"P-M{number:04}",
            state=State.SUBMITTED,
            country="LV",
            profession="police",
            address_index=f"m{number:063}",
            form_digest="0" * 64,
            privacy_version="test",
            sent_at=NOW,
            proven_at=NOW,
            state_changed_at=NOW,
        )
        for number in range(1000)
    )
    Identity.objects.bulk_create(
        Identity(registration=row, given_name="A", family_name="B", display_name="C", email=f"{row.pk}@example.org")
        for row in rows
    )
    Decision.objects.bulk_create(
        Decision(
            registration=row,
            outcome=[Outcome.SELECT, Outcome.RESERVE, Outcome.DECLINE][number % 3],
            rank=number if number % 3 == 1 else None,
            reason="r",
            staged_at=NOW,
            staged_by=told.organiser,
        )
        for number, row in enumerate(rows)
    )


def test_a_thousand_decisions_are_released_in_a_bounded_number_of_statements(django_assert_max_num_queries):
    told = story(capacity=334)
    thousand(told)
    client = signed_in(told.organiser)

    with django_assert_max_num_queries(70):
        client.post(call_page(told.call, "release/"))

    assert OutgoingMail.objects.count() == 1000
    assert Call.objects.get(pk=told.call.pk).places_taken == 334


def test_the_pages_of_a_release_need_at_most_twenty_queries(django_assert_max_num_queries):
    told = story(capacity=400)
    thousand(told)
    client = signed_in(told.organiser)
    for page in ("release/", "preview/"):
        with django_assert_max_num_queries(20):
            client.get(call_page(told.call, page))
