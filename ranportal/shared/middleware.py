"""What each request passes before any app sees it, in the order of settings.MIDDLEWARE."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render

from ranportal.shared import clock, directions

GetResponse = Callable[[HttpRequest], HttpResponseBase]

OLDEST_PROXY_STAMP = timedelta(minutes=5)
"""A stamp further back than any request may last tells of a wrong clock, not of a slow network."""

_TEXT_FORM = "application/x-www-form-urlencoded"
_CHUNK = 64 * 1024
_MOST_CHUNKS_DRAINED = 512


class ReceivedAtMiddleware:
    """Stamps ``request.received_at`` (aware, UTC) once, before the body is read: what deadlines are compared with."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.received_at = received_at(request, now=clock.now())  # type: ignore[attr-defined]
        return self.get_response(request)


def received_at(request: HttpRequest, *, now: datetime) -> datetime:
    """Return when the request reached us: the trusted proxy's own stamp, where there is a plausible one, else now.

    X-Request-Start is ``t=`` and seconds, milliseconds or microseconds since 1970. A stamp in the future or older
    than OLDEST_PROXY_STAMP is not believed.
    """
    if not settings.TRUST_REQUEST_START:
        return now
    text = request.headers.get("X-Request-Start", "").strip().removeprefix("t=")
    if len(text) > 20 or not text.replace(".", "", 1).isdigit() or not text.isascii():
        return now
    seconds = float(text)
    while seconds > 1e11:
        seconds /= 1000
    stamp = datetime.fromtimestamp(seconds, UTC)
    return stamp if now - OLDEST_PROXY_STAMP <= stamp <= now else now


class HeadersMiddleware:
    """Adds the headers that Django has no setting for, and keeps personal pages out of caches and search engines."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        is_personal = request.path_info.startswith(settings.PERSONAL_PATHS)
        if is_personal or request.method == "POST":
            response.headers["Cache-Control"] = "no-store, private"
        # A page that is hidden is gone at once: who keeps a copy asks each time whether it still holds.
        response.headers.setdefault("Cache-Control", "no-cache")
        if is_personal:
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response


class ClientAddressMiddleware:
    """Sets REMOTE_ADDR to what the outermost trusted proxy saw. Without one, X-Forwarded-For says nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if 0 < settings.TRUSTED_PROXIES <= len(hops):
            address = hops[-settings.TRUSTED_PROXIES]
            if _is_ip_address(address):
                request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class BodySizeMiddleware:
    """Answers 413, in our own page, to a body that is larger than the form at this address, before anything parses it.

    Only settings.UPLOAD_PATHS take files from the public, and /admin/ from staff who have signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_too_long(request):
            _drain(request)
            return _too_large(request)
        if request.content_type == _TEXT_FORM and _text_size(request) > settings.MAX_TEXT_BYTES:
            return _too_large(request)
        return self.get_response(request)


def _is_too_long(request: HttpRequest) -> bool:
    length = _content_length(request)
    if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return False
    if request.path_info.startswith("/admin/"):
        # Only here, where it matters, the database is asked who this is.
        return length > settings.MAX_STAFF_BODY_BYTES or not get_user(request).is_staff
    return length > settings.MAX_BODY_BYTES or not re.fullmatch(settings.UPLOAD_PATHS, request.path_info)


def _content_length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _text_size(request: HttpRequest) -> int:
    """Bytes of a form's text once decoded: three bytes of ``%C3`` stand for one."""
    try:
        body = request.body
    except RequestDataTooBig:
        _drain(request)
        return settings.MAX_TEXT_BYTES + 1
    except UnreadablePostError:
        return 0
    return len(body) - 2 * body.count(b"%")


def _drain(request: HttpRequest) -> None:
    """Read what is still coming, within reason: a browser shows no answer while it is not allowed to finish."""
    for _ in range(_MOST_CHUNKS_DRAINED):
        try:
            if not request.read(_CHUNK):
                return
        except UnreadablePostError:
            return


def _too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "413.html", status=413)


class CleanInputMiddleware:
    """Answers 400, in our own page, to NUL characters and broken UTF-8, which no database column takes.

    It also measures the text of forms that carry files, which only the parser can tell from the files, and takes out
    of every field what would turn the direction of what stands after it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            is_clean = _is_clean(request)
            is_long = sum(len(text.encode()) for text in _texts(request.POST)) > settings.MAX_TEXT_BYTES
        except RequestDataTooBig:
            return _too_large(request)
        except UnreadablePostError:
            is_clean, is_long = False, False
        if not is_clean:
            return render(request, "400.html", status=400)
        if is_long:
            return _too_large(request)
        request.GET, request.POST = _straight(request.GET), _straight(request.POST)  # type: ignore[assignment]
        return self.get_response(request)


def _straight(fields: QueryDict) -> QueryDict:
    if not any(map(directions.are_turned, _texts(fields))):
        return fields
    straightened = fields.copy()
    for name, values in fields.lists():
        straightened.setlist(name, [directions.straight(value) for value in values])
    return straightened


def _is_clean(request: HttpRequest) -> bool:
    if not _is_utf8(request.META.get("QUERY_STRING", "").encode("latin-1", "replace")):
        return False
    if request.content_type == _TEXT_FORM and not _is_utf8(request.body):
        return False
    names = [file.name or "" for files in request.FILES.lists() for file in files[1]]
    texts = chain([request.path_info], names, _texts(request.GET), _texts(request.POST))
    return not any("\x00" in text for text in texts)


def _is_utf8(quoted: bytes) -> bool:
    try:
        unquote_to_bytes(quoted).decode()
    except UnicodeDecodeError:
        return False
    return True


def _texts(fields: QueryDict) -> Iterator[str]:
    for name, values in fields.lists():
        yield name
        yield from (str(value) for value in values)
