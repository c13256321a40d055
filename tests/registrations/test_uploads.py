"""A file and the row that names it: neither stays without the other, whatever breaks between them."""

import errno
import os
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, OperationalError, connection, transaction

from ranportal.shared import clock
from ranportal.shared.stores import StoreDown
from registrations.enums import QuestionKind
from registrations.mail import outbox
from registrations.models import Answer, OutgoingMail, Registration
from registrations.models.answer import FOLDER, private_storage
from registrations.questions import GivenAnswer
from registrations.services import answers, intake, purging, uploads
from tests import papers
from tests.factories import NOW, AnswerFactory, CallFactory, QuestionFactory, RegistrationFactory, person
from tests.registrations.pages import form, register_url

pytestmark = pytest.mark.django_db
PDF = papers.pdf(kilobytes=2)
MOMENT = timedelta(minutes=1)
LATER = uploads.UNNAMED_KEPT + MOMENT


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """The field keeps the storage of the moment at which its model was made."""
    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", private_storage())


@pytest.fixture
def question():
    return QuestionFactory(kind=QuestionKind.FILE, key="cv")


def given(question, content=PDF):
    facts = {"name": "cv.pdf", "size": len(content), "content_type": "application/pdf"}
    return {question: GivenAnswer(facts, "cv.pdf", SimpleUploadedFile("cv.pdf", content))}


def send(question, content=PDF, number=1, now=NOW):
    said = given(question, content)
    return intake.submit(call=question.call, person=person(number), answers=said, now=now, received_at=now)


def files():
    try:
        return {f"{FOLDER}/{name}" for name in private_storage().listdir(FOLDER)[1]}
    except FileNotFoundError:
        return set()


def named():
    return set(Answer.objects.values_list("file", flat=True))


def test_what_is_sent_is_stored_under_the_name_in_its_row(question):
    send(question)
    assert uploads.opened(Answer.objects.get()).read() == PDF
    assert files() == named()


def test_the_same_form_once_more_leaves_no_second_file(question):
    send(question)
    send(question)
    assert (len(files()), files()) == (1, named())


def test_a_form_that_is_refused_leaves_no_file(question):
    with pytest.raises(intake.CallNotOpen):
        send(question, now=question.call.closes_at)
    assert files() == set()


def test_answers_that_stay_as_they_were_leave_no_second_file(question):
    registration = send(question).link.registration
    who, said = person(1), given(question)
    intake.change_answers(registration=registration, person=who, answers=said, now=NOW, received_at=NOW)
    assert (len(files()), files()) == (1, named())


def break_the_mail(monkeypatch, error):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(outbox, "put", fail)


def test_a_registration_that_breaks_after_its_answers_leaves_no_file(question, monkeypatch):
    break_the_mail(monkeypatch, ValueError("no template"))
    with pytest.raises(ValueError, match="no template"):
        send(question)
    assert (Registration.objects.count(), files()) == (0, set())


def test_without_the_guard_its_file_would_stay(question, monkeypatch):
    """The control: nothing else takes the file away."""
    break_the_mail(monkeypatch, ValueError("no template"))
    monkeypatch.setattr(uploads, "_delete", lambda names: 0)
    with pytest.raises(ValueError, match="no template"):
        send(question)
    assert len(files()) == 1


def refused_by_a_full_database(*args, **options):
    statement = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
    if connection.vendor == "sqlite":
        statement = "INSERT INTO sqlite_master DEFAULT VALUES"
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_full_database_that_answers_leaves_no_file(question, monkeypatch):
    monkeypatch.setattr(outbox, "put", refused_by_a_full_database)
    with pytest.raises(DatabaseError):
        send(question)
    assert (Registration.objects.count(), files()) == (0, set())


def test_where_the_line_broke_the_file_waits_for_the_nightly_purge(question, monkeypatch):
    """A commit may have happened unseen, and then a row names the file."""
    break_the_mail(monkeypatch, OperationalError("server closed the connection"))
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    with pytest.raises(OperationalError):
        send(question)
    assert len(files()) == 1
    purging.purge_expired(now=clock.now() + LATER)
    assert files() == set()


class FullDisk(FileSystemStorage):
    """Takes a thousand bytes of each file and no more."""

    def _save(self, name, content):
        super()._save(name, ContentFile(content.read(1000)))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_disk(monkeypatch):
    storage = FullDisk(location=private_storage().location)
    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", storage)


def test_a_file_that_the_disk_does_not_take_leaves_nothing(question, full_disk):
    with pytest.raises(StoreDown, match="No space left"):
        send(question)
    assert (Registration.objects.count(), OutgoingMail.objects.count(), files()) == (0, 0, set())


def test_who_sends_it_reads_when_to_send_it_again(question, full_disk, client):
    client.raise_request_exception = False
    with time_machine.travel(NOW, tick=False):
        response = client.post(register_url(question.call), form(q_cv=SimpleUploadedFile("cv.pdf", PDF)))
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "Sending it again is safe." in response.content.decode()
    assert (Registration.objects.count(), files()) == (0, set())


def test_a_second_file_that_is_not_taken_takes_the_first_along(question, monkeypatch):
    second = QuestionFactory(kind=QuestionKind.FILE, key="letter", call=question.call)
    storage = private_storage()
    save, taken = storage.save, []

    def save_one(name, content):
        if taken:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        taken.append(save(name, content))
        return taken[0]

    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(storage, "save", save_one)
    said = given(question) | given(second)
    with pytest.raises(StoreDown):
        intake.submit(call=question.call, person=person(), answers=said, now=NOW, received_at=NOW)
    assert (len(taken), files()) == (1, set())


def test_the_nightly_purge_takes_what_nothing_names_and_only_that(question):
    send(question)
    left = private_storage().save(f"{FOLDER}/left-by-a-killed-process", ContentFile(b"half"))
    for name in files():
        os.utime(private_storage().path(name), (NOW.timestamp(), NOW.timestamp()))
    assert purging.purge_expired(now=NOW + uploads.UNNAMED_KEPT - MOMENT).counts["files without an answer"] == 0
    assert purging.purge_expired(now=NOW + LATER, is_dry_run=True).counts["files without an answer"] == 1
    assert files() == named() | {left}
    assert purging.purge_expired(now=NOW + LATER).counts["files without an answer"] == 1
    assert files() == named() != set()


def test_a_store_that_is_away_does_not_undo_what_was_committed(
    question, monkeypatch, django_capture_on_commit_callbacks
):
    send(question)
    monkeypatch.setattr(FileSystemStorage, "delete", away)
    with django_capture_on_commit_callbacks(execute=True):
        send(question, content=PDF + b"new", now=NOW + timedelta(minutes=1))
    assert len(files()) == 2
    assert len(named() & files()) == 1


def away(*args):
    raise StoreDown("no answer")


def test_what_breaks_after_the_commit_takes_no_file_of_a_row_away(question):
    def is_ended_after_the_commit():
        registration = RegistrationFactory(call=question.call)
        with uploads.stored(given(question)) as stored:
            AnswerFactory(registration=registration, question=question, file=stored[question].stored_as)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        is_ended_after_the_commit()
    assert files() == named() != set()


def test_a_nightly_purge_without_any_file_finds_nothing():
    assert uploads.unnamed(now=clock.now()) == []


def test_answers_are_written_by_the_name_under_which_a_file_is_stored(question):
    """The lower half of the promise: writing rows stores nothing."""
    registration = RegistrationFactory(call=CallFactory())
    with transaction.atomic():
        answers.write_answers(registration, given(question), now=NOW)
    assert (files(), named()) == (set(), {""})
