"""A database that only reads, or is full, for a while: 503 for who sends a form, nothing half, and then all goes on."""

import time
from functools import partial
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ranportal.shared import clock
from registrations.enums import QuestionKind
from registrations.models import OutgoingMail, Registration
from tests import papers
from tests.factories import QuestionFactory
from tests.faults import full_disks, invariants, mails, report, scaling
from tests.faults.crowd import Crowd, form_of, open_call
from tests.races.web import at_once
from tests.registrations.pages import FORM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
GUARDED = "python:tests.faults.guarded"
UNGUARDED = "python:tests.faults.unguarded"
SMALL_DISK = "python:tests.faults.small_disk"
SIGN_IN = {"username": "somebody@example.org", "password": "not the password"}


@pytest.fixture
def size() -> tuple[int, int, int]:
    """Seconds that a fault lasts, people who send a form, mails that are waiting."""
    return (60, 200, 500) if report.is_full() else (2, 20, 40)


@pytest.fixture
def faults(request, tmp_path):
    """What may befall this database, and the web server's configuration with its variables."""
    if connection.vendor == "sqlite":
        # Pages that earlier tests left free would keep it from being full.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        file = tmp_path / "pragma"
        orders = {"read-only": "query_only = ON", "full": "max_page_count = 1"}
        made = {name: partial(full_disks.pragma, file, statement) for name, statement in orders.items()}
        return made, {"config": SMALL_DISK, "SMALL_DISK": str(file)}
    database = request.getfixturevalue("small_database")
    made = {"read-only": partial(full_disks.read_only, database), "full": partial(full_disks.full, database)}
    return made, {"config": GUARDED}


@pytest.mark.both_databases
def test_a_database_that_takes_no_more_answers_503_and_goes_on_by_itself(faults, web, worker, smtp_sink, size):
    made, options = faults
    smtp_sink.behaviour.delay_seconds = 0.02
    call = open_call()
    server = web(**options)
    clerk = worker(concurrency=1, has_beat=True, app="tests.faults.impatient")
    seconds, people, waiting = size
    for number, (name, fault) in enumerate(made.items(), start=1):
        mails.put_mails(waiting, call=call, name=name)
        crowd, seen = through(fault, name, server, call, seconds=seconds, people=people)
        mails.wait_until_nothing_is_open(seconds=180)
        found, rows = mails.count(smtp_sink), Registration.objects.count()
        report.add(
            fault=f"database {name} for {seconds} s ({seen['how']})",
            goal="503, nothing partial, recovers by itself",
            reached=(
                f"forms meanwhile {seen['forms']}, a page {seen['page']}, sign-in {seen['sign_in']}; afterwards"
                f" {len(crowd.told)} of {people} success pages, {rows} registrations of {number * (people + waiting)},"
                f" mails lost {found.lost}, repeats {found.repeats}; {scaling.SCALING}"
            ),
        )
        assert set(crowd.said) == {303, 503}
        assert all(answer.retry_after for answer in crowd.answers if answer.said == 503)
        assert seen["page"] == 200
        assert seen["sign_in"] in ((503,) if name == "read-only" else (200, 503))
        assert 303 not in seen["forms"] or name == "full"
        assert (len(crowd.told), found.lost, found.strange) == (people, 0, 0)
        invariants.check(now=clock.now(), made=number * (people + waiting))
    assert clerk.process.poll() is None


def through(fault, name, server, call, *, seconds, people):
    """People send forms while it lasts and afterwards; returns them, and what was seen meanwhile."""
    start = time.monotonic()
    browser = server.browser()
    with fault() as how:
        crowd = Crowd(server, call, people=people, at_a_time=3, name=f"{name}-crowd").start()
        mails.wait_until(lambda: crowd.said[503] >= 3, seconds=60)
        page = browser.get(f"/events/{call.event.slug}/")
        sign_in = browser.post("/admin/login/", SIGN_IN)
        time.sleep(max(0.0, start + seconds - time.monotonic()))
        forms = dict(crowd.said)
    crowd.finish()
    return crowd, {"how": how, "forms": forms, "page": page, "sign_in": sign_in}


def test_without_our_page_it_is_500_and_a_kept_connection_only_reads_for_ever(own_database, web):
    """The control: neither known as an outage, nor let go of."""
    call = open_call()
    server = web(config=UNGUARDED)

    def posts(name: str) -> list[int]:
        forms = [FORM | {"email": f"{name}{number}@example.org"} for number in range(30)]
        return at_once([partial(server.browser().post, form_of(call), form) for form in forms])

    with full_disks.read_only(own_database):
        during = posts("during")
    after = posts("after")
    report.add(
        fault="control: a read-only database without our page, and connections kept",
        goal="500 is seen, and errors go on",
        reached=f"{during.count(500)} of 30 times 500 while read-only, {after.count(500)} of 30 afterwards",
    )
    assert set(during) == {500}
    assert 500 in after


def test_a_file_that_the_disk_does_not_take_leaves_nothing_and_the_same_form_goes_through_later(web, settings):
    call = open_call()
    QuestionFactory(call=call, key="cv", kind=QuestionKind.FILE, is_required=True)
    folder = Path(settings.STORAGES["private"]["OPTIONS"]["location"])
    server = web(config=GUARDED)

    def send() -> tuple[int, int, int, int]:
        """The answer, and afterwards registrations, mails and files."""
        upload = SimpleUploadedFile("cv.pdf", papers.pdf(kilobytes=300))
        answer = server.browser().post_files(form_of(call), FORM | {"q-cv": upload})
        stored = sum(path.is_file() for path in folder.rglob("*"))
        return answer, Registration.objects.count(), OutgoingMail.objects.count(), stored

    with full_disks.no_room_for_files(server.workers, most=100_000):
        meanwhile = [send() for _ in range(5)]
    afterwards = [send() for _ in range(2)]
    report.add(
        fault="the disk takes 100 kB of a file of 300 kB (a limit of the system on the web processes)",
        goal="503, no row, no half file, the same form goes through later",
        reached=f"(answer, registrations, mails, files) meanwhile {set(meanwhile)}, afterwards {set(afterwards)}",
    )
    assert set(meanwhile) == {(503, 0, 0, 0)}
    assert set(afterwards) == {(303, 1, 1, 1)}
