"""Headers of every answer, whatever made it."""

import pytest
from django.test import Client

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}
ANSWERS = {
    "/healthz/live/": 200,
    "/admin/login/": 200,
    "/admin/": 302,
    "/no-such-page/": 404,
    "/healthz/live/?q=%00": 400,
}


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), ANSWERS.items())
def test_every_answer_has_the_strict_policy(client, address, status):
    response = client.get(address)
    directives = {part.strip() for part in response["Content-Security-Policy"].split(";") if part.strip()}
    assert (response.status_code, directives) == (status, POLICY)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ANSWERS)
def test_every_answer_has_the_security_headers(client, address):
    headers = client.get(address).headers
    assert {name: headers[name] for name in EXPECTED} == EXPECTED


EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


@pytest.mark.django_db
def test_the_back_office_is_neither_cached_nor_indexed(client):
    headers = client.get("/admin/login/").headers
    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store, private", "noindex, nofollow")


def test_a_public_page_may_be_indexed(client):
    assert "X-Robots-Tag" not in client.get("/healthz/live/").headers


@pytest.mark.django_db
def test_no_technical_page_is_shown_for_a_missing_address(client):
    page = client.get("/no-such-page/").content.decode()
    assert "URLconf" not in page


@pytest.mark.django_db
def test_neither_cookie_can_be_read_by_scripts(client, django_user_model):
    django_user_model.objects.create_superuser(email="someone@example.org", password="a-long-password")
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": "someone@example.org", "password": "a-long-password"})
    flags = {name: (bool(cookie["httponly"]), cookie["samesite"]) for name, cookie in client.cookies.items()}
    assert flags == {"session": (True, "Lax"), "csrf": (True, "Lax")}
