"""What allauth does here: nobody signs up, accounts are found by address, and what it would mail goes another way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import sealed_texts
from accounts.doors import ask_for_proof
from accounts.middleware import SEEN_AT, SIGNED_IN_AT, VOUCHED
from accounts.models import User
from accounts.provided import NotOurs, account_for, has_asked_twice, refuse_another_person
from accounts.queries import has_second_factor
from accounts.reauthentication import recently_proven
from ranportal.shared import clock

_WRONG_CODE = "This code is not right, or was used already. Please wait for the next one."
_WRONG_PASSWORD = "This is not your password."  # noqa: S105 - words on a page
_TOO_MANY = "Too many tries from here. Please wait a quarter of an hour."

#: What is written to a member of staff, by the name of allauth's mail.
NOTICES: Mapping[str, str] = {
    "account/email/password_changed": "Your password was changed.",
    "account/email/password_set": "A password was chosen for your account.",
    "account/email/password_reset": "A new password was chosen for your account.",
    "mfa/email/totp_activated": "An app that makes codes was added to your account as a second factor.",
    "mfa/email/totp_deactivated": "The app that makes codes was taken away from your account.",
    "mfa/email/webauthn_added": "A passkey was added to your account.",
    "mfa/email/webauthn_removed": "A passkey was taken away from your account.",
    "socialaccount/email/account_connected": "Your account opens through your provider of sign-in from now on.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made. The old ones open nothing any more.",
}
#: What is said on the next page, by the name of allauth's message; all others say nothing.
_SAID = {
    "account/messages/password_changed.txt": "Your new password counts from now on.",
    "account/messages/password_set.txt": "Your password counts from now on.",
    "mfa/messages/totp_activated.txt": "Your app is your second factor from now on.",
    "mfa/messages/totp_deactivated.txt": "Signing in asks for no code of an app any more.",
    "mfa/messages/webauthn_added.txt": "Your passkey is a second factor from now on.",
    "mfa/messages/webauthn_removed.txt": "The passkey opens nothing any more.",
}
#: The ways to show again who one is.
_AGAIN_BY = {
    "reauthenticate": "With my password",
    "mfa_reauthenticate": "With a code",
    "mfa_reauthenticate:webauthn": "With a passkey",
}
HINT = (
    "Your account opens with a password alone. Please add a second factor: under “My account”, in two minutes, with "
    "an app on your phone."
)


class StaffAdapter(DefaultAccountAdapter):
    """Sign-in of staff. Who mails overrides the three that mail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _WRONG_CODE,
        "incorrect_password": _WRONG_PASSWORD,
        "enter_current_password": _WRONG_PASSWORD,
        "too_many_login_attempts": _TOO_MANY,
        "rate_limited": _TOO_MANY,
    }

    # The outbox belongs to an app that this one may not know: registrations.staff_mails fills in these three, and the
    # settings name that class. Whoever named this one would lose mails, so it breaks instead.
    def mail_reset(self, user: User, *, is_new_account: bool, now: datetime, is_by_stranger: bool = False) -> None:
        """Mail the link with which this user chooses a password; what strangers ask for, so often and no more."""
        raise NotImplementedError

    def mail_notice(self, user: User, *, notice: str, now: datetime, is_by_administrator: bool = False) -> None:
        """Tell this user what changed in the account; what to do about it depends on who changed it."""
        raise NotImplementedError

    def mail_changed(self, user: User, *, changed: str, former: str, now: datetime) -> None:
        """Tell the owner, at the address until now, and the data protection officers what an administrator changed."""
        raise NotImplementedError

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["accounts.stages.SecondFactorStage"]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return [
            {**way, "description": _AGAIN_BY.get(way["id"], "")} for way in super().get_reauthentication_methods(user)
        ]

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Who has just signed in is not asked again. Raises ImmediateHttpResponse for who has nothing to show here.

        Their way leads to the provider: allauth would let them in.
        """
        if self.get_reauthentication_methods(self.request.user):
            return not recently_proven(self.request, now=clock.now())
        if asked := ask_for_proof(self.request, is_kept=False):
            raise ImmediateHttpResponse(asked)
        return False

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the user's password; counted as at sign-in."""
        found = authenticate(self.request, username=user.email, password=password)
        return found is not None and found.pk == user.pk

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session: with a new id, and with the moment from which it lasts."""
        user.backend = "django.contrib.auth.backends.ModelBackend"
        super().login(request, user)
        request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = clock.now().timestamp()
        if request.session.get(VOUCHED) != user.pk and not has_second_factor(user):
            messages.info(request, HINT)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kw: Any
    ) -> None:
        """Say it in our words, or not at all."""
        words = _SAID.get(message_template or "")
        if words:
            messages.add_message(request, level, words)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return redirect("account_inactive")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing leaves this way: no mail without a row of the outbox."""

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        self.mail_reset(user, is_new_account=False, now=clock.now(), is_by_stranger=True)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        notice = NOTICES.get(template_prefix)
        if notice:
            self.mail_notice(user, notice=notice, now=clock.now())


class FactorAdapter(DefaultMFAAdapter):
    """Second factors, their seeds sealed by the newest master key."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": _WRONG_CODE}

    def get_totp_issuer(self) -> str:
        return "RAN events portal"

    def _get_site_name(self) -> str:
        return "RAN events portal"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What stands in the form for a new passkey, until its owner calls it something else."""
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def encrypt(self, text: str) -> str:
        return sealed_texts.seal(text, key_id=uuid4())

    def decrypt(self, encrypted_text: str) -> str:
        return sealed_texts.opened(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """The picture has an address of its own: pages carry no data: address."""
        return ""

    def totp_picture(self, url: str) -> str:
        """The QR code as an SVG file."""
        return super().build_totp_svg(url)


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Sign-in through the provider of settings.OIDC_ISSUER: only into an account that is there and active."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """The provider of the settings; none stands in the database."""
        return [app for app in super().list_apps(None, provider=provider, client_id=client_id) if app.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the account by the address for which the provider vouches. Raises ImmediateHttpResponse for all else."""
        request.session.pop(VOUCHED, None)
        account = sociallogin.account
        said = account.extra_data
        try:
            user = account_for(said, nonce=sociallogin.state.get("nonce", ""), now=clock.now())
            refuse_another_person(user, provider=account.provider, uid=account.uid)
        except NotOurs:
            raise ImmediateHttpResponse(redirect("socialaccount_login_error")) from None
        sociallogin.user = user
        # Whom it is stays; what the provider told about the person is not ours to keep.
        account.extra_data = {}
        if account.pk:
            account.save(update_fields=["extra_data"])
        else:
            sociallogin.connect(request, user)
        if has_asked_twice(said, trusted=settings.OIDC_STRONG_ACR):
            request.session[VOUCHED] = user.pk
