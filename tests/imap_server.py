"""A small IMAP server for tests (RFC 3501, the few commands that a reader of one folder needs), on a free port."""

import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes

USER, PASSWORD = "bounces@portal.example.org", 'a pass"word\\'

_FETCH = re.compile(r"^(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)$")
_STORE = re.compile(r"^(\d+) \+FLAGS\.SILENT \(\\Seen\)$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class Letter:
    """One mail of the folder."""

    content: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """One account with one folder, INBOX. `letters` by their UID; `cuts_before` a command that breaks the line."""

    def __init__(self) -> None:
        self.letters: dict[int, Letter] = {}
        self.asked: list[str] = []
        self.cuts_before = ""
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline().decode():
                    tag, _, command = line.strip().partition(" ")
                    answer = server._answer(command)
                    if answer is None:
                        return
                    self.wfile.write(answer + f"{tag} {server._verdict(command)}\r\n".encode())
                    if command.upper() == "LOGOUT":
                        return

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def put(self, content: bytes) -> int:
        """Deliver a mail; returns its UID."""
        uid = 7 + max(self.letters, default=0)
        self.letters[uid] = Letter(content)
        return uid

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, command: str) -> bytes | None:
        self.asked.append(command.split(" ", maxsplit=1)[0] if command.startswith("LOGIN") else command)
        if self.cuts_before and command.startswith(self.cuts_before):
            return None
        answers: dict[str, Callable[[str], bytes]] = {
            "CAPABILITY": lambda rest: b"* CAPABILITY IMAP4rev1\r\n",
            "SELECT": lambda rest: f"* {len(self.letters)} EXISTS\r\n* FLAGS (\\Seen)\r\n".encode(),
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "UID STORE": self._store,
            "LOGOUT": lambda rest: b"* BYE\r\n",
        }
        for name, answer in answers.items():
            if command.startswith(name):
                return answer(command.removeprefix(name).strip())
        return b""

    def _verdict(self, command: str) -> str:
        words = [re.sub(r"\\(.)", r"\1", quoted) or plain for quoted, plain in _WORD.findall(command)]
        if words[0] == "LOGIN" and words[1:] != [USER, PASSWORD]:
            return f"NO wrong password for {words[1]}"
        return "NO no such folder" if words[0] == "SELECT" and words[1] != "INBOX" else "OK done"

    def _search(self, rest: str) -> bytes:
        assert rest == "UNSEEN HEADER Content-Type multipart/report", rest
        found = [
            str(uid)
            for uid, letter in self.letters.items()
            if "\\Seen" not in letter.flags
            and "multipart/report" in str(message_from_bytes(letter.content)["Content-Type"]).lower()
        ]
        return f"* SEARCH {' '.join(found)}\r\n".encode()

    def _fetch(self, rest: str) -> bytes:
        match = _FETCH.match(rest)
        assert match, rest
        uid, content = int(match[1]), self.letters[int(match[1])].content[: int(match[2])]
        return f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")\r\n"

    def _store(self, rest: str) -> bytes:
        match = _STORE.match(rest)
        assert match, rest
        self.letters[int(match[1])].flags.add("\\Seen")
        return b""
