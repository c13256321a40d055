"""Reads whole call files: the parts one by one, then what they say about each other."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from registrations.call_files.call_part import CALL_KEYS, read_call
from registrations.call_files.contents import CallContent, CallFile, EventContent
from registrations.call_files.event_part import EVENT_KEYS, read_event
from registrations.call_files.page_parts import (
    ANNOUNCEMENT_KEYS,
    PUBLICATION_KEYS,
    read_announcement,
    read_publication,
)
from registrations.call_files.problems import CallFileRefused, Problem, Problems
from registrations.call_files.section import Section
from registrations.call_files.source import compose
from registrations.call_files.times import start_of_day

FILE_KEYS = ("event", "call", "announcement", "publication")
BRUSSELS = ZoneInfo("Europe/Brussels")


def read(paths: Iterable[Path]) -> list[CallFile]:
    """Return what the files say, in their order. Raises CallFileRefused with the problems of all of them."""
    files: list[CallFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(parse(_bytes_of(path), file=str(path), folder=path.parent))
        except CallFileRefused as refusal:
            problems += refusal.problems
    problems += _slugs_used_twice(files)
    if problems:
        raise CallFileRefused(problems)
    return files


def parse(raw: bytes, *, file: str, folder: Path) -> CallFile:
    """Return what one file says; documents are looked for in `folder`. Raises CallFileRefused."""
    problems = Problems(file)
    top = Section(compose(raw, file=file), name="the file", keys=FILE_KEYS, problems=problems)
    event_section = top.section("event", EVENT_KEYS)
    if event_section is None:
        top.note("event", "the file needs “event”.")
        problems.raise_if_any()
        raise AssertionError("unreachable: the missing event was noted")
    event = read_event(event_section)
    call_section = top.section("call", CALL_KEYS)
    announcement_section = top.section("announcement", ANNOUNCEMENT_KEYS)
    publication_section = top.section("publication", PUBLICATION_KEYS)
    content = CallFile(
        file=file,
        event=event,
        call=read_call(call_section, zone=event.zone) if call_section else None,
        announcement=read_announcement(announcement_section) if announcement_section else None,
        publication=read_publication(publication_section, folder=folder) if publication_section else None,
    )
    problems.raise_if_any()
    contradictions = list(_contradictions(content))
    if contradictions:
        raise CallFileRefused(contradictions)
    return content


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CallFileRefused([Problem(str(path), 1, f"the file cannot be read: {error.strerror}.")]) from error


def _contradictions(content: CallFile) -> Iterable[Problem]:
    event, call = content.event, content.call
    if call is not None:
        yield from _call_against_event(call, event)
    if content.announcement is not None and call is not None:
        appears_at = start_of_day(content.announcement.published_on, BRUSSELS)
        if appears_at >= call.closes_at:
            yield content.announcement.problem(
                "published_on", "the announcement would appear after the call has closed."
            )
    if content.publication is not None:
        appears_at = start_of_day(content.publication.published_on, BRUSSELS)
        if appears_at + timedelta(days=1) <= event.sessions[0].starts_at:
            yield content.publication.problem("published_on", "the outcome would appear before the event has begun.")


def _call_against_event(call: CallContent, event: EventContent) -> Iterable[Problem]:
    closing_key = "closes_on" if call.closes_on else "closes_at"
    if call.closes_at <= call.opens_at:
        yield call.problem(closing_key, "the call would close before it opens.")
    if call.closes_at > event.sessions[-1].ends_at:
        yield call.problem(closing_key, "the call would close after the event is over.")
    if call.decision_by is not None:
        last_day = (call.closes_at.astimezone(event.zone) - timedelta(microseconds=1)).date()
        if call.decision_by < last_day:
            yield call.problem("decision_by", "everyone would hear before the call has closed.")
        if call.decision_by > event.sessions[0].starts_at.astimezone(event.zone).date():
            yield call.problem("decision_by", "everyone would hear after the event has begun.")


def _slugs_used_twice(files: list[CallFile]) -> Iterable[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for content in files:
        parts = (("event", content.event), ("announcement", content.announcement), ("publication", content.publication))
        for name, part in parts:
            if part is None:
                continue
            if (name, part.slug) in seen:
                yield part.problem("slug", f"the {name} “{part.slug}” stands in {seen[name, part.slug]}, too.")
            seen.setdefault((name, part.slug), content.file)
