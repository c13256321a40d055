"""The measures still measure: a small run of what `make bench` does with many."""

from collections import Counter
from email import message_from_bytes

import pytest

from benchmarks import mailing, measures, releasing
from registrations.enums import MailState, State
from registrations.models import Registration
from tests.smtp_sink import SmtpSink
from tests.workers import environment_of_this_test


@pytest.mark.django_db(transaction=True)
def test_a_release_is_measured_and_its_mails_are_sent(smtp_sink: SmtpSink):
    call = measures.big_call(people=6)

    (release,) = measures.release(call)
    sending = mailing.sending(call, processes=2, rounds=1, environ=environment_of_this_test())

    assert sorted(call.registrations.values_list("state", flat=True)) == sorted(
        2 * [State.SELECTED, State.RESERVE, State.DECLINED]
    )
    assert set(call.mails.values_list("state", flat=True)) == {MailState.SENT}
    ids = Counter(message_from_bytes(message.data)["Message-ID"] for message in smtp_sink.messages)
    assert set(ids.values()) == {5}, (
        "each from the outbox and from the bare loop, to warm up and in a round, and once counted"
    )
    assert release.what == "release 6 decisions"
    assert release.seconds > 0
    assert sending.baseline > 0


@pytest.mark.django_db(transaction=True)
def test_a_release_that_was_given_is_measured_with_its_page():
    page, release = releasing.released(people=6)

    assert (page.what, release.what) == ("GET the release page, 6 staged", "carry out 6 decisions")
    assert Registration.objects.filter(state=State.SELECTED).count() == 2
    assert release.baseline > 0


def test_acts_are_measured_in_turns():
    order: list[str] = []
    found = measures.medians({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, seconds=0.001)

    assert order[:2] == ["a", "b"], "each once to warm up"
    assert found.keys() == {"a", "b"}
    assert all(spent > 0 for spent in found.values())


def test_a_line_says_how_many_times_the_baseline():
    line = str(measures.Measured("GET /", seconds=0.05, baseline=0.002, note="20/s"))

    assert line.split() == ["GET", "/", "50.0", "ms", "25.0", "×", "2.0", "ms", "20/s"]
