"""Watches each staff request: what it saw of people is in the access log before the page leaves the house."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ranportal.shared import clock
from registrations import looks
from registrations.enums import LookKind
from registrations.services import looking

#: Parts of an address that name one person.
_ONE = {"registration_id", "reference", "mail_id"}
#: Answers that carry a page or a file: all is well, it was changed meanwhile, or a form comes back. Others show nobody.
_SHOWS = {200, 409, 422}


class LooksMiddleware:
    """Enters one look for each answer of a staff page that saw somebody, or said that it is a look.

    If that fails, the page is not shown.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        with looks.looking() as look:
            response = self.get_response(request)
        # What said itself that it is a look is one even where it answers with the way to another page.
        if response.status_code in _SHOWS or look.kind is not None:
            _enter(request, look)
        return response


def _enter(request: HttpRequest, look: looks.Look) -> None:
    match = request.resolver_match
    if match is None or not (look.seen or look.kind):
        return
    looking.enter_look(
        look=look,
        user=request.user,
        page=match.view_name,
        call_id=match.kwargs.get("call_id"),
        usual=_usual(request),
        now=clock.now(),
    )


def _usual(request: HttpRequest) -> LookKind:
    match = request.resolver_match
    if match.view_name == "admin:autocomplete":
        return LookKind.AUTOCOMPLETE
    if _ONE & set(match.kwargs):
        return LookKind.DETAIL
    return LookKind.SEARCH if request.GET.get("q") else LookKind.LIST
