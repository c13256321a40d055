"""Nothing that people came for needs the cache: when it is away, they do not notice."""

import socket

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as CacheAway

from ranportal import env
from ranportal.shared import clock
from registrations.models import OutgoingMail
from tests.factories import CallFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, form, mine_url, register_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_cache")]


@pytest.fixture
def no_cache(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.CACHES = {"default": env.cache(f"redis://127.0.0.1:{port}/1")}


@pytest.fixture
def call():
    now = clock.now()
    return CallFactory(opens_at=now.replace(year=now.year - 1), closes_at=now.replace(day=1, year=now.year + 1))


def test_the_cache_of_these_tests_is_away():
    with pytest.raises(CacheAway):
        cache.set("x", 1)


def test_a_person_registers_proves_and_gives_up(client, call):
    assert client.get(register_url(call)).status_code == 200
    assert client.post(register_url(call), form()).status_code == 303
    assert OutgoingMail.objects.count() == 1
    registration = call.registrations.get()
    assert follow(client, registration).status_code == 303
    assert client.post(mine_url(registration), {"action": "prove"}).status_code == 303
    assert client.post(mine_url(registration), {"action": "withdraw"}).status_code == 303
    registration.refresh_from_db()
    assert registration.state == "withdrawn"


def test_staff_sign_in_and_see_their_people(client, call):
    user = UserFactory(administrator=True)
    call.organisers.add(user)
    RegistrationFactory(call=call)
    answer = client.post("/admin/login/", {"username": user.email, "password": "a-long-test-password"})
    assert answer.status_code == 302
    assert client.get(f"/admin/registrations/registration/?call={call.pk}").status_code == 200


@pytest.mark.parametrize("address", ["/", "/events/", "/announcements/", "/publications/", "/registrations/link/"])
def test_public_pages_are_there(address):
    assert Client().get(address).status_code == 200
