"""Too much, or what no database takes: a clear answer in our own page, and never a 5xx."""

from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import UserFactory

QUOTED = "application/x-www-form-urlencoded"
KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
PAGE = "/admin/login/"
REGISTER = "/events/no-such-event/register/"
BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def post_quoted(client, **fields: str):
    return client.post(PAGE, urlencode(fields), content_type=QUOTED)


def post_in_parts(client, **fields: object):
    return client.post(PAGE, fields)


@pytest.mark.parametrize("post", [post_quoted, post_in_parts])
@pytest.mark.parametrize("letter", ["a", "ß", "語"])
def test_200_kilobytes_of_text_are_taken_whatever_the_script(client, post, letter):
    text = letter * (200 * KILOBYTE // len(letter.encode()))
    assert post(client, username=text, password="x").status_code == 200


@pytest.mark.parametrize("post", [post_quoted, post_in_parts])
@pytest.mark.parametrize("kilobytes", [220, 500, 1500])
def test_more_text_is_refused_in_our_own_page(client, post, kilobytes):
    response = post(client, username="a" * kilobytes * KILOBYTE, password="x")
    assert response.status_code == 413
    assert "<h1" in response.content.decode()


def test_a_body_beyond_any_form_is_refused_before_it_is_parsed(client, settings):
    settings.MAX_STAFF_BODY_BYTES = MEGABYTE
    client.force_login(UserFactory(), backend=BACKEND)
    assert post_file(client, PAGE, megabytes=2).status_code == 413
    assert post_file(client, REGISTER, megabytes=13).status_code == 413


def test_a_file_within_the_limit_is_taken_where_there_are_files(client):
    assert post_file(client, REGISTER, megabytes=5).status_code == 404
    assert post_file(client, "/registrations/mine/P-2AAAA/answers/", megabytes=5).status_code != 413
    client.force_login(UserFactory(), backend=BACKEND)
    assert post_file(client, PAGE, megabytes=20).status_code == 200


@pytest.mark.parametrize("page", [PAGE, "/admin/", "/registrations/link/", "/events/", "/nowhere/"])
def test_strangers_send_files_only_where_there_are_files(client, page):
    assert post_file(client, page, megabytes=1).status_code == 413


def test_an_account_without_the_admin_is_a_stranger_there(client):
    client.force_login(UserFactory(is_staff=False), backend=BACKEND)
    assert post_file(client, PAGE, megabytes=1).status_code == 413


def post_file(client, page, *, megabytes):
    return client.post(page, {"document": SimpleUploadedFile("a.pdf", b"x" * megabytes * MEGABYTE)})


def test_more_fields_than_any_form_has_are_refused(client):
    body = "&".join(f"f{number}=" for number in range(10_000))
    assert client.post(PAGE, body, content_type=QUOTED).status_code == 400


@pytest.mark.parametrize("query", ["q=a%00b", "%00=a", "q=%ff", "q=%ed%a0%80", "q=%c3%28"])
def test_a_broken_query_is_refused(client, query):
    response = client.get(f"/healthz/live/?{query}")
    assert response.status_code == 400
    assert "<h1" in response.content.decode()


@pytest.mark.parametrize("body", ["username=a%00b", "username=%ff", "user%00name=a"])
def test_a_broken_form_is_refused(client, body):
    assert client.post(PAGE, body, content_type=QUOTED).status_code == 400


def test_a_nul_in_a_part_of_a_form_is_refused(client):
    assert post_in_parts(client, username="a\x00b").status_code == 400


def test_a_nul_in_the_address_is_refused(client):
    assert client.get("/admin/a%00b/").status_code == 400


def test_a_broken_body_in_parts_is_refused(client):
    response = client.post(PAGE, b"--x\r\nno parts", content_type="multipart/form-data; boundary=")
    assert response.status_code == 400


@pytest.mark.parametrize("page", [PAGE, "/accounts/again/", "/registrations/link/"])
def test_a_form_in_another_encoding_is_refused(page):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["csrf"] = "c" * 32
    response = browser.post(page, b"username=a", content_type=f"{QUOTED}; charset=utf-16")
    assert response.status_code == 400
    assert "We could not read your request" in response.content.decode()


def test_ordinary_text_of_any_script_passes(client):
    assert client.get("/healthz/live/?q=%C3%9F%E8%AA%9E%F0%9F%98%80").status_code == 200
