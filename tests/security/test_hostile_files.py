"""Files that people hand in: what would act or swell is refused in words and in time, and the rest tells on nobody."""

import io
import threading
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.enums import Role
from events.models import Publication
from ranportal.shared import cleaning
from registrations.models import Answer, Registration
from registrations.services import uploads
from tests import papers
from tests.events.reading import body_of
from tests.factories import CallFactory, PublicationFactory, QuestionFactory, UserFactory
from tests.registrations.pages import FORM, register_url
from tests.security import hostile_files
from tests.security.hostile_files import CANARY, REFUSED, REFUSED_PICTURES

#: Seconds that a refusal may take on two busy cores; a limit of our own ends it after cleaning.PATIENCE.
QUICK = 10
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


def test_thirty_and_more_files_are_tried():
    assert len(REFUSED) + len(REFUSED_PICTURES) >= 30


@pytest.mark.parametrize("name", [*REFUSED, *REFUSED_PICTURES])
def test_a_hostile_file_is_refused_in_words_and_in_time(name):
    content = (REFUSED | REFUSED_PICTURES)[name]()
    started = time.monotonic()

    with pytest.raises(cleaning.FileRefused, match=r"Please .*\."):
        cleaning.cleaned(content, TYPES[name.rpartition(".")[2]])

    assert time.monotonic() - started < QUICK


def test_without_the_look_a_script_would_be_stored(monkeypatch):
    """The control: a PDF with a script is a PDF, and nothing else refuses it."""
    monkeypatch.setitem(cleaning._PROGRAMS, "application/pdf", "../../../tests/security/takes_anything.py")

    assert b"/JavaScript" in cleaning.cleaned(REFUSED["opens-script.pdf"](), "application/pdf")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (hostile_files.told_on_pdf(), "application/pdf"),
        (hostile_files.told_on_picture("JPEG"), "image/jpeg"),
        (hostile_files.told_on_picture("PNG"), "image/png"),
    ],
    ids=["pdf", "jpeg", "png"],
)
def test_what_is_stored_tells_on_nobody(content, content_type):
    if content_type == "application/pdf":
        # What is behind the end of a PDF is a reason to refuse it; inside a photograph it is taken out.
        assert content.count(CANARY.encode()) >= 5
    else:
        assert CANARY.encode() in content

    kept = cleaning.cleaned(content, content_type)

    assert CANARY.encode() not in kept
    assert b"<script" not in kept
    assert kept.startswith(content[:4])


def test_a_file_of_our_own_making_stays_as_it_is():
    assert cleaning.cleaned(papers.pdf(), "application/pdf") == papers.pdf()
    assert cleaning.cleaned(papers.picture(), "image/png") == papers.picture()


def test_the_program_that_looks_at_files_knows_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "nobody-else-s")
    monkeypatch.setitem(cleaning._PROGRAMS, "application/pdf", "../../../tests/security/tells_its_environment.py")

    assert b"nobody-else-s" not in cleaning.cleaned(b"", "application/pdf")


def test_a_program_that_breaks_is_a_refusal(monkeypatch):
    monkeypatch.setitem(cleaning._PROGRAMS, "application/pdf", "../../../tests/security/breaks.py")

    with pytest.raises(cleaning.FileRefused, match="cannot be read"):
        cleaning.cleaned(b"", "application/pdf")


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_photograph_with_a_second_picture_behind_it_is_taken_without_that(is_whole):
    out, first, second = io.BytesIO(), Image.new("RGB", (64, 48), "navy"), Image.new("RGB", (32, 24), "red")
    first.save(out, "MPO", save_all=True, append_images=[second])
    content = out.getvalue()
    # Where a program took the second away, the first still tells of it.
    content = content if is_whole else content[: content.rindex(b"\xff\xd8\xff")]

    kept = cleaning.cleaned(content, "image/jpeg")

    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size, getattr(picture, "n_frames", 1)) == ("JPEG", (64, 48), 1)


def test_a_program_that_never_ends_is_a_refusal(monkeypatch):
    monkeypatch.setitem(cleaning._PROGRAMS, "application/pdf", "../../../tests/security/never_ends.py")
    monkeypatch.setattr(cleaning, "PATIENCE", 1)

    with pytest.raises(cleaning.FileRefused, match="too long"):
        cleaning.cleaned(b"", "application/pdf")


def test_a_file_that_took_too_long_keeps_no_other_from_its_turn(monkeypatch):
    monkeypatch.setattr(cleaning, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(cleaning, "PATIENCE", 0)

    with pytest.raises(cleaning.FileRefused, match="too long"):
        cleaning.cleaned(b"%PDF-1.7", "application/pdf")

    assert cleaning._turns.acquire(blocking=False)


# Where people hand them in


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["opens-script.pdf", "html-behind.pdf", "protected.pdf", "attachment.pdf"])
def test_a_publisher_reads_what_to_do(client, name):
    client.force_login(UserFactory(role=Role.PUBLISHER))
    file = SimpleUploadedFile(name, REFUSED[name](), "application/pdf")

    answer = client.post("/admin/events/publication/add/", {"title": "A", "slug": "a", "document": file})

    assert answer.status_code == 200
    assert "choose" in answer.content.decode() or "save it anew" in answer.content.decode()
    assert not Publication.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["opens-script.pdf", "protected.pdf", "html.jpg", "too-wide.png"])
def test_a_registrant_reads_what_to_do(client, name):
    call = CallFactory(closes_at="2099-01-01T00:00:00Z")
    QuestionFactory(call=call, key="cv", kind="file")
    file = SimpleUploadedFile(name, (REFUSED | REFUSED_PICTURES)[name](), "application/pdf")

    answer = client.post(register_url(call), {**FORM, "q-cv": file})

    assert answer.status_code == 422
    assert "Please" in answer.content.decode()
    assert not Registration.objects.exists()


@pytest.mark.django_db
def test_what_a_registrant_hands_in_is_stored_cleaned(client):
    call = CallFactory(closes_at="2099-01-01T00:00:00Z")
    QuestionFactory(call=call, key="cv", kind="file")
    file = SimpleUploadedFile(f"{CANARY}.php.jpg", hostile_files.told_on_picture("JPEG"), "text/html")

    assert client.post(register_url(call), {**FORM, "q-cv": file}).status_code == 303

    answer = Answer.objects.get()
    with uploads.opened(answer) as stored:
        assert CANARY.encode() not in stored.read()
    assert "." not in answer.file.name


@pytest.mark.django_db
def test_a_paper_is_stored_under_the_name_of_its_page(client):
    client.force_login(UserFactory(role=Role.PUBLISHER))
    file = SimpleUploadedFile(f"{CANARY}.php.pdf", papers.pdf(), "application/pdf")
    typed = {"title": "A", "slug": "the-paper", "kind": "expert_opinion", "department": "D", "body": "B"}

    answer = client.post("/admin/events/publication/add/", {**typed, "status": "draft", "document": file})

    assert answer.status_code == 302
    assert Publication.objects.get().document.name == "publications/the-paper.pdf"


# How they are served


@pytest.mark.django_db
def test_a_paper_is_handed_over_to_be_saved_and_can_do_nothing(client):
    page = PublicationFactory(slug="paper")
    page.document.save("paper.pdf", ContentFile(papers.pdf()))

    answer = client.get("/publications/paper/document/")

    assert body_of(answer) == papers.pdf()
    assert answer["Content-Disposition"] == 'attachment; filename="paper.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["draft", "withdrawn", "scheduled"])
def test_a_paper_that_is_not_out_is_nowhere(client, state):
    more = {"published_at": "2099-01-01T00:00:00Z"} if state == "scheduled" else {"status": state}
    page = PublicationFactory(slug="paper", **more)
    page.document.save("paper.pdf", ContentFile(papers.pdf("old")))
    page.document.save("paper.pdf", ContentFile(papers.pdf("new")))
    guesses = [f"{folder}{name}" for folder in ("/", "/media/", "/static/", "/publications/", "/private/")
               for name in (page.document.name, "publications/paper.pdf", "paper.pdf", "answers/")]  # fmt: skip

    statuses = {client.get(address).status_code for address in ["/publications/paper/document/", *guesses]}

    assert statuses == {404}


@pytest.mark.django_db
def test_once_it_is_out_it_is_there(client):
    """The control of the one before."""
    page = PublicationFactory(slug="paper")
    page.document.save("paper.pdf", ContentFile(papers.pdf()))

    assert body_of(client.get("/publications/paper/document/")) == papers.pdf()
