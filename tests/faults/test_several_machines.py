"""Three machines share a database, a broker and a store, and nothing else. One dies, one is cut off, in a rush."""

import re
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.files.base import ContentFile
from django.db import OperationalError, connection

from accounts.models import User
from dev import processes, valkey
from events.models import Call, Publication
from ranportal import env
from ranportal.shared import clock
from registrations.enums import MailKind, MailState, State
from registrations.models import Answer, OutgoingMail, Registration
from registrations.services import uploads
from tests import papers, sealed, signing_in
from tests.factories import CallFactory, EventFactory, QuestionFactory, UserFactory
from tests.faults import invariants, mails, report
from tests.faults.links import Link
from tests.faults.machines import CSRF, Balancer, Machine, NoAnswer
from tests.registrations.pages import FORM
from tests.s3_server import BUCKET, S3Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PLACES = 20
PASSWORD = signing_in.PASSWORD
CODE_PAGE = "/accounts/second-factor/authenticate/"
SCALING = "scaled: lease 60 to 6 s, sweep 30 to 1 s, silence in a transaction 15 to 3 s"
PDF = papers.pdf("of one person")
SILENCE = "options=-c%20idle_in_transaction_session_timeout%3D3s"
_LINK = re.compile(r"http://localhost(/registrations/p/\S+/)")

MASTER_KEY = "for-the-tests-only-and-long-enough-for-all-of-the-machines"


@pytest.fixture
def folder() -> Iterator[Path]:
    # A unix socket's path has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ranportal-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(folder: Path) -> Iterator[S3Server]:
    server = S3Server(folder)
    yield server
    server.stop()


@pytest.fixture
def machine(
    transactional_db: None, folder: Path, store: S3Server, smtp_sink: Any, settings: Any
) -> Iterator[Callable[..., Machine]]:
    """Makes machines that are not started yet: ``machine(name, web=…, **environ)``."""
    # What they seal is read here.
    settings.MASTER_KEYS = [MASTER_KEY]
    broker = valkey.start(folder / "broker.sock", folder, keep=False)
    assert valkey.wait_until_ready(folder / "broker.sock", broker)
    made: list[Machine] = []

    def make(name: str, *, web: str = "python:tests.races.plain_pages", **environ: str) -> Machine:
        links = {
            "database": Link(database_socket()),
            "broker": Link(folder / "broker.sock"),
            "store": Link(store.port),
        }
        ports = {part: link.port for part, link in links.items()}
        ours = environment(ports, store) | {"EMAIL_URL": smtp_sink.url} | environ
        made.append(Machine(folder / name, environ=ours, links=links, web=web))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    processes.stop(broker)


def environment(ports: dict[str, int], store: S3Server) -> dict[str, str]:
    """A real installation, of which nothing lies on a machine's own disk."""
    return {
        "DEBUG": "0",
        "PLAIN_HTTP": "1",
        "SITE_URL": "http://localhost",
        "ALLOWED_HOSTS": "localhost",
        "ADDRESS_KEY": "for-the-tests-only",
        "MASTER_KEYS": MASTER_KEY,
        "MAIL_FROM": "events@portal.example.org",
        "LOG_LEVEL": "WARNING",
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{ports['database']}/{connection.settings_dict['NAME']}?{SILENCE}",
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{ports['broker']}/0",
        "CACHE_URL": f"redis://127.0.0.1:{ports['broker']}/1",
        **store.environ,
        "MEDIA_STORAGE": f"s3://{BUCKET}/live?endpoint_url=http://127.0.0.1:{ports['store']}",
    }


class Rush:
    """Many people who register, prove their addresses by the mailed link, and ask again where nobody answers."""

    def __init__(self, call: Call, machines: list[Machine], sink: Any) -> None:
        self.balancer = Balancer(machines)
        self.pages = 0
        self._call = call
        self._sink = sink
        self._lock = threading.Lock()

    def person(self, number: int) -> None:
        """The whole way of one person, each step wherever the balancer leads."""
        address = f"person{number}@example.org"
        file = ("q-cv", papers.pdf(f"of person {number}")) if number % 6 == 0 else None
        form = f"/events/{self._call.event.slug}/register/"
        assert self.balancer.ask("POST", form, FORM | {"email": address}, file=file).status == 303
        with self._lock:
            self.pages += 1
        opened = self.balancer.ask("GET", self._link_of(address))
        assert opened.status == 303
        mine = opened.headers["Location"]
        proved = self.balancer.ask("POST", mine, {"action": "prove"}, cookies=opened.cookies)
        assert (proved.status, proved.headers["Location"]) == (303, mine)

    def _link_of(self, address: str) -> str:
        def came(messages: list[Any]) -> bool:
            return any(address in message.recipients for message in messages)

        first = next(m for m in self._sink.wait_for(came, seconds=120) if address in m.recipients)
        body: Any = message_from_bytes(first.data, policy=default).get_body(("plain",))
        return _LINK.findall(body.get_content())[0]


def test_three_machines_of_which_one_dies_and_one_is_cut_off(machine, store, smtp_sink):
    people, clients = (300, 30) if report.is_full() else (60, 20)
    staff = an_organiser()
    call = a_call(staff)
    first, second, third = machines = started(machine("first"), machine("second"), machine("third"))
    session = sign_in(first, staff.email)
    upload(second, session)
    assert [reads_document(one, session) for one in machines] == [True, True, True]

    start = time.monotonic()
    rush = Rush(call, machines, smtp_sink)
    with ThreadPoolExecutor(clients) as crowd:
        ways = [crowd.submit(rush.person, number) for number in range(people)]
        mails.wait_until(lambda: rush.pages >= people // 4, seconds=600)
        third.kill()
        mails.wait_until(lambda: rush.pages >= people // 2, seconds=600)
        cut_for = cut_off_until(second, lambda: rush.pages >= people * 3 // 4)
    seconds = time.monotonic() - start
    mails.wait_until_nothing_is_open(seconds=300)

    got = mails.count(smtp_sink)
    states = Counter(Registration.objects.values_list("state", flat=True))
    orphans = len(set(store.stored()) - names_in_rows())
    report.add(
        fault=f"three machines, {people} people for {PLACES} places: one killed, one cut off for {cut_for:.0f} s",
        goal="nothing lost, nothing oversold, no place unsold",
        reached=f"{rush.pages} success pages, {sum(states.values())} registrations, lost {got.lost}, repeats"
        f" {got.repeats}, oversold {max(0, states[State.CONFIRMED] - PLACES)}, unsold"
        f" {max(0, PLACES - states[State.CONFIRMED])}, asked again {rush.balancer.retries} times, files without a row"
        f" {orphans}, {seconds:.0f} s; {SCALING}",
    )
    assert [way.exception() for way in ways if way.exception()] == []
    assert rush.pages == people
    check_people(people, call)
    check_mails(people, got)
    check_files(people, store)
    invariants.check(now=clock.now(), made=people)
    assert [reads_document(one, session) for one in (first, second)] == [True, True]


def started(*machines: Machine, is_web_only: bool = False) -> tuple[Machine, ...]:
    """The machines, all running and answering."""
    for one in machines:
        one.start(is_web_only=is_web_only)
    for one in machines:
        one.wait()
    return machines


def cut_off_until(one: Machine, is_enough: Callable[[], bool]) -> float:
    """Cut a machine off for five seconds at least; returns for how many it was."""
    start = time.monotonic()
    one.cut_off()
    mails.wait_until(lambda: is_enough() and time.monotonic() > start + 5, seconds=600)
    one.heal()
    return time.monotonic() - start


def check_people(people: int, call: Call) -> None:
    """Each is there once; the places are given, no more and no fewer; the list is in order."""
    call.refresh_from_db()
    assert sorted(sealed.addresses()) == sorted(f"person{number}@example.org" for number in range(people))
    states = Counter(Registration.objects.values_list("state", flat=True))
    assert states == {State.CONFIRMED: PLACES, State.RESERVE: people - PLACES}
    assert call.places_taken == PLACES
    positions = Registration.objects.filter(state=State.RESERVE).values_list("list_position", flat=True)
    assert sorted(positions) == list(range(1, people - PLACES + 1))


def check_mails(people: int, got: mails.Count) -> None:
    """Each row has exactly its mails, all are out, and few came twice: what was on its way at the kill and the cut."""
    kinds = Counter(OutgoingMail.objects.values_list("kind", "state"))
    assert kinds == {
        (MailKind.PROVE_ADDRESS, MailState.SENT): people,
        (MailKind.CONFIRMED, MailState.SENT): PLACES,
        (MailKind.WAITING_LIST, MailState.SENT): people - PLACES,
    }
    assert (got.lost, got.differing, got.unmarked, got.strange) == (0, 0, 0, 0)
    assert got.repeats <= 2


def check_files(people: int, store: S3Server) -> None:
    """Whoever sent a file has it, whole."""
    stored = {}
    for answer in Answer.objects.exclude(file="").select_related("registration__identity"):
        kept = store.client.get_object(Bucket=BUCKET, Key=f"live/private/{answer.file.name}")["Body"].read()
        answer.file.file = ContentFile(kept)
        stored[answer.registration.identity.email] = uploads.opened(answer).read()
    assert stored == {
        f"person{number}@example.org": papers.pdf(f"of person {number}") for number in range(0, people, 6)
    }


def test_what_a_machine_keeps_to_itself_is_seen_to_be_missing_on_another(machine, store):
    lonely = machine("alone", web="python:tests.faults.machine_alone", MEDIA_STORAGE="")
    other, alone = started(machine("other"), lonely, is_web_only=True)
    # Two of the staff: no code opens twice.
    shared, kept = sign_in(other, an_organiser().email), sign_in(alone, an_organiser().email)
    upload(alone, kept)

    assert reads_document(alone, kept)
    assert other.ask("GET", document_address(), cookies=kept).status == 302
    assert other.ask("GET", document_address(), cookies=shared).status == 404


@pytest.mark.parametrize(("silence", "is_let_go"), [("1s", True), ("0", False)])
def test_a_machine_that_is_cut_off_in_the_middle_lets_go_of_its_lock(silence, is_let_go):
    """Otherwise its lock on the call would hold up the registrations of all others for as long as it is away."""
    call, link = a_call(an_organiser()), Link(database_socket())
    usual = env.database("postgres:///x")["OPTIONS"]["options"]
    away = psycopg2.connect(
        host="127.0.0.1",
        port=link.port,
        user="postgres",
        dbname=connection.settings_dict["NAME"],
        options=usual.replace("15s", silence),
    )
    try:
        with away.cursor() as cursor:
            cursor.execute("SELECT id FROM events_call WHERE id = %s FOR UPDATE", [call.pk])
        link.cut()
        start = time.monotonic()
        has_lock = takes_lock(call)
        seconds = time.monotonic() - start
    finally:
        link.stop()
    report.add(
        fault="a machine is cut off while it holds a call's lock" + ("" if is_let_go else " (control: for ever)"),
        goal="the others go on" if is_let_go else "the others wait",
        reached=f"{'went on' if has_lock else 'still held up'} after {seconds:.1f} s; scaled: silence 15 to 1 s",
    )
    assert usual.endswith("=15s")
    assert has_lock is is_let_go


def takes_lock(call: Call) -> bool:
    """Whether somebody else gets the lock of the call within five seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        try:
            cursor.execute("SELECT id FROM events_call WHERE id = %s FOR UPDATE", [call.pk])
        except OperationalError:
            return False
        finally:
            cursor.execute("RESET lock_timeout")
    return True


def a_call(organiser: User) -> Call:
    """An open call with a question for a file."""
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[(starts_at, starts_at + timedelta(hours=2))])
    call = CallFactory(
        event=event,
        capacity=PLACES,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=9),
        organisers=[organiser],
    )
    QuestionFactory(call=call, key="cv", kind="file", is_required=False)
    return call


def an_organiser() -> User:
    # The machines know the real hashes of passwords only, not the quick ones of the tests.
    user = UserFactory(administrator=True)
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    user.save(update_fields=["password"])
    signing_in.add_app(user)
    return user


def sign_in(one: Machine, email: str) -> dict[str, str]:
    """The cookies of somebody of the staff who has signed in on this machine."""
    known = one.ask("POST", "/admin/login/", {"username": email, "password": PASSWORD})
    assert known.headers.get("Location") == CODE_PAGE, known.body.decode()[-3000:]
    cookies = {"csrf": CSRF, **known.cookies}
    proved = one.ask("POST", CODE_PAGE, {"code": signing_in.code()}, cookies=cookies)
    assert proved.status == 302, proved.body.decode()[-3000:]
    return {**cookies, **proved.cookies}


def upload(one: Machine, session: dict[str, str]) -> None:
    """Write the draft of a publication with a document, on this machine."""
    typed = {"title": "Paper", "slug": "paper", "department": "DG HOME", "body": "Text.", "status": "draft"}
    typed |= {"kind": "expert_opinion", "key_points": "One.", "published_at": "", "document_title": ""}
    answer = one.ask("POST", "/admin/events/publication/add/", typed, cookies=session, file=("document", PDF))
    assert answer.status == 302, answer.body.decode()[-3000:]


def document_address() -> str:
    return f"/admin/events/publication/{Publication.objects.get().pk}/document/"


def reads_document(one: Machine, session: dict[str, str]) -> bool:
    """Whether this machine knows who is signed in, and has the document that was written on another."""
    try:
        answer = one.ask("GET", document_address(), cookies=session)
    except NoAnswer:
        return False
    return answer.status == 200 and answer.body == PDF


def names_in_rows() -> set[str]:
    private = Answer.objects.exclude(file="").values_list("file", flat=True)
    public = Publication.objects.values_list("document", flat=True)
    return {f"live/private/{name}" for name in private} | {f"live/media/{name}" for name in public}


def database_socket() -> Path:
    return Path(connection.settings_dict["HOST"]) / ".s.PGSQL.5432"
