"""The reverse proxy of deploy/, run for real: what it tells the portal, and what it keeps from it."""

import http.client
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dev import processes
from tests.deploy import declared
from tests.deploy.test_programs import free_port, wait_for

LINK = "/registrations/p/not-for-the-log/"
FORGED = {
    "X-Forwarded-For": "198.51.100.9",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example.org",
    "X-Request-Start": "t=1",
}


class Portal(BaseHTTPRequestHandler):
    """In the place of the portal: keeps what it was told about each request."""

    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()} | {"at": str(time.time())})
        length = int(self.headers.get("Content-Length", 0))
        while length > 0 and (part := self.rfile.read(min(length, 65536))):
            length -= len(part)
        self.send_response(204)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Silent."""


class Proxy:
    """A running proxy on ports of its own, with a certificate of its own making."""

    def __init__(self, folder: Path, web: str, *, patience: str = "15s") -> None:
        self.log = folder / "proxy.log"
        self.port = free_port()
        program = Path(sys.executable).parent / "caddy"
        config = folder / "Caddyfile"
        # Two ports that nobody else has, instead of 80 and 443; the rest is as it stands.
        ports = f"{{\n\thttp_port {free_port()}\n\thttps_port {self.port}\n\tskip_install_trust\n"
        text = (declared.DEPLOY / "Caddyfile").read_text("utf-8").replace("{\n", ports, 1)
        config.write_text(text.replace("lb_try_duration 15s", f"lb_try_duration {patience}"))
        environ = {"SITE_ADDRESS": "localhost", "WEB": web, "PROXY_TLS": "tls internal"}
        environ |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with self.log.open("wb") as log:
            self._process = processes.start(
                [program, "run", "--adapter", "caddyfile", "--config", config], env=environ, log=log
            )
        wait_for(lambda: self._answers(), self.log.read_text)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/metrics/") > 0
        except OSError:
            return False

    def ask(self, method: str, path: str, *, body: bytes = b"", **headers: str) -> int:
        """The status of its answer; the certificate is not looked at."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=context)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self) -> None:
        processes.stop(self._process)


@pytest.fixture(scope="module")
def portal() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def proxy(portal: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    running = Proxy(tmp_path_factory.mktemp("proxy"), f"127.0.0.1:{portal.server_port}")
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def seen() -> list[dict[str, str]]:
    Portal.seen = []
    return Portal.seen


def test_what_a_browser_claims_about_itself_is_overwritten(proxy, seen):
    before = time.time()

    assert proxy.ask("GET", "/", **FORGED) == 204

    (told,) = seen
    assert told["x-forwarded-for"] in {"127.0.0.1", "::1"}
    assert told["x-forwarded-proto"] == "https"
    assert "x-forwarded-host" not in told
    assert told["host"] == f"localhost:{proxy.port}"
    assert before - 0.01 <= float(told["x-request-start"].removeprefix("t=")) / 1000 <= float(told["at"])


def test_the_moment_is_that_of_the_arrival_and_not_of_the_last_byte(proxy, seen):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", proxy.port, timeout=30, context=context)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"a")
    wait_for(lambda: bool(seen), lambda: "the proxy waits for the body")
    sent_rest = time.time()
    connection.send(b"b")
    assert connection.getresponse().status == 204
    connection.close()

    assert float(seen[0]["x-request-start"].removeprefix("t=")) / 1000 <= sent_rest


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/metrics/?a=b", "/%6detrics/"])
def test_metrics_are_kept_from_the_world(proxy, seen, path):
    assert proxy.ask("GET", path) == 404
    assert seen == []


def test_a_body_beyond_all_that_the_portal_takes_is_refused(proxy, settings):
    assert proxy.ask("POST", "/", body=b"x" * settings.MAX_STAFF_BODY_BYTES) == 204
    # Whoever still sends when the proxy has refused may find the line cut before the answer is read.
    with suppress(ConnectionError, ssl.SSLEOFError):
        assert proxy.ask("POST", "/", body=b"x" * (settings.MAX_STAFF_BODY_BYTES + 4_000_000)) in {413, 502}
    assert proxy.ask("GET", "/") == 204


def test_no_private_link_and_no_address_reaches_the_log_when_the_portal_is_away(tmp_path):
    proxy = Proxy(tmp_path, f"127.0.0.1:{free_port()}", patience="500ms")
    try:
        assert proxy.ask("GET", LINK, Cookie="session=not-for-the-log") == 502
        wait_for(lambda: "/registrations/p/" in proxy.log.read_text(), lambda: "nothing was logged")
    finally:
        proxy.stop()

    assert "not-for-the-log" not in proxy.log.read_text()
    assert '"remote_ip"' not in proxy.log.read_text()


def test_the_configuration_is_checked_by_its_own_program(tmp_path):
    program = Path(sys.executable).parent / "caddy"
    shutil.copy(declared.DEPLOY / "Caddyfile", tmp_path / "fine")
    (tmp_path / "wrong").write_text((tmp_path / "fine").read_text().replace("reverse_proxy", "reverse_prox"))
    environ = {"SITE_ADDRESS": "events.example.org", "WEB": "web:8000", "HOME": str(tmp_path)}

    def code(name: str) -> int:
        command = [program, "validate", "--adapter", "caddyfile", "--config", tmp_path / name]
        return subprocess.run(command, env=environ, capture_output=True, timeout=60, check=False).returncode

    assert code("fine") == 0
    assert code("wrong") != 0
