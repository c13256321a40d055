"""Web processes are killed in the middle of what they answer. Who reads a success is registered and gets one mail."""

import os
import random
import signal

import pytest

from ranportal.shared import clock
from registrations.enums import MailKind
from registrations.models import OutgoingMail, Registration
from tests import sealed
from tests.faults import invariants, report
from tests.faults.crowd import Crowd, open_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
GUARDED = "python:tests.faults.guarded"
MAIL_AFTERWARDS = "python:tests.faults.mail_afterwards"


@pytest.fixture
def size() -> tuple[int, int]:
    """People who send a form, and kills."""
    return (1000, 10) if report.is_full() else (100, 3)


@pytest.mark.both_databases
def test_killed_web_processes_leave_no_success_without_row_and_mail_and_no_row_without_mail(web, size):
    people, kills = size
    crowd = post_while_killing(web(config=GUARDED), people=people, kills=kills)
    rows, mails, without_mail = registered()
    broken = {said: times for said, times in crowd.said.items() if said != 303}
    report.add(
        fault=f"web processes killed -9 {kills} times during {people} posts",
        goal="a success page means row and mail; a row means exactly one mail",
        reached=(
            f"{len(crowd.told)} success pages, {len(rows)} registrations, {mails} mails, {without_mail} rows without"
            f" mail; no answer came to {sum(broken.values())} posts ({broken}), which were sent again"
        ),
    )
    assert all(isinstance(said, str) for said in broken)
    assert rows == sorted(crowd.told)
    assert (len(rows), mails, without_mail) == (people, people, 0)
    invariants.check(now=clock.now(), made=people)


def test_a_mail_that_is_put_after_the_commit_is_lost_with_its_process(web):
    """The control: the mail outside its transaction, and rows without mail are seen."""
    people, kills = 60, 7
    crowd = post_while_killing(web(config=MAIL_AFTERWARDS), people=people, kills=kills)
    rows, _, without_mail = registered()
    report.add(
        fault=f"control: the mail is put after the commit, {kills} kills during {people} posts",
        goal="rows without mail are seen",
        reached=f"{without_mail} of {len(rows)} rows without mail",
    )
    assert rows == sorted(crowd.told)
    assert without_mail > 0
    with pytest.raises(AssertionError, match="no mail prove_address"):
        invariants.check(now=clock.now())


def post_while_killing(server, *, people: int, kills: int) -> Crowd:
    """Everybody sends the form until the page of success comes; meanwhile so many processes are killed."""
    crowd = Crowd(server, open_call(), people=people, at_a_time=16).start()
    for number in range(1, kills + 1):
        crowd.wait_for(people * number // (kills + 1))
        os.kill(random.choice(server.workers), signal.SIGKILL)
    crowd.finish()
    return crowd


def registered() -> tuple[list[str], int, int]:
    """The addresses of all registrations (sorted), the mails that ask for a proof, and rows without one."""
    rows = sorted(sealed.addresses())
    mails = OutgoingMail.objects.filter(kind=MailKind.PROVE_ADDRESS)
    return rows, mails.count(), Registration.objects.exclude(mails__in=mails).count()
