"""Keys change while many links are out and many names sealed: all still work; once a key is gone, none."""

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from ranportal.shared import sealing
from registrations.links import token_of
from registrations.models import Identity, Registration
from tests.factories import NOW, CallFactory, RegistrationFactory
from tests.registrations.test_sealing import forget_keys
from tests.security import scope

pytestmark = pytest.mark.django_db
#: A hundred in full.
MANY = 100 if scope.is_full() else 30
NEW = "a-new-key-for-the-tests-" * 4


@pytest.fixture
def registrations() -> list[Registration]:
    call = CallFactory(unlimited=True)
    return [RegistrationFactory(call=call) for _ in range(MANY)]


def working(tokens: list[str]) -> int:
    """How many of these private links lead in."""
    with time_machine.travel(NOW, tick=False):
        return sum(Client().get(f"/registrations/p/{token}/").status_code == 303 for token in tokens)


def test_the_links_that_are_out_work_while_the_former_key_is_kept_and_no_longer(registrations, settings):
    tokens = [token_of(one.links.get()) for one in registrations]
    assert working(tokens) == MANY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [settings.SECRET_KEY]
    assert working(tokens) == MANY
    assert [token_of(one.links.get()) for one in registrations] == tokens

    settings.SECRET_KEY_FALLBACKS = []
    assert working(tokens) == 0


def names(registrations: list[Registration]) -> set[str]:
    """What is read of the people, anew from the database, by a program that starts now."""
    forget_keys()
    return {who.family_name for who in Identity.objects.filter(registration__in=registrations)}


def test_what_is_sealed_opens_after_the_master_key_has_changed_and_links_work_on(registrations, settings):
    tokens = [token_of(one.links.get()) for one in registrations]

    # Without any of its own the portal takes the secret key.
    settings.MASTER_KEYS = [NEW, *(settings.MASTER_KEYS or [settings.SECRET_KEY])]
    call_command("rotate_master_key")
    settings.MASTER_KEYS = [NEW]

    assert names(registrations) == {"Bērziņš"}
    assert working(tokens) == MANY


def test_without_the_rotation_the_new_key_opens_nothing(registrations, settings):
    """The control."""
    settings.MASTER_KEYS = [NEW]

    with pytest.raises(sealing.NoMasterKey):
        names(registrations)
