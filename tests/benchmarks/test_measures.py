"""The measures still measure: a small run of what `make bench` does with many."""

import pytest

from benchmarks import measures
from registrations.enums import MailState, State
from tests.smtp_sink import SmtpSink


@pytest.mark.django_db(transaction=True)
def test_a_release_is_measured_and_its_mails_are_sent(smtp_sink: SmtpSink):
    call = measures.big_call(people=6)

    (release,) = measures.release(call)
    (sending,) = measures.sending(call, seconds=20)

    assert sorted(call.registrations.values_list("state", flat=True)) == sorted(
        2 * [State.SELECTED, State.RESERVE, State.DECLINED]
    )
    assert set(call.mails.values_list("state", flat=True)) == {MailState.SENT}
    assert len(smtp_sink.messages) == 12, "each once from the outbox, once from the bare loop"
    assert release.what == "release 6 decisions"
    assert release.seconds > 0
    assert sending.baseline > 0


def test_acts_are_measured_in_turns():
    order: list[str] = []
    found = measures.medians({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, seconds=0.001)

    assert order[:2] == ["a", "b"], "each once to warm up"
    assert found.keys() == {"a", "b"}
    assert all(spent > 0 for spent in found.values())


def test_a_line_says_how_many_times_the_baseline():
    line = str(measures.Measured("GET /", seconds=0.05, baseline=0.002, note="20/s"))

    assert line.split() == ["GET", "/", "50.0", "ms", "25.0", "×", "2.0", "ms", "20/s"]
