"""How pages answer whose answer must say nothing about an address."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


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
