"""Signing in and one's own account. Of allauth's pages only those are there that staff need; nobody signs up."""

from allauth.account import views as account
from allauth.mfa import urls as mfa_urls
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as openid
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts import views
from accounts.doors import behind_proof

_kept = ([path("drafts/<int:draft_id>/", views.draft, name="draft")], "accounts")

_accounts = [
    path("", login_required(RedirectView.as_view(pattern_name="mfa_index")), name="account"),
    path("", include(_kept)),
    path("provider/", views.provider_sign_in, name="provider-sign-in"),
    re_path(r"^oidc/(?P<provider_id>staff)/callback/$", openid.callback, name="openid_connect_callback"),
    path("provider/not-possible/", social.login_error, name="socialaccount_login_error"),
    path("closed/", social.signup, name="socialaccount_signup"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", login_required(behind_proof(account.password_set)), name="account_set_password"),
    path("password/reset/", views.forgotten, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("second-factor/totp/picture.svg", views.totp_picture, name="totp-picture"),
    path("second-factor/", include(mfa_urls)),
]

urlpatterns = [
    path("admin/login/", views.sign_in, name="account_login"),
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
        name="former-password-page",
    ),
    path("accounts/", include(_accounts)),
]
