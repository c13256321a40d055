"""One form, pressed many times at once, is one registration and one mail."""

from datetime import timedelta

import pytest

from ranportal.shared import clock
from registrations.models import OutgoingMail, Registration, Transition
from tests.factories import CallFactory, EventFactory
from tests.faults import report
from tests.races.web import at_once
from tests.registrations.pages import FORM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.both_databases]
POSTS = 50


def test_50_posts_of_one_form_at_once_are_one_registration_with_one_mail(web):
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[(starts_at, starts_at + timedelta(hours=2))])
    CallFactory(event=event, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9))
    browser = web().browser()
    address = f"/events/{event.slug}/register/"

    answers = at_once([lambda: browser.post(address, FORM)] * POSTS)

    counts = (Registration.objects.count(), Transition.objects.count(), OutgoingMail.objects.count())
    report.add(
        fault=f"{POSTS} posts of one form at once",
        goal="1 registration, 1 mail",
        reached=f"{counts[0]} registration, {counts[1]} move, {counts[2]} mail",
    )
    assert answers == [303] * POSTS
    assert counts == (1, 1, 1)
