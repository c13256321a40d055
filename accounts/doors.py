"""The door before what must not be done from a screen that somebody left: who goes in proves again who they are."""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from accounts import drafts
from accounts.reauthentication import recently_proven
from ranportal.shared import clock


def ask_for_proof(request: HttpRequest, *, is_kept: bool = True) -> HttpResponseRedirect | None:
    """None for who proved within five minutes who they are; else the way to the page that asks, and then back here.

    What a POST brought is kept, and waits on a page with a button to send it again; without `is_kept`, for a form that
    is one button, the way back leads to the page itself.
    """
    now = clock.now()
    if recently_proven(request, now=now):
        return None
    back = request.get_full_path()
    if request.method == "POST" and is_kept:
        back = kept_for_later(request)
    methods = get_adapter().get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else f"{reverse('account_login')}?again=1"
    parted_by = "&" if "?" in page else "?"
    return HttpResponseRedirect(f"{page}{parted_by}{urlencode({'next': back})}")


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
