"""The selection board: who is on it, in which order, and what is done to those who are ticked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.registrations.people_story import call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def test_look():
    told = story()
    client = signed_in(told.organiser)
    with CaptureQueriesContext(connection) as c:
        page = client.get(call_page(told.call, "board/"))
    for q in c: print(q["sql"][:1500])
    print(len(c))
    assert page.status_code == 200
    assert 0
