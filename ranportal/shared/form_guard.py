"""Keeps programs from sending the public forms, without a puzzle, a script or anybody else's service.

Each form carries a signed stamp that says for which form and when its page was made, and a field that people never see.
Nobody is ever locked out: who comes too early or too late gets the page again, with what was typed, and presses the
button once more.
"""

import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from ranportal.shared import limits
from ranportal.shared.crypto import derived_key, derived_keys, is_link_mac, link_mac

logger = logging.getLogger("portal.forms")

#: The names of the two fields that the guard adds to a form.
STAMP, TRAP = "stamp", "website"

OLDEST = timedelta(hours=12)
#: So far the clocks of several machines may be apart.
CLOCKS_APART = timedelta(minutes=5)
#: So many forms an hour from one network may come quicker than a person types, or from a page that has sent another
#: form before: password managers, and whoever goes back and mends an address.
MOST_HASTY = 3

_OURS = {STAMP, TRAP, "csrfmiddlewaretoken"}
_PURPOSE = "form-stamp"
_SHAPE = re.compile(r"(\d{1,15})-([\w-]{12})-([\w-]{20,60})", re.ASCII)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(milliseconds=1)


class Finding(Enum):
    """What the guard makes of a form that was sent."""

    FINE = "fine"
    LOST = "lost"
    """The browser did not send our cookie."""
    OLD = "old"
    """No stamp, one of another form, one that we never made, or one older than OLDEST."""
    HASTY = "hasty"
    CROWDED = "crowded"
    """The network has had its forms of this hour."""
    TRAPPED = "trapped"
    """Only a program fills in what nobody sees: answer as if all were well, and do nothing."""


@dataclass(frozen=True)
class Notice:
    """What the page says that comes again, with what was typed."""

    title: str
    text: str
    status: int
    retry_after: int | None = None
    """Seconds."""


def new_stamp(form: str, *, now: datetime) -> str:
    """Return a stamp for a page with this form that is made now. It says nothing about anybody."""
    moment, number = (now - _BEGINNING) // _MOMENT, secrets.token_urlsafe(9)
    return f"{moment}-{number}-{link_mac(_PURPOSE, f'{form}/{number}', moment, derived_keys(_PURPOSE)[0])}"


def stamped_at(stamp: str, form: str) -> datetime | None:
    """Return when this form's page was made, or None when the stamp is not one of ours for this form."""
    match = _SHAPE.fullmatch(stamp)
    if match is None:
        return None
    moment = int(match[1])
    is_ours = is_link_mac(match[3], purpose=_PURPOSE, link_id=f"{form}/{match[2]}", version=moment)
    return _BEGINNING + moment * _MOMENT if is_ours else None


class Guard:
    """Looks at one request to the form of this name; `stamp` belongs into the page that goes out."""

    def __init__(self, request: HttpRequest, form: str, *, now: datetime) -> None:
        self.stamp = ""
        self._request, self._form, self._now = request, form, now
        given = request.POST.get(STAMP, "")
        issued = stamped_at(given, form)
        self._age = None if issued is None else now - issued
        if self._age is not None and -CLOCKS_APART <= self._age <= OLDEST:
            self.stamp = given
        else:
            self._age, self.stamp = None, new_stamp(form, now=now)
        self._has_files = bool(request.FILES)

    def judge_first(self) -> Finding:
        """Say what to make of the form before anybody looks into it; once, before `judge`.

        Looking at a file costs more than all else, so a form with files counts here, complete or not.
        """
        if getattr(self._request, "has_lost_cookie", False):
            return Finding.LOST
        if self._age is None:
            return Finding.OLD
        if self._request.POST.get(TRAP):
            logger.info("A form was set aside: the field that people never see was filled in.")
            return Finding.TRAPPED
        return Finding.CROWDED if self._has_files and self._is_crowded() else Finding.FINE

    def judge(self, *, is_complete: bool) -> Finding:
        """Say what to make of a form that was fine at first; one without files counts only when it is complete."""
        if not is_complete:
            return Finding.FINE
        if self._is_hasty():
            return Finding.HASTY
        return Finding.CROWDED if not self._has_files and self._is_crowded() else Finding.FINE

    def notice(self, finding: Finding, *, has_files: bool = False) -> Notice | None:
        """Return what the page says that comes again; None where it says nothing of its own."""
        notice = _NOTICES.get(finding)
        if notice is None:
            return None
        text = notice.text + (" Files have to be chosen again." if has_files else "")
        if finding != Finding.CROWDED:
            return replace(notice, text=text)
        seconds = limits.until_next_hour(self._now)
        minutes = max(2, -(-seconds // 60))
        return replace(notice, text=text.format(minutes=f"{minutes} minutes"), retry_after=seconds)

    def _is_hasty(self) -> bool:
        if cast(timedelta, self._age) < timedelta(seconds=settings.FORM_LEAST_SECONDS) and self._has_no_grace():
            return True
        said = _digest_of(self._request)
        if limits.first(f"stamp {self.stamp}", said, keep=OLDEST) == said or not self._has_no_grace():
            return False
        self.stamp = new_stamp(self._form, now=self._now)
        return True

    def _has_no_grace(self) -> bool:
        return limits.within_an_hour(f"hasty {self._network}", now=self._now) > MOST_HASTY

    def _is_crowded(self) -> bool:
        most = settings.FORMS_PER_HOUR
        kind = self._form.partition("/")[0]
        if not most or limits.this_hour(f"forms {kind} {self._network}", now=self._now) <= most:
            return False
        logger.warning("A network has sent more than %d forms within an hour; it is asked to wait.", most)
        return True

    @property
    def _network(self) -> str:
        return limits.network_of(self._request.META.get("REMOTE_ADDR", ""))


_ONCE_MORE = "Please press the button once more"
_NOTICES = {
    Finding.LOST: Notice(
        title="Please allow cookies for this site",
        text="Your browser did not keep the one that this form needs, so nothing was sent. It lasts for your visit "
        "only and tells nobody who you are. What you typed is still here: allow cookies for this site, then press the "
        "button once more.",
        status=403,
    ),
    Finding.OLD: Notice(
        title=_ONCE_MORE,
        text="This page had been open for a long time, so nothing was sent yet. What you typed is still here.",
        status=422,
    ),
    Finding.HASTY: Notice(
        title=_ONCE_MORE,
        text="This came faster than most people type, so we ask again to be sure; nothing was sent yet. "
        "What you typed is still here.",
        status=422,
    ),
    Finding.CROWDED: Notice(
        title="Please wait a little",
        text="Very many forms came from your network within an hour, so nothing was sent yet. What you typed is still "
        "here: please keep this page open and press the button once more in {minutes}.",
        status=429,
    ),
}


def _digest_of(request: HttpRequest) -> str:
    """Tells two forms from one that was sent twice; nobody reads from it what they say."""
    typed = [(name, values) for name, values in request.POST.lists() if name not in _OURS]
    chosen = [(name, [(file.name, file.size) for file in files]) for name, files in request.FILES.lists()]
    said = repr((sorted(typed), sorted(chosen))).encode()
    return hmac.new(derived_key("form-digest"), said, hashlib.sha256).hexdigest()[:32]
