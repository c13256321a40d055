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
    """Answer a POST when a whole number of ANSWER_FLOORs has passed, so that the time tells nothing about the address.

    What is done for a known address and for an unknown one differs by some milliseconds; both fit well below the floor,
    and on a machine that is too busy for it, below the next.
    """

    @wraps(view)
    def slowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        started = time.monotonic()
        response = view(request, *args, **kwargs)
        floor = settings.ANSWER_FLOOR.total_seconds()
        if request.method == "POST" and floor:
            time.sleep(floor - (time.monotonic() - started) % floor)
        return response

    return slowed
