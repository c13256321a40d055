"""How long a session of staff lasts, and what it opens without a second factor."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts import drafts
from accounts.doors import kept_for_later
from accounts.queries import has_second_factor
from ranportal.shared import clock

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"
#: Set where the provider of a sign-in says that it has asked for a second factor.
VOUCHED = "second_factor_vouched_for"
#: That somebody is there is written down no more often than this.
_NOTED_EVERY = timedelta(minutes=1)
_STAFF_PATHS = ("/admin/", "/accounts/")
_KEPT_PATHS = "/admin/"
_SIGN_OUT = "/admin/logout/"
_OVER = "You were signed out, because nothing happened for a while, or the day was long. Please sign in again."
_OVER_KEPT = f"{_OVER} What you typed is kept: you see it after you have signed in."


class StaffSessionMiddleware:
    """Ends sessions that were idle or lasted long, keeps the form in work, and asks for a second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        kept = getattr(request, "sent_again", None)
        # What met a fault, or was kept once more meanwhile, stays.
        if kept is not None and response.status_code < HTTPStatus.BAD_REQUEST:
            # Whose it is was said before the page answered, which may have signed them out.
            owner_id, draft_id = kept
            kept_by = request.received_at  # type: ignore[attr-defined]  # the stamp of ReceivedAtMiddleware
            drafts.forget(owner_id=owner_id, draft_id=draft_id, kept_by=kept_by)
        return response

    # After the check of the form's token, so that no other site leaves a form here.
    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Let the page answer (None), or lead elsewhere."""
        # A session that nobody has is not looked for: the answer then differs by nothing that caches must know of.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or SESSION_KEY not in request.session:
            return None
        if not request.user.is_authenticated:
            return None
        now = clock.now()
        if _is_over(request, now):
            return _ended(request)
        _note_seen(request, now)
        if _lacks_second_factor(request):
            return _to_set_up(request)
        if request.method == "POST" and request.POST.get(drafts.FIELD, "").isdecimal():
            sent_again = request.user.pk, int(request.POST[drafts.FIELD][:18])
            request.sent_again = sent_again  # type: ignore[attr-defined]  # a note of this middleware to itself
        return None


def _is_over(request: HttpRequest, now: datetime) -> bool:
    started, seen = (request.session.get(name, now.timestamp()) for name in (SIGNED_IN_AT, SEEN_AT))
    is_idle = now.timestamp() - seen >= settings.STAFF_IDLE.total_seconds()
    return is_idle or now.timestamp() - started >= settings.STAFF_SESSION.total_seconds()


def _note_seen(request: HttpRequest, now: datetime) -> None:
    request.session.setdefault(SIGNED_IN_AT, now.timestamp())
    seen = request.session.get(SEEN_AT)
    if seen is None or now.timestamp() - seen >= _NOTED_EVERY.total_seconds():
        request.session[SEEN_AT] = now.timestamp()


def _ended(request: HttpRequest) -> HttpResponseBase | None:
    path = request.path_info
    is_kept = request.method == "POST" and path.startswith(_KEPT_PATHS) and path != _SIGN_OUT
    back = kept_for_later(request) if is_kept else request.get_full_path()
    logout(request)
    if not path.startswith(_STAFF_PATHS) or path == _SIGN_OUT:
        return None
    messages.warning(request, _OVER_KEPT if is_kept else _OVER)
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': back})}")


def _lacks_second_factor(request: HttpRequest) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    return request.session.get(VOUCHED) != request.user.pk and not has_second_factor(request.user)  # type: ignore[arg-type]


def _to_set_up(request: HttpRequest) -> HttpResponseBase | None:
    if request.path_info.startswith("/accounts/") or request.path_info == _SIGN_OUT:
        return None
    if not request.path_info.startswith("/admin/"):
        # The public site shows what it shows to everybody: no drafts of events.
        request.user = AnonymousUser()
        return None
    return HttpResponseRedirect(reverse("mfa_activate_totp"))
