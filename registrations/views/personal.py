"""What all pages about one person share."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
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


def evenly(view: View) -> View:
    """Answer a POST no sooner than ANSWER_FLOOR after it came, so that the time tells nothing about the address.

    What is done for a known address and for an unknown one differs by some milliseconds; both fit well below the floor.
    """

    @wraps(view)
    def slowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        started = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0.0, settings.ANSWER_FLOOR.total_seconds() - (time.monotonic() - started)))
        return response

    return slowed


def no_way_in(request: HttpRequest) -> HttpResponseBase:
    """Return the one page (404) for links and references that open nothing here, whatever the reason."""
    return render(request, "registrations/no_way_in.html", status=404)
