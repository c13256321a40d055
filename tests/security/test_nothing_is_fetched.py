"""The server asks for nothing at an address that somebody names: a listener on this machine is never spoken to."""

import io
import socket
import threading
from collections.abc import Iterator
from urllib.request import urlopen

import pikepdf
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.enums import Role
from events.models import Announcement, Event, Publication
from ranportal.shared import cleaning
from registrations.enums import QuestionKind
from registrations.mail import delivery
from registrations.models import Answer, OutgoingMail, Registration
from tests.factories import NOW, CallFactory, EventFactory, PublicationFactory, QuestionFactory, UserFactory
from tests.registrations.pages import form, register_url


class Listener:
    """Hears on a port of this machine and counts who speaks to it."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.visits = 0
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}/canary"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            self.visits += 1
            line.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")
            line.close()

    def close(self) -> None:
        """Hear no more."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    yield heard
    heard.close()


def paper(address: str) -> bytes:
    """A PDF with a link that its readers may click."""
    with pikepdf.new() as made:
        page = made.add_blank_page()
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(address))
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]), A=link
        )
        page.Annots = pikepdf.Array([made.make_indirect(note)])
        out = io.BytesIO()
        made.save(out)
    return out.getvalue()


def test_looking_at_a_file_fetches_nothing(listener):
    assert cleaning.cleaned(paper(listener.address), "application/pdf")
    assert listener.visits == 0


@pytest.mark.django_db
def test_what_registrants_name_is_not_fetched(client, listener, settings):
    settings.SITE_URL = "https://portal.example.org"
    call = CallFactory()
    for kind in (QuestionKind.URL, QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT, QuestionKind.FILE):
        QuestionFactory(call=call, key=f"{kind}", kind=kind)
    typed = dict.fromkeys(("given_name", "family_name", "display_name", "organisation"), listener.address)
    typed |= {"q-url": listener.address, "q-short_text": listener.address, "q-long_text": f"![x]({listener.address})"}
    file = SimpleUploadedFile("cv.pdf", paper(listener.address), "application/pdf")

    with time_machine.travel(NOW, tick=False):
        answer = client.post(
            register_url(call), {**form(), **typed, "q-file": file}, headers={"Referer": listener.address}
        )
        delivery.drain(clock=lambda: NOW, seconds=5)

    assert answer.status_code == 303
    assert Answer.objects.count() == 4
    assert OutgoingMail.objects.exists()
    _look_at(Registration.objects.get())
    assert listener.visits == 0


def _look_at(registration: Registration) -> None:
    """What its organiser looks at."""
    organiser, browser = UserFactory(role=Role.ORGANISER), Client()
    registration.call.organisers.add(organiser)
    browser.force_login(organiser)
    for address in (
        f"/admin/registrations/registration/?call={registration.call_id}",
        f"/admin/registrations/registration/{registration.pk}/change/",
    ):
        assert browser.get(address).status_code == 200


@pytest.mark.django_db
def test_what_staff_name_is_not_fetched(client, listener):
    text = f"![x]({listener.address}) [x]({listener.address}) <img src={listener.address}> {listener.address}"
    event = EventFactory(slug="with-addresses", summary=text, join_link=listener.address, programme=text)
    page = PublicationFactory(slug="with-addresses", body=text, key_points=[text])
    Announcement.objects.create(
        slug="with-addresses", title=text[:200], body=text, status="published", published_at=NOW
    )
    client.force_login(UserFactory(administrator=True))

    addresses = [
        event.get_absolute_url(),
        page.get_absolute_url(),
        "/announcements/with-addresses/",
        "/events/calendar.ics",
    ]
    addresses += ["/announcements/feed/", "/sitemap.xml", f"/admin/events/event/{event.pk}/preview/"]
    with time_machine.travel(NOW, tick=False):
        answers = [client.get(address).status_code for address in addresses]

    assert (set(answers), Event.objects.count(), Publication.objects.count()) == ({200}, 1, 1)
    assert listener.visits == 0


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Referer", "Origin", "Forwarded", "X-Original-URL"])
def test_what_a_header_names_is_not_fetched(client, listener, name):
    client.get("/", headers={name: listener.address})

    assert listener.visits == 0


def test_a_visit_would_be_heard(listener):
    """The control."""
    with urlopen(listener.address):
        assert listener.visits == 1
