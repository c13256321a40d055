"""How wrong passwords are counted: by which name, from which network, and without what was typed."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest, QueryDict

from ranportal.shared.limits import network_of

LONGEST_NAME = 255
"""Characters: as wide as the column that counts."""


class KeepsNothingTyped(AxesDatabaseHandler):
    """Counts refused sign-ins without what was typed: the form of a new password carries more than the refused one."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any
    ) -> None:
        """Count one; the row says from where, when and for which account."""
        bare: Any = copy(request)
        if bare is not None:
            bare.GET = bare.POST = QueryDict()
        super().user_login_failed(sender, credentials, bare, **more)
        said: Any = request
        if said is not None:
            # What the library looks for when it answers.
            said.axes_locked_out = bare.axes_locked_out
            said.axes_credentials = bare.axes_credentials
            said.axes_failures_since_start = bare.axes_failures_since_start


def counted_name(request: HttpRequest, credentials: Mapping[str, object] | None) -> str:
    """Return the address that was typed, in one spelling: neither its case nor its length dodges the count."""
    typed = (credentials or {}).get("username") or request.POST.get("username") or ""
    return str(typed).strip().casefold()[:LONGEST_NAME]


def counted_network(request: HttpRequest) -> str | None:
    """Return the first address of the network from which a password is tried; None where it is not known."""
    return network_of(request.META.get("REMOTE_ADDR", "")).partition("/")[0] or None
