"""Signing in, forms that were kept, the picture of a second factor, and the way to the provider of a sign-in."""

import secrets
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.account.views import PasswordResetView
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.socialaccount.adapter import get_adapter as get_provider_adapter
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from accounts import drafts
from accounts.forms import SignInForm
from accounts.middleware import VOUCHED
from accounts.reauthentication import PROVEN_FOR
from ranportal.shared import clock
from ranportal.shared.answers import evenly

PROVIDER = "staff"


def _with_provider(page: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let the page's form lead to the provider: browsers hold a form's redirect against form-action, too."""

    @wraps(page)
    def allowed(request: HttpRequest) -> HttpResponseBase:
        if not settings.OIDC_ISSUER:
            return page(request)
        parts = urlsplit(settings.OIDC_ISSUER)
        return csp_update({"form-action": [f"{parts.scheme}://{parts.netloc}"]})(page)(request)

    return allowed


@_with_provider
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The first step: address and password, or the provider. The second step follows where there is one."""
    target = _safe_target(request)
    if request.method != "POST" and admin.site.has_permission(request) and "again" not in request.GET:
        return redirect(target or "admin:index")
    form = SignInForm(request, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        request.session.pop(VOUCHED, None)
        user = form.get_user()
        login = Login(user=user, redirect_url=target or reverse("admin:index"), email_verification="none")
        return perform_password_login(request, {"email": user.email}, login)
    context = {
        **admin.site.each_context(request),
        "title": "Log in",
        "subtitle": None,
        "app_path": request.get_full_path(),
        "username": request.user.get_username(),
        "form": form,
        "next": target or reverse("admin:index"),
        "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
    }
    return TemplateResponse(request, "admin/login.html", context)


def _safe_target(request: HttpRequest) -> str:
    """Where to go after signing in, if that is a page of ours; else ""."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else ""


@require_POST
def provider_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Go to the provider, with a state and a nonce that its answer must bring back, and ask for a fresh proof."""
    if not settings.OIDC_ISSUER:
        raise Http404
    target = _safe_target(request)
    nonce = secrets.token_urlsafe(32)
    asked_for = {"nonce": nonce, "max_age": str(int(PROVEN_FOR.total_seconds()))}
    if request.user.is_authenticated:
        # Who is signed in is to show again who they are: a session at the provider shows nothing.
        asked_for["prompt"] = "login"
    logout(request)
    try:
        provider = get_provider_adapter().get_provider(request, PROVIDER)
        return provider.redirect(
            request, "login", next_url=target or reverse("admin:index"), auth_params=asked_for, nonce=nonce
        )
    except RequestException:
        return redirect("socialaccount_login_error")


#: The same page and the same time, whoever it is.
forgotten = evenly(PasswordResetView.as_view())


@login_required
@never_cache
@require_safe
def totp_picture(request: HttpRequest) -> HttpResponse:
    """The QR code of the secret that the page with the first code of a new app shows as text."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    adapter = get_factor_adapter()
    picture = adapter.totp_picture(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml", headers={"Cache-Control": "no-store, private"})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, draft_id: int) -> HttpResponseBase:
    """A form that was kept: what was typed, and a button to send it again. POST throws it away."""
    kept = drafts.of_user(request.user, draft_id, now=clock.now())  # type: ignore[arg-type]
    if kept is None:
        raise Http404
    if request.method == "POST":
        drafts.forget(owner_id=kept.user_id, draft_id=kept.pk, kept_by=kept.saved_at)
        messages.success(request, "The kept form is thrown away.")
        return redirect("admin:index")
    fields = drafts.fields_of(kept)
    context = {
        "title": "What you typed is kept",
        "kept": kept,
        "kept_field": drafts.FIELD,
        "fields": fields,
        "shown": [(name, value) for name, value in fields if value and not name.startswith("_")],
        "until": kept.saved_at + drafts.KEPT_FOR,
    }
    return TemplateResponse(request, "accounts/draft.html", context)
