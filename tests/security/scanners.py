"""Wapiti and sqlmap against a demo of its own, as nobody and as each role: `python -m tests.security.scanners SECONDS`.

They live in an environment of their own (.venv-scan), since what they are built of is not what the portal is built of.
SECONDS bound each of the two for each visitor.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.security import scope

ROOT = Path(__file__).resolve().parents[2]
SCANNERS = ROOT / ".venv-scan" / "bin"
#: Who looks: nobody, and one of each account of the demo.
VISITORS = (
    "", "publisher@example.org", "organiser@example.org", "logistics@example.org", "reviewer1@example.org",
    "dpo@example.org", "admin@example.org",
)  # fmt: skip
#: Where each begins: sqlmap needs a parameter.
STARTS = {
    "": ["/events/?q=a&kind=webinar&working_group=ran-health&language=en&open=1&page=1"],
    "publisher@example.org": ["/admin/events/event/?q=a&o=1&p=0", "/admin/events/publication/?q=a"],
    "organiser@example.org": ["/admin/registrations/registration/?q=a&o=1", "/admin/registrations/outgoingmail/?q=a"],
    "logistics@example.org": [
        "/admin/registrations/logisticsassignment/?q=a",
        "/admin/registrations/logisticsassignment/calls/1/?q=a",
    ],
    "dpo@example.org": [
        "/admin/registrations/accessentry/?account=1&call=1&day=2026-09-01&before=9",
        "/admin/registrations/deletioncertificate/?due=1",
    ],
    "reviewer1@example.org": ["/admin/registrations/review/?q=a"],
    "admin@example.org": ["/admin/accounts/user/?q=a&o=1", "/admin/events/call/?q=a"],
}
#: What Wapiti calls a finding and is none; docs/security.md says why.
EXPLAINED = {
    "Content Security Policy Configuration",
    "HttpOnly Flag cookie",
    "Secure Flag cookie",
    "HTTP Secure Headers",
}
_EXPLAINED_MORE = {
    "Clickjacking Protection",
    "MIME Type Confusion",
    "HTTP Strict Transport Security (HSTS)",
    "Unencrypted Channels",
}
_MODULES = "exec,file,redirect,sql,ssrf,xss,permanentxss,crlf,csrf,http_headers,csp,cookieflags,xxe"
_READY_SECONDS = 180
_MEDIUM = 2


@contextmanager
def demo() -> Iterator[tuple[str, Path]]:
    """A demo of what is committed, in a folder of its own, on a free port: its address and its folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "portal"
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        shutil.copytree(ROOT / "static" / "vendor", folder / "static" / "vendor", dirs_exist_ok=True)
        port = _free_port()
        log = (folder / "demo.log").open("wb")
        running = subprocess.Popen(
            [folder / ".venv/bin/python", "-m", "dev.demo"],
            cwd=folder, env={**os.environ, "PORT": str(port)}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz/web/")
            yield f"http://127.0.0.1:{port}", folder
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)
            log.close()


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _wait_for(address: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(1)
    raise SystemExit("The demo does not start.")


def session_of(folder: Path, email: str) -> str:
    """The cookies of somebody who has signed in, that of the forms too; empty for nobody.

    Without the latter each form is refused, whatever its token says, and a scanner takes that for no check at all.
    """
    if not email:
        return ""
    code = (
        "from django.conf import settings; from django.test import Client; from accounts.models import User; "
        f"c = Client(SERVER_NAME='127.0.0.1'); c.force_login(User.objects.get(email={email!r})); "
        "c.get('/accounts/password/change/'); names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME); "
        "print('COOKIE', '; '.join(n + '=' + c.cookies[n].value for n in names))"
    )
    done = subprocess.run(
        [folder / ".venv/bin/python", "manage.py", "shell", "-c", code], cwd=folder, capture_output=True
    )
    return re.findall(rb"COOKIE (.+)", done.stdout)[0].decode().strip()


def wapiti(site: str, cookie: str, folder: Path, seconds: int) -> list[dict[str, object]]:
    """What Wapiti found, each with its kind and level (0 to 4)."""
    report = folder / "wapiti.json"
    command = [SCANNERS / "wapiti", "-u", f"{site}/", "--flush-session", "--no-bugreport", "-f", "json", "-o", report]
    command += ["--max-scan-time", str(seconds // 3), "--max-attack-time", str(max(5, seconds // 15)), "-m", _MODULES]
    command += ["-d", "4", "-x", f"{site}/admin/logout/", "--store-session", folder / "session"]
    command += ["-s", f"{site}/admin/", "-H", f"Cookie: {cookie}"] if cookie else []
    _run(command, seconds)
    told = (
        json.loads(report.read_text("utf-8")) if report.exists() else {"vulnerabilities": {"no report": [{"level": 4}]}}
    )
    return [{"kind": kind, **one} for kind, some in told["vulnerabilities"].items() for one in some]


def sqlmap(site: str, cookie: str, folder: Path, seconds: int, starts: list[str]) -> list[str]:
    """The lines in which sqlmap says that a parameter is open to it."""
    found = []
    for start in starts:
        command = [SCANNERS / "sqlmap", "-u", f"{site}{start}", "--batch", "--level=2", "--risk=1", "--threads=2"]
        command += ["--output-dir", folder / "sqlmap", "--timeout=10", "--disable-coloring", "--flush-session"]
        command += [f"--cookie={cookie}"] if cookie else []
        said = _run(command, seconds // len(starts))
        # What "appears injectable" at first is tried again, and only what stands that test is listed as a parameter.
        if "[*] ending" not in said:
            suspected = set(re.findall(r"parameter '(\w+)' appears to be", said))
            cleared = set(re.findall(r"parameter '(\w+)' does not seem to be", said))
            found += [f"not looked at to its end: {start}, {name}" for name in sorted(suspected - cleared)]
        found += [line for line in said.splitlines() if line.startswith("Parameter: ")]
    return found


def _run(command: list[object], seconds: int) -> str:
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, timeout=2 * seconds + 60)
        return done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")


def main(seconds: int) -> int:
    """Look as each visitor, and tell; 1 where something of medium level or higher was found."""
    wrong = False
    with demo() as (site, folder):
        for email in VISITORS:
            cookie, who = session_of(folder, email), email.partition("@")[0] or "nobody"
            found = wapiti(site, cookie, folder, seconds)
            high = [
                one
                for one in found
                if int(str(one["level"])) >= _MEDIUM and one["kind"] not in EXPLAINED | _EXPLAINED_MORE
            ]
            opened = sqlmap(site, cookie, folder, seconds, STARTS[email])
            kinds = sorted({str(one["kind"]) for one in found})
            scope.add(
                part=f"wapiti and sqlmap as {who}, {seconds} s each",
                goal="nothing medium or higher",
                reached=f"{len(high)} by wapiti, {len(opened)} by sqlmap; informational: {', '.join(kinds) or 'none'}",
                is_reached=not high and not opened,
            )
            for one in [*high, *opened]:
                print(who, one)
            wrong |= bool(high or opened)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
