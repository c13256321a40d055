"""The door before what must not be done from a screen that somebody left: who goes in proves again who they are."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts import drafts
from accounts.reauthentication import recently_proven
from ranportal.shared import clock

_NOT_DONE = "Nothing is done yet: show again who you are, then press the button once more."


def ask_for_proof(request: HttpRequest, *, is_kept: bool = True, back: str = "") -> HttpResponseRedirect | None:
    """None for who proved within five minutes who they are; else the way to the page that asks, and then back here.

    What a POST brought is kept, and waits on a page with a button to send it again; without `is_kept`, for a form that
    is one button, the way leads back to the page itself, or to `back` where the button is on another page.
    """
    now = clock.now()
    if recently_proven(request, now=now):
        return None
    if back:
        messages.info(request, _NOT_DONE)
    back = back or request.get_full_path()
    if request.method == "POST" and is_kept:
        back = kept_for_later(request)
    methods = get_adapter().get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else f"{reverse('account_login')}?again=1"
    parted_by = "&" if "?" in page else "?"
    return HttpResponseRedirect(f"{page}{parted_by}{urlencode({'next': back})}")


def behind_proof(page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The same page, for those who are signed in and have just proved who they are."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return ask_for_proof(request, is_kept=False) or page(request, *args, **kwargs)

    return guarded


def kept_for_later(request: HttpRequest) -> str:
    """Keep the form that this POST brought; returns the address at which it waits for its user."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    path = request.get_full_path()
    draft = drafts.keep(
        user=request.user,  # type: ignore[arg-type]
        path=path if len(path) <= 300 else request.path,
        fields=fields,
        now=clock.now(),
    )
    return reverse("accounts:draft", args=[draft.pk])
