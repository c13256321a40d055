"""Staff see above every page that mail is late, stands still, or that the clock does; and each morning who was told."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.enums import Role
from ranportal.shared import clock
from registrations import watch
from registrations.enums import MailState
from registrations.mail import outbox
from registrations.models import BeatPulse, MailGate, OutgoingMail, Release
from registrations.services import pulse, reconciling
from registrations.templatetags import watch_banner
from tests.factories import CallFactory, OutgoingMailFactory, UserFactory
from tests.registrations.test_reconciling import MORNING, register

pytestmark = pytest.mark.django_db

PAGES = (
    "/admin/",
    "/admin/registrations/registration/calls/",
    "/admin/registrations/outgoingmail/",
    "/admin/events/event/",
)
TOLD = "/admin/registrations/reconciliation/"
STILL, PAUSED, CLOSED, LATE, RELEASE = (
    "The portal’s clock stands still.",
    "All outgoing mail is paused",
    "The mail relay does not take our mail",
    "Mail is late.",
    "A release is late.",
)


def signed_in(role: Role | None = Role.ORGANISER, **traits) -> Client:
    client = Client()
    user = UserFactory(role=role, **traits)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


def said(client: Client, page: str) -> list[str]:
    """What the page warns of, looked at afresh."""
    cache.clear()
    text = client.get(page).content.decode()
    return [words for words in (STILL, PAUSED, CLOSED, LATE, RELEASE) if words in text]


@pytest.fixture
def organiser() -> Client:
    pulse.beat(now=clock.now())
    return signed_in()


@pytest.mark.parametrize(("minutes", "words"), [(4, []), (6, [RELEASE])])
def test_a_release_that_should_have_been_carried_out_is_named(organiser, minutes, words):
    due = clock.now() - timedelta(minutes=minutes)
    Release.objects.create(call=CallFactory(selective=True), given_at=due - timedelta(minutes=15), due_at=due)
    assert said(organiser, "/admin/") == words


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_said_while_all_is_well(organiser, page):
    OutgoingMailFactory(due_at=clock.now() - timedelta(minutes=4))
    OutgoingMailFactory(due_at=clock.now() + timedelta(days=4))
    assert said(organiser, page) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_beat_is_silent(organiser, page):
    BeatPulse.objects.update(at=clock.now() - timedelta(minutes=4))
    assert said(organiser, page) == [STILL]
    pulse.beat(now=clock.now())
    assert said(organiser, page) == []


def test_a_beat_that_was_never_heard_is_silent():
    assert said(signed_in(), "/admin/") == [STILL]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_mail_is_late(organiser, page):
    mail = OutgoingMailFactory(due_at=clock.now() - timedelta(minutes=6))
    assert said(organiser, page) == [LATE]
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=clock.now())
    assert said(organiser, page) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_all_mail_is_paused(organiser, page):
    outbox.pause(now=clock.now())
    assert said(organiser, page) == [PAUSED]
    outbox.resume()
    assert said(organiser, page) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_the_relay_is_closed(organiser, page):
    MailGate.objects.update_or_create(pk=1, defaults={"closed_until": clock.now() + timedelta(minutes=2)})
    assert said(organiser, page) == [CLOSED]


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.REVIEWER])
def test_who_has_nothing_to_do_with_mail_reads_nothing_of_it(role):
    OutgoingMailFactory(due_at=clock.now() - timedelta(minutes=6))
    assert said(signed_in(role), "/admin/") == []


def test_a_stranger_at_the_door_reads_nothing_of_it():
    assert said(Client(), "/admin/login/") == []


def test_one_look_of_one_statement_serves_all_pages_for_some_seconds(organiser, django_assert_num_queries):
    with django_assert_num_queries(1):
        watch_banner._seen(clock.now())
    with django_assert_num_queries(0):
        watch_banner._seen(clock.now())


def test_a_cache_that_is_away_takes_no_page_with_it(organiser, settings, tmp_path):
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{tmp_path}/none.sock"}
    BeatPulse.objects.update(at=clock.now() - timedelta(minutes=4))
    settings.CACHES = {"default": gone}
    text = organiser.get("/admin/").content.decode()
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert STILL in text


# Was everyone told?


def test_organisers_read_who_was_not_told_in_their_calls_and_where_to_act(organiser):
    theirs, others = CallFactory(organisers=[organiser.user], capacity=1), CallFactory()
    lost, kept, other = register(theirs, 1), register(theirs, 2), register(others, 3)
    OutgoingMail.objects.filter(registration=lost, kind="confirmed").delete()
    OutgoingMail.objects.filter(registration=other).delete()
    refused = OutgoingMail.objects.get(registration=kept, kind="waiting_list")
    OutgoingMail.objects.filter(pk=refused.pk).update(state=MailState.REFUSED, last_error="Refused for good (550).")
    check()

    page = organiser.get(TOLD).content.decode()
    index = organiser.get("/admin/").content.decode()

    assert f"/admin/registrations/registration/{lost.pk}/change/" in page
    assert "Was never written" in page
    assert f"/admin/registrations/outgoingmail/{refused.pk}/change/" in page
    assert "Refused for good (550)." in page
    assert other.reference not in page
    assert "Bērziņš" not in page
    assert "2 need a look" in index
    assert TOLD in index


def test_the_page_costs_the_same_for_one_call_and_for_three(organiser, django_assert_num_queries):
    for number in range(3):
        register(CallFactory(organisers=[organiser.user]), number)
        OutgoingMail.objects.filter(kind="confirmed").delete()
        check()
        organiser.get(TOLD)
        with django_assert_num_queries(10):
            organiser.get(TOLD)


def test_who_does_not_organise_is_not_shown_the_check():
    assert signed_in(Role.PUBLISHER).get(TOLD).status_code == 403


def test_without_a_check_the_page_says_so(organiser):
    CallFactory(organisers=[organiser.user])
    assert "Nothing was checked in the last week" in organiser.get(TOLD).content.decode()
    assert watch.last_check(watch.Call.objects.all(), now=clock.now()) is None


def check() -> None:
    """The check of the day of the story, as if it had been made just now."""
    reconciling.reconcile(now=MORNING)
    watch.Reconciliation.objects.update(checked_at=clock.now())
