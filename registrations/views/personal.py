"""What all pages about one person share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]


class SeeOther(HttpResponseRedirect):
    """303: whatever was asked, go on with a GET."""

    status_code = 303


def personal(view: View) -> View:
    """Keep the view's answers out of caches, search engines and other sites' logs."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return guarded


def no_way_in(request: HttpRequest) -> HttpResponseBase:
    """Return the one page (404) for links and references that open nothing here, whatever the reason."""
    return render(request, "registrations/no_way_in.html", status=404)
