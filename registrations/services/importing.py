"""Writes call files: a whole batch in one transaction, and nothing where nothing changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import User
from events.enums import Status
from events.models import Announcement, Call, Event, Publication, WorkingGroup
from events.services import events
from events.services.events import Stretch
from ranportal.shared import cleaning
from registrations.call_files import AnnouncementContent, CallFile, CallFileRefused, EventContent, Problem
from registrations.call_files.contents import Content, PublicationContent
from registrations.call_files.reading import BRUSSELS
from registrations.call_files.times import start_of_day
from registrations.services import call_content

_EVENT_FIELDS = (
    "kind",
    "title",
    "language",
    "format",
    "platform",
    "city",
    "country",
    "venue",
    "timezone",
    "summary",
    "target_group",
    "aim_and_background",
    "programme",
    "practical_information",
)
Page = TypeVar("Page", Announcement, Publication)


@dataclass(frozen=True)
class Imported:
    """What became of one file: its event's slug, and whether it is new, changed, or stands as it was."""

    slug: str
    is_new: bool
    has_changed: bool


def import_files(
    *, files: Sequence[CallFile], by: User | None, now: datetime, organisers: Sequence[User] = ()
) -> list[Imported]:
    """Make the portal say what the files say, all of them or none; `by` None means the command line.

    The same files again change nothing, not even a history. What a file does not hold stays: the join link, what staff
    hid or withdrew, who organises a call; `organisers` are added to those of each call. Raises CallFileRefused with
    every problem and its line.
    """
    stored: list[Any] = []
    try:
        with transaction.atomic():
            batch = _Batch(files, by=by, now=now, stored=stored, organisers=organisers)
            results = [batch.write(file) for file in files]
            batch.relate()
            if batch.problems:
                raise CallFileRefused(batch.problems)
    except BaseException:
        # Files know no roll-back.
        for document in stored:
            document.storage.delete(document.name)
        raise
    return results


class _Batch:
    """The files of one import, and what is wrong with them."""

    def __init__(
        self,
        files: Sequence[CallFile],
        *,
        by: User | None,
        now: datetime,
        stored: list[Any],
        organisers: Sequence[User],
    ) -> None:
        self.by, self.now, self._stored = by, now, stored
        self.problems: list[Problem] = []
        self._groups = {group.slug: group for group in WorkingGroup.objects.all()}
        self._files, self._organisers = files, organisers
        self._events: dict[str, Event] = {}
        self._related_changed: dict[str, bool] = {}

    def write(self, file: CallFile) -> Imported:
        """Write one file, without the related events, which may come later in the batch."""
        event, is_new, has_changed = self._write_event(file)
        self._events[event.slug] = event
        has_changed |= self._write_groups(event, file.event)
        if file.call is not None:
            call_changed, problems = call_content.write(event=event, content=file.call, by=self.by, now=self.now)
            has_changed |= call_changed | self._name_organisers(event)
            self.problems += problems
        if file.announcement is not None:
            has_changed |= self._write_announcement(event, file.announcement)
        if file.publication is not None:
            has_changed |= self._write_publication(event, file.publication)
        has_changed |= self._is_related_change(event, file.event)
        return Imported(slug=event.slug, is_new=is_new, has_changed=has_changed)

    def _name_organisers(self, event: Event) -> bool:
        call = Call.objects.get(event=event)
        there = set(call.organisers.values_list("pk", flat=True))
        missing = [user for user in self._organisers if user.pk not in there]
        call.organisers.add(*missing)
        return bool(missing)

    def relate(self) -> None:
        """Link the events of the batch with those that they name."""
        for file in self._files:
            event, content = self._events[file.event.slug], file.event
            known = {row.slug: row for row in Event.objects.filter(slug__in=content.related_events)}
            self.problems += _unknown(content, "related_events", content.related_events, known, "event")
            event.related_events.set(known.values())

    def _is_related_change(self, event: Event, content: EventContent) -> bool:
        return set(event.related_events.values_list("slug", flat=True)) != set(content.related_events)

    def _write_event(self, file: CallFile) -> tuple[Event, bool, bool]:
        content = file.event
        known = Event.objects.filter(slug=content.slug).first()
        event = known or Event(slug=content.slug, status=Status.PUBLISHED)
        appears_at = _appears_at(file) or event.published_at or self.now
        values = {"published_at": appears_at, **{name: getattr(content, name) for name in _EVENT_FIELDS}}
        sessions = [Stretch(s.starts_at, s.ends_at, s.is_whole_day) for s in content.sessions]
        has_changed = known is None or _assigned(event, values) or _stretches(event) != sessions
        if has_changed:
            for name, value in values.items():
                setattr(event, name, value)
            try:
                events.revise(event=event, sessions=sessions, by=self.by, now=self.now)
            except events.ZoneOfOpenCall as refusal:
                self.problems.append(content.problem("timezone", str(refusal)))
        return event, known is None, has_changed

    def _write_groups(self, event: Event, content: EventContent) -> bool:
        self.problems += _unknown(content, "working_groups", content.working_groups, self._groups, "working group")
        groups = [self._groups[slug] for slug in content.working_groups if slug in self._groups]
        has_changed = set(event.working_groups.values_list("pk", flat=True)) != {group.pk for group in groups}
        if has_changed:
            event.working_groups.set(groups)
        return has_changed

    def _write_announcement(self, event: Event, content: AnnouncementContent) -> bool:
        announcement = self._page(Announcement, content.slug)
        if announcement.event_id not in (None, event.pk):
            self.problems.append(content.problem("slug", f"the announcement “{content.slug}” is about another event."))
            return False
        values = {**_page_values(content), "event": event}
        return self._save_if_changed(announcement, values)

    def _write_publication(self, event: Event, content: PublicationContent) -> bool:
        publication = self._page(Publication, content.slug)
        values = {**_page_values(content), "key_points": list(content.key_points)}
        has_new_document = self._attach(publication, content)
        if has_new_document:
            values["document_title"] = publication.document_title or content.title
        has_changed = self._save_if_changed(publication, values, force=has_new_document)
        if not publication.events.filter(pk=event.pk).exists():
            publication.events.add(event)
            publication.working_groups.add(*event.working_groups.all())
            has_changed = True
        return has_changed

    def _attach(self, publication: Publication, content: PublicationContent) -> bool:
        if content.document is None:
            return False
        try:
            harmless = cleaning.cleaned(content.document.read_bytes(), "application/pdf")
        except cleaning.FileRefused as refused:
            self.problems.append(content.problem("document", f"{content.document.name}: {refused}"))
            return False
        if _has_same_bytes(publication, harmless):
            return False
        publication.document.save(f"{content.slug}.pdf", ContentFile(harmless), save=False)
        self._stored.append(publication.document)
        return True

    def _page(self, model: type[Page], slug: str) -> Page:
        return model._default_manager.filter(slug=slug).first() or model(slug=slug, status=Status.PUBLISHED)

    def _save_if_changed(
        self, page: Announcement | Publication, values: dict[str, Any], *, force: bool = False
    ) -> bool:
        has_changed = force or page.pk is None or _assigned(page, values)
        if has_changed:
            for name, value in values.items():
                setattr(page, name, value)
            page._history_user = self.by
            page.save()
        return has_changed


def _appears_at(file: CallFile) -> datetime | None:
    """The moment at which the public first needs the event: its announcement's or its call's, whichever comes first."""
    moments = []
    if file.announcement is not None:
        moments.append(start_of_day(file.announcement.published_on, BRUSSELS))
    if file.call is not None:
        moments.append(file.call.opens_at)
    return min(moments, default=None)


def _page_values(content: AnnouncementContent | PublicationContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "kind": content.kind,
        "department": content.department,
        "body": content.body,
        "published_at": start_of_day(content.published_on, BRUSSELS),
    }


def _assigned(row: Any, values: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _stretches(event: Event) -> list[Stretch]:
    return [Stretch(s.starts_at, s.ends_at, s.is_whole_day) for s in event.sessions.order_by("starts_at")]


def _has_same_bytes(publication: Publication, content: bytes) -> bool:
    if not publication.document:
        return False
    try:
        with publication.document.open("rb") as stored:
            return bool(stored.read() == content)
    except FileNotFoundError:
        return False


def _unknown(content: Content, key: str, slugs: Sequence[str], known: Any, noun: str) -> Iterator[Problem]:
    for slug in slugs:
        if slug not in known:
            line = content.lines.get(f"{key} {slug}", content.line)
            yield Problem(content.file, line, f"there is no {noun} “{slug}”.")
