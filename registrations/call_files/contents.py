"""What a call file says, in plain values. `lines` names the line of each key, for what is found out later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from events.enums import Admission, AnnouncementKind, EventFormat, EventKind, PublicationKind
from registrations.call_files.problems import Problem
from registrations.enums import AskedOf, Audience, KeptFor, LegalBasis, QuestionKind


@dataclass(frozen=True, kw_only=True)
class Content:
    """One part of a file: where it stands (`line`, from 1), and on which line each of its keys."""

    file: str
    line: int
    lines: Mapping[str, int] = field(compare=False)

    def problem(self, key: str, text: str) -> Problem:
        """Return what is wrong with `key`, at its line or else at the line of this part."""
        return Problem(self.file, self.lines.get(key, self.line), text)


@dataclass(frozen=True, kw_only=True)
class SessionContent(Content):
    """One session, from and to an aware instant (UTC); a day without hours runs from local midnight to the next."""

    starts_at: datetime
    ends_at: datetime
    is_whole_day: bool


@dataclass(frozen=True, kw_only=True)
class EventContent(Content):
    """The event. Slugs stay text here: whether they exist is for the import to say."""

    slug: str
    kind: EventKind
    title: str
    working_groups: tuple[str, ...]
    language: str
    format: EventFormat
    platform: str
    city: str
    country: str
    venue: str
    timezone: str
    sessions: tuple[SessionContent, ...]
    related_events: tuple[str, ...]
    summary: str
    target_group: str
    aim_and_background: str
    programme: str
    practical_information: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, kw_only=True)
class QuestionContent(Content):
    """One question; its condition names an earlier question of the same call by key."""

    key: str
    kind: QuestionKind
    label: str
    help: str
    is_required: bool
    condition_key: str
    condition_value: str
    audience: Audience
    asked_of: AskedOf
    is_sensitive: bool
    purpose: str
    legal_basis: LegalBasis
    kept_for: KeptFor
    choices: tuple[tuple[str, str], ...]
    max_words: int | None
    max_length: int | None
    min_value: int | None
    max_value: int | None
    max_choices: int | None


@dataclass(frozen=True, kw_only=True)
class CriterionContent(Content):
    """One criterion, scored from 0 to `max_score`; `anchors` says what scores mean, one a line."""

    key: str
    label: str
    weight: int
    max_score: int
    anchors: str


@dataclass(frozen=True, kw_only=True)
class CallContent(Content):
    """The call. All `_at` are instants in UTC; `capacity` None means without limit."""

    admission: Admission
    opens_at: datetime
    closes_at: datetime
    closes_on: date | None
    decision_by: date | None
    capacity: int | None
    has_waiting_list: bool
    confirm_within_days: int | None
    reply_to: str
    questions: tuple[QuestionContent, ...]
    criteria: tuple[CriterionContent, ...]

    @property
    def is_selective(self) -> bool:
        return self.admission == Admission.SELECTIVE


@dataclass(frozen=True, kw_only=True)
class AnnouncementContent(Content):
    """The announcement; it appears when `published_on` starts in Brussels."""

    slug: str
    title: str
    kind: AnnouncementKind
    department: str
    published_on: date
    body: str


@dataclass(frozen=True, kw_only=True)
class PublicationContent(Content):
    """The outcome; `document` is the PDF beside the call file."""

    slug: str
    title: str
    kind: PublicationKind
    department: str
    published_on: date
    body: str
    key_points: tuple[str, ...]
    document: Path | None


@dataclass(frozen=True, kw_only=True)
class CallFile:
    """One file: an event and, where they are there, its call, announcement and publication."""

    file: str
    event: EventContent
    call: CallContent | None
    announcement: AnnouncementContent | None
    publication: PublicationContent | None
