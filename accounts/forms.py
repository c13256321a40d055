"""What people type to sign in: codes are counted by account and address, and open once."""

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import ChangePasswordForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as BaseSetPasswordForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from accounts import tries

_CODE = "Code of your app, or a recovery code"
_TOO_MANY = "Too many codes were tried from here. Please wait a quarter of an hour."


class SignInForm(AdminAuthenticationForm):
    """Address and password, in the names that the sign-in page always had."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "This address and this password do not belong together, or the account is closed.",
    }


class _Counted(BaseAuthenticateForm):
    """Refuses the sixth try, and a code that was used."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _CODE
        _plain_field(self.fields["code"], autocomplete="one-time-code", inputmode="numeric")

    def clean_code(self) -> str:
        address = context.request.META.get("REMOTE_ADDR", "")
        if not tries.may_try(self.user.pk, address=address):
            raise forms.ValidationError(_TOO_MANY)
        code: str = super().clean_code()
        if not tries.is_first_use(self.user.pk, code):
            raise get_adapter().validation_error("incorrect_code")
        tries.forget(self.user.pk, address=address)
        return code


class CodeForm(_Counted, AuthenticateForm):
    """The second step of signing in."""


class CodeAgainForm(_Counted, ReauthenticateByCodeForm):
    """A code, to show again who one is."""


class PasswordAgainForm(ReauthenticateForm):
    """The password, to show again who one is."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        _plain_field(self.fields["password"], autocomplete="current-password")


class AddAppForm(ActivateTOTPForm):
    """The first code of a new app."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "The six digits that the app shows now"
        _plain_field(self.fields["code"], autocomplete="one-time-code", inputmode="numeric")

    def clean_code(self) -> str:
        code: str = super().clean_code()
        tries.is_first_use(self.user.pk, code)
        return code


class ForgottenForm(ResetPasswordForm):
    """The address of an account whose password was forgotten."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Your e-mail address"
        _plain_field(self.fields["email"], autocomplete="email")


class _Chosen:
    """A new password, typed twice."""

    fields: dict[str, forms.Field]

    def _in_our_words(self) -> None:
        self.fields["password1"].label = "New password"
        self.fields["password2"].label = "The same once more"
        for name in ("password1", "password2"):
            _plain_field(self.fields[name], autocomplete="new-password")


class ChooseForm(_Chosen, ResetPasswordKeyForm):
    """A password in place of one that was forgotten."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._in_our_words()


class FirstPasswordForm(_Chosen, BaseSetPasswordForm):
    """A password for an account that has none."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._in_our_words()


class ChangeForm(_Chosen, ChangePasswordForm):
    """Another password."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._in_our_words()
        self.fields["oldpassword"].label = "Your password until now"
        self.fields["oldpassword"].help_text = ""
        _plain_field(self.fields["oldpassword"], autocomplete="current-password")

    def clean_oldpassword(self) -> str:
        """Counted like a sign-in."""
        typed = str(self.cleaned_data.get("oldpassword", ""))
        if not get_account_adapter().reauthenticate(self.user, typed):
            raise get_account_adapter().validation_error("enter_current_password")
        return typed


def _plain_field(field: forms.Field, **attributes: str) -> None:
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)
