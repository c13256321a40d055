"""Mails about accounts: all through the outbox, none with a secret in its row."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.urls import reverse

from accounts import reset_links
from accounts.enums import Role
from accounts.models import User
from registrations.enums import MailKind, MailState
from registrations.mail import addressing, catalogue
from registrations.models import OutgoingMail
from tests.factories import UserFactory
from tests.signing_in import PASSWORD, add_app, code

pytestmark = pytest.mark.django_db
FORGOTTEN = "/accounts/password/reset/"
NEW = {"password1": "quite-another-phrase", "password2": "quite-another-phrase"}


def link_of(mail):
    """The address in the mail as it goes out."""
    filled = addressing.filled_in(catalogue.render(mail), mail, recipient=mail.user.email).decode()
    return "/" + re.search(r"http://[^/]+/(accounts/password/reset/key/[^\s\"]+)", filled)[1]


def notices(user):
    return [mail.facts["notice"] for mail in OutgoingMail.objects.filter(user=user, kind=MailKind.STAFF_NOTICE)]


def test_a_forgotten_password_is_chosen_anew_by_the_link_in_the_mail(client):
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email.upper()})
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.user, mail.state) == (MailKind.STAFF_RESET, user, MailState.QUEUED)
    form = client.get(link_of(mail), follow=True)
    assert "Choose a password" in form.content.decode()
    token = reset_links.token_of(user, at=mail.date).partition("-")[2]
    assert token not in form.redirect_chain[-1][0]
    assert client.post(form.redirect_chain[-1][0], NEW).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW["password1"])
    assert notices(user) == ["A new password was chosen for your account."]


def test_the_link_opens_once_and_following_it_changes_nothing(client):
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email})
    link = link_of(OutgoingMail.objects.get())
    for _ in range(3):
        shown = client.get(link, follow=True)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.post(shown.redirect_chain[-1][0], NEW)
    assert "opens nothing any more" in client.get(link, follow=True).content.decode()


def test_the_link_is_over_after_an_hour(client):
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email})
    mail = OutgoingMail.objects.get()
    link = link_of(mail)
    with time_machine.travel(mail.date + timedelta(minutes=61)):
        assert "opens nothing any more" in client.get(link, follow=True).content.decode()


def test_signing_in_meanwhile_ends_the_link(client):
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email})
    link = link_of(OutgoingMail.objects.get())
    client.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    client.logout()
    assert "opens nothing any more" in client.get(link, follow=True).content.decode()


def test_a_link_of_one_account_opens_no_other(client):
    user, other = UserFactory(), UserFactory()
    client.post(FORGOTTEN, {"email": user.email})
    mail = OutgoingMail.objects.get()
    mine = reset_links.token_of(user, at=mail.date)
    theirs = reset_links.token_of(other, at=mail.date).partition("-")[0] + "-" + mine.partition("-")[2]
    address = f"/accounts/password/reset/key/{theirs}/"
    assert "opens nothing any more" in client.get(address, follow=True).content.decode()


def test_known_unknown_and_closed_addresses_are_answered_alike(client):
    UserFactory(email="known@example.org")
    UserFactory(email="closed@example.org", is_active=False)
    answers = {
        (response.status_code, response.headers["Location"])
        for address in ("known@example.org", "closed@example.org", "nobody@example.org")
        for response in [client.post(FORGOTTEN, {"email": address})]
    }
    assert answers == {(302, reverse("account_reset_password_done"))}
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize("address", ["known@example.org", "nobody@example.org"])
def test_the_answer_takes_as_long_for_everybody(client, settings, address):
    settings.ANSWER_FLOOR = timedelta(seconds=0.5)
    UserFactory(email="known@example.org")
    started = time.monotonic()
    client.post(FORGOTTEN, {"email": address})
    assert time.monotonic() - started >= 0.5


def test_who_asks_again_at_once_gets_one_mail(client):
    user = UserFactory()
    with time_machine.travel("2026-09-01T12:01:00Z"):
        for _ in range(3):
            client.post(FORGOTTEN, {"email": user.email})
    assert OutgoingMail.objects.count() == 1


def test_each_change_of_an_account_is_told_to_its_owner(client, django_capture_on_commit_callbacks):
    user = UserFactory()
    client.force_login(user)
    changed = {"oldpassword": PASSWORD, **NEW}
    client.post(reverse("account_change_password"), changed)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": code(secret=secret)})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"), {})
    client.post(reverse("mfa_deactivate_totp"), {})
    assert sorted(notices(user)) == [
        "An app that makes codes was added to your account as a second factor.",
        "New recovery codes were made. The old ones open nothing any more.",
        "The app that makes codes was taken away from your account.",
        "Your password was changed.",
    ]


def test_a_wrong_old_password_changes_nothing_and_is_counted(client):
    user = UserFactory()
    client.force_login(user)
    wrong = {"oldpassword": "wrong", **NEW}
    assert [client.post(reverse("account_change_password"), wrong).status_code for _ in range(6)][-2:] == [429, 429]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("times", [1, 3])
def test_of_a_refused_password_nothing_that_was_typed_is_stored(client, times):
    user = UserFactory()
    client.force_login(user)
    for _ in range(times):
        client.post(f"{reverse('account_change_password')}?next=typed-too", {"oldpassword": "wrong-one", **NEW})
        client.post("/admin/login/", {"username": user.email, "password": "wrong-one", "more": NEW["password1"]})
    attempts = AccessAttempt.objects.all()
    assert sum(attempts.values_list("failures_since_start", flat=True)) >= times
    stored = str(list(attempts.values()))
    assert not [word for word in (NEW["password1"], "wrong-one", "typed-too", "csrf") if word in stored]


def test_six_mails_a_day_and_three_an_hour_go_to_one_account_whoever_asks(client):
    user = UserFactory()
    with time_machine.travel("2026-09-01T12:01:00Z") as clock:
        for _ in range(4):
            client.post(FORGOTTEN, {"email": user.email})
            clock.shift(timedelta(minutes=15))
        assert OutgoingMail.objects.count() == 3
        for _ in range(20):
            clock.shift(timedelta(minutes=61))
            client.post(FORGOTTEN, {"email": user.email})
        assert OutgoingMail.objects.count() == 6


def test_an_administrator_mails_a_link_whatever_strangers_asked_for(client):
    user = UserFactory()
    with time_machine.travel("2026-09-01T12:01:00Z") as clock:
        for _ in range(3):
            client.post(FORGOTTEN, {"email": user.email})
            clock.shift(timedelta(minutes=15))
        client.force_login(UserFactory(administrator=True))
        client.post(f"/admin/accounts/user/{user.pk}/mail-password-link/")
    assert OutgoingMail.objects.count() == 4


def test_administrators_see_that_mail_went_to_staff_and_never_what_it_said(client):
    user = UserFactory(email="colleague@example.org")
    client.post(FORGOTTEN, {"email": user.email})
    mail = OutgoingMail.objects.get()
    client.force_login(UserFactory(administrator=True))
    assert "colleague@example.org" in client.get("/admin/registrations/outgoingmail/").content.decode()
    page = client.get(f"/admin/registrations/outgoingmail/{mail.pk}/change/").content.decode()
    assert "shown to nobody here" in page
    assert "Choose your password" not in page


def test_an_organiser_sees_no_mail_to_staff(client):
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email})
    client.force_login(UserFactory(role=Role.ORGANISER))
    mail = OutgoingMail.objects.get()
    assert client.get(f"/admin/registrations/outgoingmail/{mail.pk}/change/").status_code == 404


def test_the_second_factor_is_asked_for_after_a_new_password_too(client):
    user = UserFactory()
    add_app(user)
    client.post(FORGOTTEN, {"email": user.email})
    form = client.get(link_of(OutgoingMail.objects.get()), follow=True)
    client.post(form.redirect_chain[-1][0], NEW)
    answer = client.post("/admin/login/", {"username": user.email, "password": NEW["password1"]})
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert User.objects.get().authenticator_set.exists()
