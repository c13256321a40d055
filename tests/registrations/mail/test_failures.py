"""What the reports of mail servers say, and what strangers may write into the same mailbox."""

import base64
import random
import time
from pathlib import Path

import pytest

from registrations.mail import failures

RETURNED = Path(__file__).parent / "returned"
OURS = "<0123456789abcdef0123456789abcdef01234567@portal.example.org>"


def sample(name: str, message_id: str = OURS) -> bytes:
    """A report as this mail server writes it, about the mail with this Message-ID."""
    return (RETURNED / f"{name}.eml").read_bytes().replace(b"MESSAGE-ID", message_id.encode())


@pytest.mark.parametrize(
    ("name", "is_permanent", "status"),
    [
        ("postfix", True, "5.1.1"),
        ("exchange", True, "5.2.2"),
        ("exim", True, "5.0.0"),
        ("gmail", True, "5.1.1"),
        ("sendmail", True, "5.7.1"),
        ("delayed", False, "4.4.1"),
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_report_says_about_which_mail_it_is_and_whether_it_is_over(name, is_permanent, status, line_end):
    failure = failures.read(sample(name).replace(b"\n", line_end))
    assert failure is not None
    assert (failure.message_ids, failure.is_permanent, failure.status) == ((OURS,), is_permanent, status)


@pytest.mark.parametrize("name", ["vacation", "receipt"])
def test_an_automatic_reply_and_a_receipt_are_no_reports(name):
    assert failures.read(sample(name)) is None


def test_nothing_of_a_report_holds_an_address():
    for path in RETURNED.glob("*.eml"):
        assert "janis" not in repr(failures.read(sample(path.stem)))


def test_a_report_is_known_again_and_two_reports_are_two():
    first, again = failures.read(sample("postfix")), failures.read(sample("postfix"))
    another = failures.read(sample("postfix").replace(b"6B3D21C0E7", b"6B3D21C0E8"))
    moved = failures.read(b"Received: from elsewhere.example.org\n" + sample("postfix"))
    assert first == again == moved
    assert another.digest != first.digest


def test_given_up_after_days_is_over_whatever_the_code():
    failure = failures.read(sample("postfix").replace(b"Status: 5.1.1", b"Status: 4.4.7"))
    assert (failure.is_permanent, failure.status) == (True, "4.4.7")


def test_of_several_recipients_the_worst_counts():
    two = b"Action: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed"
    both = sample("delayed").replace(b"Action: delayed", two)
    assert failures.read(both).is_permanent


@pytest.mark.parametrize("action", [b"delivered", b"relayed", b"expanded"])
def test_a_mail_that_arrived_is_no_failure(action):
    arrived = sample("postfix").replace(b"Action: failed", b"Action: " + action).replace(b"5.1.1", b"2.0.0")
    assert failures.read(arrived) is None


@pytest.mark.parametrize(("status", "is_permanent"), [(b"5.1.1", True), (b"4.4.1", False)])
def test_without_an_action_the_code_decides(status, is_permanent):
    report = sample("postfix").replace(b"Action: failed\n", b"").replace(b"Status: 5.1.1", b"Status: " + status)
    assert failures.read(report).is_permanent is is_permanent


def test_a_status_in_base64_is_read():
    start, _, rest = sample("postfix").partition(b"Content-Type: message/delivery-status\n\n")
    status, border, end = rest.partition(b"\n--4F2A")
    encoded = b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
    failure = failures.read(start + encoded + base64.encodebytes(status) + border + end)
    assert (failure.is_permanent, failure.status) == (True, "5.1.1")


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\x00\xff" * 4000,
        b"Content-Type: multipart/report\n\nno border",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nAction: failed\n",
        b"Content-Type: multipart/report; boundary=x\n\n--x--",
    ],
)
def test_rubbish_is_no_report(spoilt):
    assert failures.read(spoilt) is None


def test_wrong_character_sets_and_broken_encodings_are_survived():
    report = sample("postfix").replace(b"charset=us-ascii", b"charset=klingon-8")
    strange = b"text/rfc822-headers; charset=\xff\nContent-Transfer-Encoding: 8bit"
    report = report.replace(b"text/rfc822-headers", strange)
    assert failures.read(report.replace(b"I'm sorry", b"\xc3\x28 \xff")).message_ids == (OURS,)


def test_ten_megabytes_cost_no_more_than_the_first_half():
    large = sample("exim").replace(b"Thank you", b"x" * 76 + b"\n")
    whole = large.replace(b"registration.\n", b"y" * 10_000_000)
    assert len(whole) > 10_000_000
    assert failures.read(whole).message_ids == (OURS,)
    assert failures.read(b"X-Long: " + b"z" * 10_000_000 + b"\n" + sample("exim")) is None


def test_deeply_nested_parts_end_soon():
    start = time.process_time()
    deep = b"".join(b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000))
    assert failures.read(deep + b"x\n" * 1000) is None
    assert time.process_time() - start < 60


def report_with(kind, content, encoding="base64"):
    """A report with one part of this kind, encoded."""
    packed = base64.b64encode(content).decode()
    return (
        'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'
        "Reporting-MTA: dns; mx.example.org\n\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{packed}\n--b--\n"
    ).encode()


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c"])
def test_a_field_that_the_parser_breaks_upon_is_left_to_people(mark):
    fields = f"Reporting-MTA: dns; mx\n\nFoo: a{mark}X:b\nAction: failed\nStatus: 5.1.1\n".encode()
    content = report_with("message/delivery-status", fields).split(b"--b\n")
    assert failures.read(b"--b\n".join([content[0], content[2]])) is None


@pytest.mark.parametrize("strange", [b"a\x00b@x.org", b"a\xffb@x.org", "aéb@x.org".encode()])
def test_an_id_that_no_mail_of_ours_can_have_is_none(strange):
    content = report_with("text/rfc822-headers", b"Message-ID: <" + strange + b">\n")
    assert failures.read(content) is None
    assert failures.read(report_with("text/rfc822-headers", b"Message-ID: <ab@x.org>\n")).message_ids == ("<ab@x.org>",)


def test_a_mutilated_report_never_raises():
    dice = random.Random(7)
    names = sorted(path.stem for path in RETURNED.glob("*.eml"))
    for _ in range(300):
        content = bytearray(sample(dice.choice(names)))
        for _ in range(dice.randint(1, 30)):
            place = dice.randrange(len(content))
            content[place : place + dice.randint(0, 40)] = dice.randbytes(dice.randint(0, 5))
        failures.read(bytes(content))
