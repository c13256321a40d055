"""Fills an empty demo: accounts, the archive, new editions, people who apply. What is there is left alone."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from accounts.queries import staff_with
from events.enums import EventFormat
from events.models import Call, Event
from events.services import events
from events.services.events import Stretch
from registrations import call_files, identity_checks, queries, questions
from registrations.call_files.reading import BRUSSELS
from registrations.enums import CheckResult, Extra, Profession, State
from registrations.models import Criterion, LogisticsAssignment, Question, Registration, SelectionRule
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer
from registrations.services import applicants, consents, editions, form_building, importing, intake, places, reviewing

PASSWORD: str = settings.DEMO_PASSWORD
ACCOUNTS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("publisher@example.org", "Pia Publisher", (Role.PUBLISHER,)),
    ("organiser@example.org", "Oskar Organiser", (Role.ORGANISER,)),
    ("reviewer1@example.org", "Rita Reviewer", (Role.REVIEWER,)),
    ("reviewer2@example.org", "Robert Reviewer", (Role.REVIEWER,)),
    ("logistics@example.org", "Lena Logistics", (Role.LOGISTICS,)),
    ("dpo@example.org", "Dora Data-Protection", (Role.DATA_PROTECTION,)),
    # An administrator sees no person; this one also organises, so that one account is enough to look around.
    ("admin@example.org", "Ada Administrator", (Role.ADMINISTRATOR, Role.ORGANISER)),
)
#: Who organises the demo's calls.
ORGANISERS = ("organiser@example.org", "admin@example.org")
#: So many apply to the call that is to be decided.
_APPLICATIONS = 200
#: The working group that is closest to most professions; to others it is RAN HEALTH.
_GROUPS = {
    Profession.POLICE: "ran-pol",
    Profession.PRISON: "ran-prisons",
    Profession.PROBATION: "ran-prisons",
    Profession.SOCIAL_WORK: "ran-fcs",
    Profession.YOUTH_WORK: "ran-ye",
    Profession.EDUCATION: "ran-ye",
    Profession.LOCAL_AUTHORITY: "ran-local",
    Profession.EXIT_WORK: "ran-rehabilitation",
}
#: What its organiser wants of the group. The minimums can all be met, but not by taking the best alone.
_RULES: tuple[dict[str, Any], ...] = (
    {"attribute": "country", "maximum": 3},
    {"attribute": "organisation", "maximum": 1},
    {"attribute": "profession", "value": "police", "minimum": 4, "weight": 2},
    {"attribute": "first_time", "value": "true", "minimum": 8},
)
_JOIN_LINK = "https://webex.example.org/meet/"


@dataclass(frozen=True)
class Seeded:
    """What was made; nothing of it existed before."""

    accounts: tuple[str, ...]
    events: tuple[str, ...]
    registrations: int


def seed(*, folder: Path, now: datetime) -> Seeded:
    """Make what the demo lacks, all of it or nothing, from the files in `folder` (see demo/).

    An account or an event that exists is left as it is, with all that hangs on it; so a second time makes nothing.
    People go through the same services as everybody, at moments before `now`; their mails wait in the outbox.
    """
    with transaction.atomic():
        accounts = [account for account in ACCOUNTS if not User.objects.filter(email=account[0]).exists()]
        _make_accounts(accounts)
        library = yaml.safe_load((folder / "library.yaml").read_text("utf-8"))
        form_building.fill_library(entries=library["questions"], now=now)
        organiser = User.objects.get(email="organiser@example.org")
        made = [*_import_archive(folder, now=now), *_import_editions(folder, now=now)]
        for call in Call.objects.select_related("event").filter(event__slug__in=made):
            consents.offer(call=call, extras=_extras_of(call.event), by=organiser, now=now)
            call.organisers.add(*User.objects.filter(email__in=ORGANISERS))
            for user in staff_with(Role.LOGISTICS).filter(email="logistics@example.org"):
                LogisticsAssignment.objects.create(call=call, user=user)
        people = _people(folder / "people.yaml")
        before = Registration.objects.count()
        for slug, story in _STORIES.items():
            if slug in made:
                story(Call.objects.select_related("event").get(event__slug=slug), people, organiser, now)
        return Seeded(tuple(email for email, _, _ in accounts), tuple(made), Registration.objects.count() - before)


def _extras_of(event: Event) -> list[Extra]:
    """What people of a demo's event are asked about: food and photographs only where they meet."""
    is_online = event.format == EventFormat.ONLINE
    return [extra for extra in Extra if not (is_online and extra in (Extra.DIET, Extra.PHOTOGRAPHS))]


def _make_accounts(accounts: Iterable[tuple[str, str, tuple[Role, ...]]]) -> None:
    # One hash for all: it is the same password, and hashing is slow on purpose.
    password = make_password(PASSWORD)
    for email, name, roles in accounts:
        user = User.objects.create(email=email, name=name, password=password, is_staff=True)
        user.groups.add(*Group.objects.filter(name__in=roles))


def _import_archive(folder: Path, *, now: datetime) -> list[str]:
    files = call_files.read(sorted((folder / "calls").glob("*.yaml")))
    return _import_missing(files, now=now)


def _import_editions(folder: Path, *, now: datetime) -> list[str]:
    today = now.astimezone(BRUSSELS).date()
    paths = sorted((folder / "editions").glob("*.yaml"))
    files = [editions.read(path, archive=folder / "calls", today=today) for path in paths]
    # As if imported before they opened, so that the deadline which has passed since is still to be handled.
    made = _import_missing(files, now=now - timedelta(days=30))
    for event in Event.objects.filter(slug__in=made, format="online"):
        event.join_link = f"{_JOIN_LINK}{event.slug}"
        stretches = [Stretch(s.starts_at, s.ends_at, s.is_whole_day) for s in event.sessions.all()]
        events.revise(event=event, sessions=stretches, by=None, now=now)
    return made


def _import_missing(files: Sequence[call_files.CallFile], *, now: datetime) -> list[str]:
    known = set(Event.objects.filter(slug__in=[file.event.slug for file in files]).values_list("slug", flat=True))
    missing = [file for file in files if file.event.slug not in known]
    return [result.slug for result in importing.import_files(files=missing, by=None, now=now)]


# People


@dataclass(frozen=True)
class Applicant:
    """A synthetic person: details, and raw answers by the key of the question."""

    details: PersonDetails
    answers: Mapping[str, Any]


def _people(path: Path) -> list[Applicant]:
    rows = yaml.safe_load(path.read_text("utf-8"))["people"]
    fields = PersonDetails.__dataclass_fields__
    return [Applicant(PersonDetails(**{name: row[name] for name in fields}), row["answers"]) for row in rows]


def _apply(
    call: Call, people: Sequence[Applicant], *, moments: Sequence[datetime], unproven: int = 0
) -> list[Registration]:
    """Let each send the form at the moment beside it and prove the address minutes later, but for the last ones."""
    asked = queries.questions_of(call)
    registrations = []
    for number, (person, at) in enumerate(zip(people, moments, strict=True)):
        sent = intake.submit(
            call=call, person=person.details, answers=_answers(asked, person.answers), now=at, received_at=at
        )
        if sent.link is None:
            continue
        registration = sent.link.registration
        if number < len(people) - unproven:
            after = at + timedelta(minutes=2 + number % 7)
            registration = intake.prove(registration=registration, version=sent.link.version, now=after)
        registrations.append(registration)
    return registrations


def _answers(asked: Sequence[Question], raw: Mapping[str, Any]) -> dict[Question, GivenAnswer]:
    answers: dict[Question, GivenAnswer] = {}
    values: dict[str, questions.Json] = {}
    for question in asked:
        if not questions.is_shown(question, values):
            continue
        kind = questions.KINDS[question.kind]
        value = raw.get(
            question.key, question.choices[:1] and [question.choices[0][0]] if question.is_required else None
        )
        given = kind.given(question, kind.field(question).clean(_typed(value)))
        if given is not None:
            answers[question] = given
            values[question.key] = given.value
    return answers


def _typed(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else str(value)


def _between(start: datetime, end: datetime, number: int) -> list[datetime]:
    """Moments from `start` to `end`, the same for the same numbers, in order and a little uneven."""
    step = (end - start) / (number + 1)
    uneven = random.Random(number)  # noqa: S311  # only spreads made-up people over days
    return [start + step * (place + uneven.random() * 0.8) for place in range(1, number + 1)]


# The stories


def _open_webinar(call: Call, people: Sequence[Applicant], organiser: User, now: datetime) -> None:
    some = people[20:32]
    arrived = _apply(call, some, moments=_between(call.opens_at, now - timedelta(hours=3), len(some)), unproven=1)
    places.withdraw(registration=arrived[3], now=now - timedelta(hours=2))


def _round_table(call: Call, people: Sequence[Applicant], organiser: User, now: datetime) -> None:
    some = people[34:44]
    _apply(call, some, moments=_between(call.opens_at, now - timedelta(hours=5), len(some)))


def _open_training(call: Call, people: Sequence[Applicant], organiser: User, now: datetime) -> None:
    reviewing.assign(call=call, reviewers=_reviewers(), by=organiser, now=now)
    some = people[:14]
    arrived = _apply(call, some, moments=_between(call.opens_at, now - timedelta(hours=1), len(some)), unproven=2)
    _review(call, [r for r in arrived if r.state == State.SUBMITTED][:5], now=now)


def _first_group(call: Call, people: Sequence[Applicant], organiser: User, now: datetime) -> None:
    reviewing.assign(call=call, reviewers=_reviewers(), by=organiser, now=now)
    applicants.make(call=call, count=60, seed=1, now=now)


def _training_to_decide(call: Call, people: Sequence[Applicant], organiser: User, now: datetime) -> None:
    """Everything is read and scored, rules are laid down; proposal, staging and release are left to who looks."""
    reviewing.assign(call=call, reviewers=_reviewers(), by=organiser, now=now)
    ends = min(call.closes_at, now) - timedelta(minutes=30)
    told = [replace(one, answers={**one.answers, "working_group": _group_of(one)}) for one in people]
    arrived = _apply(call, told, moments=_between(call.opens_at, ends, len(told)), unproven=2)
    applications = [registration for registration in arrived if registration.state == State.SUBMITTED]
    _review(call, applications, now=now)
    _check(applications, organiser, now=now)
    applicants.make(call=call, count=_APPLICATIONS - len(applications), seed=2, now=now)
    SelectionRule.objects.bulk_create(
        SelectionRule(call=call, position=place, **rule) for place, rule in enumerate(_RULES)
    )


def _group_of(person: Applicant) -> str:
    return _GROUPS.get(Profession(person.details.profession), "ran-health")


def _reviewers() -> list[User]:
    return list(User.objects.filter(email__startswith="reviewer", groups__name=Role.REVIEWER).order_by("email")[:2])


def _review(call: Call, applications: Sequence[Registration], *, now: datetime) -> None:
    criteria = list(call.criteria.all())
    taste = random.Random(2026)  # noqa: S311  # made-up scores
    for number, registration in enumerate(applications):
        merit = _merit(registration)
        for reader, reviewer in enumerate(_reviewers()):
            if (number + 1) % 29 == 0 and reader == 0:
                comment = "We worked in the same team."
                reviewing.declare_conflict(registration=registration, reviewer=reviewer, comment=comment, now=now)
                continue
            scores = {criterion: _score(criterion, merit, taste) for criterion in criteria}
            comment = "Knows what to do with it." if merit == 4 and reader == 0 else ""
            reviewing.score(registration=registration, reviewer=reviewer, scores=scores, comment=comment, now=now)


def _merit(registration: Registration) -> int:
    values = {answer.question.key: answer.value for answer in registration.answers.select_related("question")}
    return 1 + 2 * bool(values.get("direct_contact")) + (values.get("knowledge") in ("none", "some"))


def _score(criterion: Criterion, merit: int, taste: random.Random) -> int:
    return max(0, min(criterion.max_score, merit + taste.choice((-1, 0, 0, 1))))


def _check(applications: Sequence[Registration], organiser: User, *, now: datetime) -> None:
    for number, registration in enumerate(applications[:24]):
        result, note = CheckResult.FINE, "The organisation's telephone exchange knows this person."
        if number % 11 == 5:
            result, note = CheckResult.ASK_BACK, "The organisation has no web site; asked for another contact."
        shown = identity_checks.seen(registration)
        reviewing.note_check(registration=registration, result=result, note=note, shown=shown, by=organiser, now=now)


#: In this order: who was in the first group applies to the second again.
_STORIES = {
    "basics-of-mental-health-first-group": _first_group,
    "mental-health-and-pcve": _open_webinar,
    "exit-work-round-table": _round_table,
    "basics-of-mental-health": _open_training,
    "basics-of-mental-health-second-group": _training_to_decide,
}
