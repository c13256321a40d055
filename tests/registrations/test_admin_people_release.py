"""Release of the decisions of a call, in the admin."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from events.models import Call
from registrations import reports
from registrations.enums import CheckResult, MailKind, MailState, Outcome, ProposedAs, State
from registrations.models import Decision, Identity, OutgoingMail, Registration, Release, SelectionSettings
from registrations.services import releasing, selection
from tests.factories import (
    NOW,
    DecisionFactory,
    OutgoingMailFactory,
    ProposalFactory,
    ProposalLineFactory,
    RegistrationFactory,
    ReviewFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import (
    LIST,
    act_page,
    application,
    call_page,
    change_page,
    set_clock,
    signed_in,
    story,
)

pytestmark = pytest.mark.django_db
DUE = NOW + releasing.RECALL
QUERIES = 32
QUERIES_OF_A_LOOK = 10


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def staged(told):
    """Three staged decisions: one of each outcome."""
    second, third = application(told.call), application(told.call)
    DecisionFactory(registration=told.applicant, staged_by=told.organiser)
    DecisionFactory(registration=second, outcome=Outcome.RESERVE, rank=1, staged_by=told.organiser)
    DecisionFactory(registration=third, outcome=Outcome.DECLINE, staged_by=told.organiser)


def test_the_button_gives_a_release_that_waits_and_everyone_hears_at_its_hour():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)

    page = client.post(call_page(told.call, "release/"), follow=True)

    text = page.content.decode()
    assert "Mails leave on 1 Sep, 14:15; until then you can take this back." in text
    assert "Release 3 decisions" not in text
    assert set(Registration.objects.values_list("state", flat=True)) == {State.SUBMITTED}

    releasing.carry_out(now=DUE)
    page = client.get(call_page(told.call, "release/"))

    assert "1 selected, 1 on the reserve list, 1 not selected." in page.content.decode()
    states = Registration.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.CONFIRMED, State.RESERVE, State.DECLINED]
    kinds = OutgoingMail.objects.order_by("registration").values_list("kind", flat=True)
    assert list(kinds) == [MailKind.SELECTED, MailKind.RESERVE, MailKind.NOT_SELECTED]
    assert (page.context["progress"].total, page.context["progress"].sent) == (3, 0)


def test_a_second_click_changes_nothing():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    for _ in range(2):
        page = client.post(call_page(told.call, "release/"), follow=True)
        assert "Mails leave at 14:15" in page.content.decode()
    assert Release.objects.count() == 1
    releasing.carry_out(now=DUE)

    page = client.post(call_page(told.call, "release/"))

    assert (page.status_code, "nothing to release" in page.content.decode()) == (409, True)
    assert Release.objects.count() == 1
    assert OutgoingMail.objects.count() == 3


def test_a_release_is_taken_back_on_the_page():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    client.post(call_page(told.call, "release/"))

    page = client.post(call_page(told.call, "release/"), {"action": "recall"}, follow=True)

    text = page.content.decode()
    assert f"was taken back by {told.organiser}" in text
    assert "Release 3 decisions" in text
    assert releasing.carry_out(now=DUE) == 0
    late = client.post(call_page(told.call, "release/"), {"action": "recall"})
    assert (late.status_code, "No release is waiting" in late.content.decode()) == (409, True)


def test_while_it_waits_every_page_of_the_call_says_so_and_staging_is_refused_in_words():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    assert "A release was given" not in client.get(call_page(told.call, "attendance/")).content.decode()
    client.post(call_page(told.call, "release/"))

    assert "A release was given" in client.get(call_page(told.call, "attendance/")).content.decode()
    said = {"unstage": {}, "stage": {"stage-outcome": "decline", "stage-reason": "no", "stage-code": "other"}}
    for act, data in said.items():
        page = client.post(act_page(told.applicant, act), data, follow=True)
        assert "its mails leave on 1 September, 14:15" in page.content.decode(), act


def test_the_hour_has_come_and_nothing_is_written_yet(monkeypatch):
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    client.post(call_page(told.call, "release/"))
    set_clock(monkeypatch, DUE)

    page = client.get(call_page(told.call, "release/"))

    assert "The decisions are being written" in page.content.decode()
    assert (page.context["is_over"], page.context["looks_again_in"]) == (False, 2)


def test_a_release_that_was_not_carried_out_says_why_on_every_page_of_the_call():
    told = story(capacity=1)
    staged(told)
    client = signed_in(told.organiser)
    client.post(call_page(told.call, "release/"))
    RegistrationFactory(call=Call.objects.get(pk=told.call.pk))
    releasing.carry_out(now=DUE)

    for name in ("release/", "not-told/"):
        text = client.get(call_page(told.call, name)).content.decode()
        assert "was not carried out, and nobody was told" in text
        assert "1 people are to be selected, but 0 of 1 places are left." in text


class TestTheSecondPerson:
    @pytest.fixture
    def told(self):
        told = story(capacity=1)
        staged(told)
        deputy = UserFactory(role=Role.ORGANISER, name="Dana Deputy")
        SelectionSettings.objects.create(call=told.call, needs_second_person=True, deputy=deputy)
        return told

    @pytest.fixture
    def deputy(self, told):
        return told.call.selection_settings.deputy

    def test_who_staged_sees_whom_to_ask_and_a_forged_click_is_refused(self, told):
        client = signed_in(told.organiser)
        text = client.get(call_page(told.call, "release/")).content.decode()
        assert "Please ask Dana Deputy." in text
        assert "disabled" in text
        forged = client.post(call_page(told.call, "release/"))
        assert (forged.status_code, "second person" in forged.content.decode()) == (409, True)
        assert not Release.objects.exists()

    def test_the_deputy_finds_the_page_reads_the_mails_and_releases(self, told, deputy):
        client = signed_in(deputy)
        assert told.call.event.title in client.get(f"{LIST}calls/").content.decode()
        assert client.get(call_page(told.call, "preview/")).status_code == 200
        page = client.get(call_page(told.call, "release/"))
        assert told.applicant.reference in page.content.decode()
        assert f'href="{change_page(told.applicant)}"' not in page.content.decode()
        client.post(call_page(told.call, "release/"))
        assert Release.objects.get().given_by == deputy

    def test_nothing_else_of_the_call_is_open_to_the_deputy(self, told, deputy):
        client = signed_in(deputy)
        for name in ("not-told/", "attendance/", "register/", "export.csv"):
            assert client.get(call_page(told.call, name)).status_code == 404
        assert client.get(change_page(told.applicant)).status_code == 404
        assert client.get(call_page(story(reference="P-9ZZZZ").call, "release/")).status_code == 404

    def test_another_organiser_of_other_calls_finds_no_such_page(self, told):
        stranger = signed_in(UserFactory(role=Role.ORGANISER))
        assert stranger.get(call_page(told.call, "release/")).status_code == 404
        assert stranger.post(call_page(told.call, "release/")).status_code == 404


class TestTheSummary:
    def concerns(self, told):
        page = signed_in(told.organiser).get(call_page(told.call, "release/"))
        return {concern.words: concern.number for concern in page.context["summary"].concerns}

    def test_it_names_what_is_open_about_those_who_are_staged(self):
        told = story(capacity=1)
        staged(told)
        assert self.concerns(told) == {
            "To be selected, and the check of who they are is open": 1,
            "Reviewed by nobody": 3,
        }

    def test_what_is_settled_is_not_named(self):
        told = story(capacity=1)
        staged(told)
        Registration.objects.update(check_result=CheckResult.FINE, review_count=2)
        assert self.concerns(told) == {}

    def test_conflicts_and_reviews_of_earlier_answers_are_named(self):
        told = story(capacity=1)
        staged(told)
        Registration.objects.update(check_result=CheckResult.FINE, review_count=2)
        ReviewFactory(registration=told.applicant, has_conflict=True)
        review = ReviewFactory(registration=told.applicant)
        assert self.concerns(told) == {"A reviewer declared a conflict of interest": 1}
        later = review.changed_at + timedelta(hours=1)
        told.applicant.answers.filter(question=told.diet).update(changed_at=later)
        assert self.concerns(told) == {"A reviewer declared a conflict of interest": 1}
        told.applicant.answers.filter(question=told.motivation).update(changed_at=later)
        assert self.concerns(told) == {
            "A reviewer declared a conflict of interest": 1,
            "Answers changed after a review": 1,
        }

    def test_deviations_stand_with_their_reasons(self):
        told = story(capacity=1)
        line = ProposalLineFactory(registration=told.applicant, proposed_as=ProposedAs.NOT_PROPOSED)
        selection.stage(
            registrations=[told.applicant], outcome=Outcome.SELECT, reason="Speaks.", by=told.organiser, now=NOW
        )
        page = signed_in(told.organiser).get(call_page(told.call, "release/"))
        assert "Decided otherwise than proposed: 1" in page.content.decode()
        assert "Another reason. Speaks." in page.content.decode()
        ProposalFactory(call=told.call, made_at=line.proposal.made_at + timedelta(hours=1))
        assert self.concerns(told)["Staged before the newest proposal"] == 1

    def test_the_group_that_would_come_is_counted_against_the_rules(self):
        told = story(capacity=1)
        staged(told)
        SelectionRuleFactory(call=told.call, value="LV", minimum=2, maximum=None)
        text = signed_in(told.organiser).get(call_page(told.call, "release/")).content.decode()
        assert "min 2" in text
        assert "1 too few" in text

    def test_who_staged_or_undid_and_who_may_release_are_named(self):
        told = story(capacity=1)
        staged(told)
        undone, colleague = application(told.call), UserFactory(role=Role.ORGANISER, name="Uma Undoer")
        told.call.organisers.add(colleague)
        DecisionFactory(registration=undone, staged_by=told.organiser)
        selection.unstage(registrations=[undone], by=colleague, now=NOW)
        page = signed_in(told.organiser).get(call_page(told.call, "release/"))
        assert page.context["summary"].decided_by == [(str(told.organiser), 3), ("Uma Undoer", 1)]
        assert page.context["summary"].may_release == [str(told.organiser), "Uma Undoer"]
        assert "Staged or undone by" in page.content.decode()
        SelectionSettings.objects.create(call=told.call, needs_second_person=True)
        page = signed_in(colleague).get(call_page(told.call, "release/"))
        assert page.context["summary"].may_release == []
        assert "You staged or undid some of these decisions." in page.content.decode()

    def test_who_staged_alone_is_named_alone(self):
        told = story(capacity=1)
        staged(told)
        summary = signed_in(told.organiser).get(call_page(told.call, "release/")).context["summary"]
        assert (summary.decided_by, summary.may_release) == ([(str(told.organiser), 3)], [str(told.organiser)])

    def test_it_is_read_only_while_something_is_staged(self):
        told = story(capacity=1)
        staged(told)
        client = signed_in(told.organiser)
        client.post(call_page(told.call, "release/"))
        assert client.get(call_page(told.call, "release/")).context["summary"]
        releasing.carry_out(now=DUE)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(call_page(told.call, "release/")).context["summary"] is None
        assert len(queries) == QUERIES_OF_A_LOOK

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_takes_as_many_queries_for_three_as_for_one(self, number, django_assert_num_queries):
        told = story(capacity=3)
        selection.stage(
            registrations=[told.applicant, *[application(told.call) for _ in range(number - 1)]],
            outcome=Outcome.SELECT,
            reason="Fits.",
            by=told.organiser,
            now=NOW,
        )
        client = signed_in(told.organiser)
        with django_assert_num_queries(QUERIES):
            client.get(call_page(told.call, "release/"))


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
    releasing.carry_out(now=DUE)
    late = application(told.call)
    DecisionFactory(registration=late, outcome=Outcome.DECLINE, staged_by=told.organiser)

    client.post(call_page(told.call, "release/"))
    releasing.carry_out(now=DUE)

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


class TestPlacesThatAreLeft:
    @pytest.fixture
    def told(self):
        told = story(capacity=2)
        staged(told)
        return told

    def words(self, told):
        page = signed_in(told.organiser).get(call_page(told.call, "release/"))
        (said,) = re.findall("Places are left.</strong>(.*?)</p>", page.content.decode()) or [""]
        return said

    def test_that_the_reserve_list_would_get_them_at_once_is_said(self, told):
        assert "The first 1 of the reserve list would get it at once." in self.words(told)

    def test_whoever_takes_no_place_gets_none(self, told):
        Registration.objects.filter(decision__outcome=Outcome.RESERVE).update(is_counted=False)
        assert self.words(told) == ""

    @pytest.mark.parametrize(
        "kept", [{"promotes_by_itself": False}, {"telephone_hours": 700}], ids=["by hand", "by telephone"]
    )
    def test_where_nobody_moves_up_by_itself_they_would_stand_free(self, told, kept):
        starts_at = told.call.event.sessions.get().starts_at
        SelectionSettings.objects.create(call=told.call, **kept)
        told.call.event.sessions.update(starts_at=NOW + timedelta(hours=700), ends_at=starts_at + timedelta(days=9))
        assert "1 place would stand free" in self.words(told)
        assert "at once" not in self.words(told)

    @pytest.mark.parametrize(("closes_in", "moves"), [(1, True), (0, False)])
    def test_once_the_list_closes_before_the_mails_leave_they_would_stand_free(self, told, closes_in, moves):
        Call.objects.update(list_closes_at=DUE + timedelta(minutes=closes_in))
        assert ("at once" in self.words(told)) is moves
        releasing.give(call=told.call, by=told.organiser, now=NOW)
        releasing.carry_out(now=DUE)
        assert Registration.objects.filter(state=State.CONFIRMED).count() == 1 + moves


def test_progress_counts_the_mails():
    told = story()
    for state in (MailState.SENT, MailState.QUEUED, MailState.HANDING_OVER, MailState.REFUSED):
        moments = {"sent_at": NOW, "lease_until": NOW}
        OutgoingMailFactory(registration=told.applicant, kind=MailKind.SELECTED, state=state, **moments)

    progress = signed_in(told.organiser).get(call_page(told.call, "release/")).context["progress"]

    assert (progress.total, progress.sent, progress.waiting, progress.stuck) == (4, 1, 2, 1)


def test_what_was_undone_before_it_went_out_is_not_missed():
    told = story()
    states = (MailState.SENT, MailState.HANDING_OVER, MailState.CANCELLED, MailState.REFUSED)
    for state, is_undone in [*((state, True) for state in states), (MailState.CANCELLED, False)]:
        values = {"sent_at": NOW, "lease_until": NOW, "is_undone": is_undone}
        OutgoingMailFactory(registration=told.applicant, kind=MailKind.SELECTED, state=state, **values)

    progress = reports.mail_progress(told.call)

    assert (progress.total, progress.sent, progress.waiting, progress.stuck) == (3, 1, 1, 1)


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
    signed_in(told.organiser).post(call_page(told.call, "release/"))

    with django_assert_max_num_queries(70):
        releasing.carry_out(now=DUE)

    assert OutgoingMail.objects.count() == 1000
    assert Call.objects.get(pk=told.call.pk).places_taken == 334


def test_the_pages_of_a_release_need_at_most_thirty_three_queries(django_assert_max_num_queries):
    told = story(capacity=400)
    thousand(told)
    client = signed_in(told.organiser)
    for page in ("release/", "preview/"):
        with django_assert_max_num_queries(33):
            client.get(call_page(told.call, page))
