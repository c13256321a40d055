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
#: Answers that carry no page.
_NOTHING_SHOWN = {204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 410, 413, 429}


class LooksMiddleware:
    """Enters one look for each answer of a staff page that saw somebody; if that fails, the page is not shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        with looks.looking() as look:
            response = self.get_response(request)
        if response.status_code < 500 and response.status_code not in _NOTHING_SHOWN:
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
