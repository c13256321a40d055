"""What a page of ours puts into its public form, so that tests may send the form without asking for the page first."""

import re
from datetime import timedelta
from typing import Any

from ranportal.shared import clock
from ranportal.shared.form_guard import STAMP, new_stamp

_REGISTER = re.compile(r"(?:https?://[^/]+)?/events/([^/?]+)/register/(?:\?.*)?")
_LINK = re.compile(r"(?:https?://[^/]+)?/registrations/link/")
#: Somebody has read the page before.
_READ = timedelta(minutes=1)


def hidden_fields(address: str) -> dict[str, str]:
    """The fields that the page at this address hides in its public form, fresh; none where it has no such form."""
    if match := _REGISTER.fullmatch(address):
        return {STAMP: new_stamp(f"register/{match[1]}", now=clock.now() - _READ)}
    if _LINK.fullmatch(address):
        return {STAMP: new_stamp("link", now=clock.now() - _READ)}
    return {}


def from_its_page(post: Any) -> Any:
    """Let a test client's `post` send what the page would have hidden in the form; a given stamp stays."""

    def send(self: Any, path: str, data: Any = None, *args: Any, **options: Any) -> Any:
        if data is None or isinstance(data, dict):
            data = {**hidden_fields(path), **(data or {})}
        return post(self, path, data, *args, **options)

    return send
