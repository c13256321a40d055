"""Some numbers in a cookie that nobody reads or changes outside: unreadable as well as unforgeable."""

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ranportal.shared.crypto import derived_keys

_NUMBER = struct.Struct(">Q")


@dataclass(frozen=True)
class SealedCookie:
    """A cookie of a visit, which ends when the browser closes and `lifetime` after the last time that it was kept.

    No date of expiry goes with it: browsers keep such a cookie when they close. It is called as the session's cookie,
    with `word` in place of “session”.
    """

    word: str
    purpose: str
    lifetime: timedelta

    def read(self, request: HttpRequest, *, now: datetime) -> list[int]:
        """The numbers that were kept; none when the cookie is missing, altered or too old."""
        numbers = opened(request.COOKIES.get(self._name, ""), purpose=self.purpose)
        if not numbers or not 0 <= now.timestamp() - numbers[0] < self.lifetime.total_seconds():
            return []
        return numbers[1:]

    def keep(self, response: HttpResponseBase, numbers: Sequence[int], *, now: datetime) -> None:
        """Let the browser carry these numbers."""
        response.set_cookie(
            self._name,
            sealed([int(now.timestamp()), *numbers], purpose=self.purpose),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )

    def forget(self, response: HttpResponseBase) -> None:
        """Let the browser let go of it."""
        response.delete_cookie(self._name, samesite="Lax")

    @property
    def _name(self) -> str:
        return settings.SESSION_COOKIE_NAME.replace("session", self.word)


def sealed(numbers: Sequence[int], *, purpose: str) -> str:
    """What stands in the cookie; what was sealed for one purpose opens for no other."""
    return _box(purpose).encrypt(b"".join(map(_NUMBER.pack, numbers))).decode()


def opened(cookie: str, *, purpose: str) -> list[int]:
    """The numbers again; none when the cookie is missing or was altered."""
    try:
        plain = _box(purpose).decrypt(cookie.encode())
    except InvalidToken:
        return []
    return [number for (number,) in _NUMBER.iter_unpack(plain)]


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived_keys(purpose)])
