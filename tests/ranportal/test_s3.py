"""Documents and uploads in a store that speaks S3: the same pages, the same headers, and no other way to a file."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from events.models import Publication
from ranportal import env
from ranportal.shared.stores import StoreDown
from registrations.models import Answer, OutgoingMail, Registration
from registrations.services import privacy, uploads
from tests import sealed
from tests.events.test_publisher_admin import PDF, publication, upload
from tests.factories import NOW, AnswerFactory, CallFactory, PublicationFactory, QuestionFactory, UserFactory
from tests.registrations.pages import form, register_url
from tests.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def at_now() -> Iterator[None]:
    """Every request reaches the portal at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture
def s3(server: S3Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """This test's files lie in the store."""
    use(server.environ["MEDIA_STORAGE"], settings, monkeypatch)
    server.empty()
    return server


@pytest.fixture
def no_s3(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name a store, and nobody is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    use(f"s3://{BUCKET}?endpoint_url=http://127.0.0.1:{port}", settings, monkeypatch)


def use(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STORAGES = settings.STORAGES | stores_at(url)
    # A model asks for its store once, when the program starts.
    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", storages["private"])


def stores_at(url: str) -> dict[str, Any]:
    return env.storages(url, private_folder="", access_key=ACCESS_KEY, secret_key=SECRET_KEY)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def publisher(client: Client) -> None:
    client.force_login(UserFactory(role=Role.PUBLISHER))


def a_paper(content: bytes = PDF) -> Publication:
    paper = PublicationFactory(slug="paper")
    paper.document.save("paper.pdf", ContentFile(content))
    return paper


# Documents of publications


def test_a_document_uploaded_by_staff_lies_in_the_store_and_is_served(client, publisher, s3, settings):
    client.post(reverse("admin:events_publication_add"), publication(document=upload(PDF), status="published"))
    page = Publication.objects.get()

    answer = client.get(f"/publications/{page.slug}/document/")

    assert [key.rpartition("/")[0] for key in s3.stored()] == ["live/media/publications"]
    assert not Path(settings.MEDIA_ROOT).exists()
    assert b"".join(answer.streaming_content) == PDF


def test_a_document_comes_with_the_headers_that_it_has_from_the_disk(client, s3, settings):
    a_paper()
    from_store = client.get("/publications/paper/document/")
    body = b"".join(from_store.streaming_content)
    settings.STORAGES = settings.STORAGES | env.storages("", private_folder="")
    Publication.objects.get().document.save("paper.pdf", ContentFile(PDF))
    from_disk = client.get("/publications/paper/document/")

    assert body == b"".join(from_disk.streaming_content) == PDF
    del from_store.headers["X-Request-ID"], from_disk.headers["X-Request-ID"]
    assert dict(from_store.headers) == dict(from_disk.headers)
    assert from_store["Content-Length"] == str(len(PDF))


def test_the_page_shows_size_and_type_of_the_stored_document(client, s3):
    a_paper(PDF + b"x" * (300 * 1024 - len(PDF)))
    page = client.get("/publications/paper/").content.decode()
    assert "PDF" in page
    assert "300" in page


def test_a_document_that_is_gone_from_the_store_is_not_found(client, s3):
    a_paper()
    s3.empty()
    assert client.get("/publications/paper/document/").status_code == 404
    assert "not available at the moment" in client.get("/publications/paper/").content.decode()


def test_a_document_in_a_store_that_is_away_is_said_with_when_to_come_back(client, no_s3):
    PublicationFactory(slug="paper", document="publications/paper.pdf")
    document, page = client.get("/publications/paper/document/"), client.get("/publications/paper/")
    assert (document.status_code, document["Retry-After"]) == (503, "30")
    assert page.status_code == 200
    assert "not available at the moment" in page.content.decode()


def test_an_upload_of_staff_to_a_store_that_is_away_changes_nothing(client, publisher, no_s3):
    answer = client.post(reverse("admin:events_publication_add"), publication(document=upload(PDF)))
    assert (answer.status_code, Publication.objects.count()) == (503, 0)


def test_an_uploaded_document_gets_a_name_that_nobody_used(s3):
    # Two machines that look at the same moment both find a name free.
    names = {Publication._meta.get_field("document").generate_filename(None, "paper.pdf") for _ in range(9)}
    assert len(names) == 9
    assert {(name.startswith("publications/paper_"), name.endswith(".pdf")) for name in names} == {(True, True)}


def test_a_file_can_be_brought_back_under_its_old_name_and_never_over_another(s3):
    names = [default_storage.save("publications/paper.pdf", ContentFile(PDF)) for _ in range(2)]
    assert names[0] == "publications/paper.pdf"
    assert len(s3.stored()) == 2


# What registrants upload


def test_a_registrants_file_lies_in_the_private_folder_under_a_name_that_says_nothing(client, s3):
    question = QuestionFactory(call=CallFactory(), key="cv", kind="file")
    cv = SimpleUploadedFile("jānis.pdf", PDF, "application/pdf")

    answer = client.post(register_url(question.call), form(q_cv=cv))

    stored = Answer.objects.get().file
    assert answer.status_code == 303
    assert s3.stored() == [f"live/private/{stored.name}"]
    assert "jānis" not in str(s3.client.head_object(Bucket=BUCKET, Key=s3.stored()[0]))
    assert stored.read() != PDF
    assert uploads.opened(Answer.objects.get()).read() == PDF


def test_organisers_download_it_and_it_is_not_found_once_it_is_gone(client, s3):
    answer = AnswerFactory(question__kind="file", question__key="cv", value={"content_type": "application/pdf"})
    sealed.attach(answer, PDF)
    staff = UserFactory(administrator=True)
    answer.registration.call.organisers.add(staff)
    client.force_login(staff)
    address = reverse("admin:registrations_registration_change", args=[answer.registration_id])
    address = address.replace("/change/", f"/files/{answer.pk}/")

    found = client.get(address)
    body = b"".join(found.streaming_content)
    s3.empty()

    assert (found.status_code, body, found["Content-Length"]) == (200, PDF, str(len(PDF)))
    assert client.get(address).status_code == 404


def test_a_registration_with_a_file_is_not_half_taken_in_while_the_store_is_away(client, no_s3):
    question = QuestionFactory(call=CallFactory(), key="cv", kind="file")
    answer = client.post(register_url(question.call), form(q_cv=SimpleUploadedFile("cv.pdf", PDF, "application/pdf")))
    assert answer.status_code == 503
    assert (Registration.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def test_a_registration_without_a_file_needs_no_store(client, no_s3):
    question = QuestionFactory(call=CallFactory(), key="cv", kind="file")
    assert client.post(register_url(question.call), form()).status_code == 303


def test_an_erasure_deletes_the_file_from_the_store(s3, django_capture_on_commit_callbacks):
    answer = AnswerFactory(question__kind="file", value={})
    sealed.attach(answer, PDF)
    assert len(s3.stored()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(email=answer.registration.identity.email, by=None, now=NOW)
    assert s3.stored() == []


# The store itself


def test_no_file_has_an_address_of_its_own_and_nobody_else_is_let_in(s3):
    name = default_storage.save("paper.pdf", ContentFile(PDF))
    with pytest.raises(ValueError, match="not accessible via a URL"):
        default_storage.url(name)
    grants = s3.client.get_object_acl(Bucket=BUCKET, Key=s3.stored()[0])["Grants"]
    assert [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants] == [("CanonicalUser", "FULL_CONTROL")]


def test_an_object_that_is_made_public_would_be_seen(s3):
    s3.client.put_object(Bucket=BUCKET, Key="public", Body=PDF, ACL="public-read")
    grants = s3.client.get_object_acl(Bucket=BUCKET, Key="public")["Grants"]
    assert "READ" in {grant["Permission"] for grant in grants}
    assert requests.get(f"{s3.endpoint}/{BUCKET}/public", timeout=5).content == PDF


def test_only_what_is_read_is_fetched_and_from_where(s3):
    name = default_storage.save("long", ContentFile(bytes(range(256)) * 4096))
    with default_storage.open(name) as file:
        file.seek(-3, 2)
        assert (file.size, file.read(), file.read()) == (2**20, b"\xfd\xfe\xff", b"")
        file.seek(256 * 5)
        assert file.read(2) == b"\x00\x01"


def test_a_file_outside_the_folder_is_refused(client, s3):
    s3.client.put_object(Bucket=BUCKET, Key="live/private/secret", Body=b"%PDF")
    PublicationFactory(slug="paper", document="../private/secret")
    assert client.get("/publications/paper/document/").status_code in (400, 404)


def test_an_empty_file_is_an_empty_file(s3):
    assert default_storage.open(default_storage.save("empty", ContentFile(b""))).read() == b""


def test_a_store_that_refuses_us_is_a_store_in_trouble(s3, settings):
    settings.STORAGES = settings.STORAGES | stores_at(f"s3://another?endpoint_url={s3.endpoint}")
    with pytest.raises(StoreDown):
        storages["private"].save("x", ContentFile(PDF))


def test_no_other_keys_are_looked_for(s3, monkeypatch):
    # The guard of conftest.py raises when a program asks the network for keys, as boto does without any.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "somebody-elses")
    name = default_storage.save("x", ContentFile(PDF))
    assert default_storage.open(name).read() == PDF
    credentials = default_storage._create_session().get_credentials().get_frozen_credentials()
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (ACCESS_KEY, SECRET_KEY, None)
