"""What the administrators' page of an account shows: roles by their names, and of a password only whether it is set."""

import pytest
from django.test import override_settings

from accounts.enums import Role
from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ARGON = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.fixture
def client(client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    return client


def page_of(client, user):
    return client.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()


@pytest.mark.parametrize("administrator", [False, True], ids=["to change", "to read"])
def test_of_a_password_only_that_it_is_set_is_shown(client, administrator):
    with override_settings(PASSWORD_HASHERS=ARGON):
        user = UserFactory(administrator=administrator)
        algorithm, _, *parts = User.objects.get(pk=user.pk).password.split("$")
        page = page_of(client, user)
    assert "A password is set." in page
    assert algorithm not in page
    for word in ("algorithm", "memory cost", *(part[:6] for part in parts)):
        assert word not in page


def test_an_account_without_a_password_says_so(client):
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    page = page_of(client, user)
    assert "No password is set." in page
    assert "A password is set." not in page


@pytest.mark.parametrize("administrator", [False, True], ids=["to change", "to read"])
def test_roles_stand_by_their_names(client, administrator):
    user = UserFactory(role=Role.DATA_PROTECTION, administrator=administrator)
    assert "Data protection officer" in page_of(client, user)
    assert "data_protection" not in page_of(client, user)


def test_the_list_of_accounts_and_its_filter_name_the_roles_and_still_filter(client):
    officer, other = UserFactory(role=Role.DATA_PROTECTION), UserFactory(role=Role.REVIEWER)
    page = client.get("/admin/accounts/user/").content.decode()
    assert page.count("Data protection officer") >= 2
    assert "data_protection" not in page
    found = client.get(f"/admin/accounts/user/?groups__id__exact={officer.groups.get().pk}").content.decode()
    assert officer.email in found
    assert other.email not in found
