"""Guessing passwords of staff is slow."""

import pytest

PASSWORD = "a-long-password"

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client, django_user_model):
    django_user_model.objects.create_superuser(email="someone@example.org", password=PASSWORD)

    def sign_in(password: str, address: str = "192.0.2.1", name: str = "someone@example.org") -> int:
        fields = {"username": name, "password": password}
        return client.post("/admin/login/?next=/admin/", fields, REMOTE_ADDR=address).status_code

    return sign_in


def test_the_right_password_opens(sign_in):
    assert sign_in(PASSWORD) == 302


def test_after_five_wrong_ones_even_the_right_one_waits(sign_in):
    answers = [sign_in("wrong") for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert sign_in(PASSWORD) == 429


def test_a_stranger_elsewhere_locks_nobody_out(sign_in):
    for _ in range(6):
        sign_in("wrong", address="198.51.100.7")
    assert sign_in(PASSWORD) == 302


def test_a_header_does_not_dodge_the_limit(client, sign_in):
    for number in range(5):
        client.defaults["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}"
        sign_in("wrong")
    assert sign_in(PASSWORD) == 429


def test_another_spelling_does_not_dodge_the_limit(sign_in):
    for name in ("Someone@example.org", " someone@example.org", "SOMEONE@example.org", "someone@EXAMPLE.org", "a"):
        sign_in("wrong", name=name)
    sign_in("wrong")
    assert sign_in(PASSWORD) == 429


def test_a_name_of_any_length_is_only_wrong(sign_in):
    assert sign_in("wrong", name="a" * 10_000) == 200
