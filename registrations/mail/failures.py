"""Reads the reports with which mail servers say that a mail could not be delivered (RFC 3464). Pure; trusts nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser, Parser

from ranportal.shared.crypto import keyed_digest

#: Bytes of a report that are looked at. The parts that count stand before the original's text.
READ_AT_MOST = 512 * 1024
#: Message-IDs of one report that are looked up.
MOST_IDS = 10

#: ASCII that is printed, as ours are: the database takes no NUL and no half characters.
_ID = re.compile(r"<[!-;=?-~]{3,118}>")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ORIGINAL = {"text/rfc822-headers", "message/rfc822", "message/rfc822-headers", "message/global-headers"}
_FAILED, _DELAYED = "failed", "delayed"


@dataclass(frozen=True)
class Failure:
    """What a report says: about which mails it may be, and whether they will still be tried."""

    message_ids: tuple[str, ...]
    is_permanent: bool
    status: str
    digest: str


def read(content: bytes) -> Failure | None:
    """Return what the report says, or None for every other mail: an answer, a receipt, an automatic reply, rubbish."""
    try:
        return _read(content[:READ_AT_MOST])
    except Exception:
        # Strangers write this mailbox: one report that breaks the parser must not stand before all others for ever.
        return None


def is_report(header: str) -> bool:
    """Whether a Content-Type is that of a report."""
    return header.strip().lower().startswith("multipart/report")


def _read(content: bytes) -> Failure | None:
    report = BytesParser(policy=policy.compat32).parsebytes(content)
    if report.get_content_type() != "multipart/report" or not report.is_multipart():
        return None
    parts = _parts(report)
    status_part = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status_part is None:
        return None
    blocks = [block for block in _blocks(status_part) if block["Action"] or block["Status"]]
    verdicts = [verdict for block in blocks if (verdict := _verdict(block))]
    ids = [found for part in parts for found in _ids_of_original(part)] or _ids(report, "In-Reply-To", "References")
    if not verdicts or not ids:
        return None
    is_permanent, status = max(verdicts)
    said = "\n".join(f"{name.lower()}:{value}" for block in blocks for name, value in block.items())
    return Failure(
        message_ids=tuple(dict.fromkeys(ids))[:MOST_IDS],
        is_permanent=is_permanent,
        status=status,
        # With the report's own name and date: a mail that is sent again may come back again.
        digest=keyed_digest("failure", "\n".join([*ids, said, *_values(report, "Message-ID", "Date")])),
    )


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: one for the mail, one for each recipient."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return _parts(part)
    # The parser has taken the encoded text for fields already.
    whole = "\n\n".join(map(str, _parts(part))) if part.is_multipart() else str(part.get_payload())
    plain = Message()
    plain["Content-Transfer-Encoding"] = encoding
    plain.set_payload(whole.strip())
    text = _text(plain).replace("\r\n", "\n")
    return [Parser(policy=policy.compat32).parsestr(group.strip()) for group in text.split("\n\n")]


def _verdict(block: Message) -> tuple[bool, str] | None:
    """Whether it is over for this recipient, and the code; None for what is no failure."""
    action = str(block["Action"] or "").split("(")[0].strip().lower()
    found = _STATUS.search(str(block["Status"] or ""))
    status = found[1] if found else ""
    if action == _DELAYED or (not action and status.startswith("4")):
        return False, status
    if action == _FAILED or (not action and status.startswith("5")):
        return True, status
    return None


def _ids_of_original(part: Message) -> list[str]:
    kind = part.get_content_type()
    if kind not in _ORIGINAL:
        return []
    if part.is_multipart():
        return [found for original in _parts(part) for found in _ids(original, "Message-ID")]
    original = Parser(policy=policy.compat32).parsestr(_text(part).lstrip(), headersonly=True)
    return _ids(original, "Message-ID")


def _parts(message: Message) -> list[Message]:
    parts = message.get_payload()
    # The standard library's types do not say that these are messages.
    return list(parts) if isinstance(parts, list) else []  # type: ignore[arg-type]


def _ids(message: Message, *names: str) -> list[str]:
    return [found for value in _values(message, *names) for found in _ID.findall(value)]


def _values(message: Message, *names: str) -> Iterator[str]:
    for name in names:
        for value in message.get_all(name, []):
            yield str(value)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("latin-1") if isinstance(content, bytes) else ""
