"""Where to report a weakness, and how to recognise our mails."""

from datetime import datetime, timedelta

import pytest
import time_machine

from tests.factories import NOW


def fields(client) -> dict[str, str]:
    """What security.txt says."""
    text = client.get("/.well-known/security.txt").content.decode()
    return dict(line.split(": ", 1) for line in text.splitlines())


def test_security_txt_says_whom_to_tell_and_until_when(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@portal.example.org"
    with time_machine.travel(NOW, tick=False):
        said = fields(client)

    assert said["Contact"] == "mailto:security@portal.example.org"
    assert said["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    assert timedelta(days=170) < datetime.fromisoformat(said["Expires"]) - NOW < timedelta(days=365)


def test_security_txt_is_plain_text_and_never_out_of_date(client):
    answer = client.get("/.well-known/security.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    with time_machine.travel(NOW + timedelta(days=4000), tick=False):
        assert datetime.fromisoformat(fields(client)["Expires"]) > NOW + timedelta(days=4000)


def test_our_mails_are_told_by_the_site_that_their_links_lead_to(client, settings):
    settings.SITE_URL = "https://portal.example.org"
    settings.MAIL_FROM = "Event secretariat <events@portal.example.org>"

    page = client.get("/recognise-our-mails/").content.decode()

    assert "https://portal.example.org/</strong>" in page
    assert 'href="mailto:events@portal.example.org"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/privacy/", "/recognise-our-mails/"])
def test_each_page_leads_to_how_to_recognise_our_mails(client, address):
    assert 'href="/recognise-our-mails/"' in client.get(address).content.decode()
