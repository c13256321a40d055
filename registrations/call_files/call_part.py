"""Reads the part `call`, without its questions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from events.enums import Admission
from registrations.anchors import wrong_anchors
from registrations.call_files.contents import CallContent, CriterionContent
from registrations.call_files.question_parts import QUESTION_KEYS, read_questions
from registrations.call_files.section import Section
from registrations.call_files.times import day_after, start_of_day

CALL_KEYS = (
    "admission",
    "opens_at",
    "closes_at",
    "closes_on",
    "decision_by",
    "capacity",
    "waiting_list",
    "confirm_within_days",
    "reply_to",
    "questions",
    "criteria",
)
CRITERION_KEYS = ("key", "label", "weight", "max", "anchors")
#: Stands in for a date that could not be read: its problem is noted, so nobody ever sees it.
_UNREAD = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def read_call(section: Section, *, zone: ZoneInfo) -> CallContent:
    """Return the call; local times are of `zone`. What is wrong is noted by the section."""
    admission = section.choice("admission", Admission)
    closes_at, closes_on = _closing(section, zone)
    return CallContent(
        file=section.problems.file,
        line=section.line,
        admission=admission,
        opens_at=section.moment("opens_at", zone, required=True) or _UNREAD,
        closes_at=closes_at,
        closes_on=closes_on,
        decision_by=_decision_by(section, admission),
        capacity=section.number("capacity", least=1, most=100_000),
        has_waiting_list=section.flag("waiting_list", default=True),
        confirm_within_days=section.number("confirm_within_days", least=1, most=365),
        reply_to=section.email("reply_to"),
        questions=read_questions(section.sections("questions", "a question", QUESTION_KEYS)),
        criteria=_criteria(section),
        lines=section.lines,
    )


def _closing(section: Section, zone: ZoneInfo) -> tuple[datetime, date | None]:
    if section.has("closes_on") and section.has("closes_at"):
        section.note("closes_at", "a call has closes_at or closes_on, not both.")
    if section.has("closes_on"):
        day = section.day("closes_on")
        return (start_of_day(day_after(day), zone) if day else _UNREAD), day
    if not section.has("closes_at"):
        section.note("call", "call needs “closes_on” or “closes_at”.")
        return _UNREAD, None
    return section.moment("closes_at", zone) or _UNREAD, None


def _decision_by(section: Section, admission: Admission) -> date | None:
    is_selective = admission == Admission.SELECTIVE
    day = section.day("decision_by", required=is_selective)
    if section.has("decision_by") and not is_selective:
        section.note("decision_by", "an open call decides nothing later: leave decision_by out.")
    return day


def _criteria(section: Section) -> tuple[CriterionContent, ...]:
    criteria: dict[str, CriterionContent] = {}
    for part in section.sections("criteria", "a criterion", CRITERION_KEYS):
        key = part.slug("key", longest=40)
        if key in criteria:
            part.note("key", f"the criterion “{key}” stands twice.")
        most = part.number("max", least=1, most=100) or 5
        criteria[key] = CriterionContent(
            file=part.problems.file,
            line=part.line,
            key=key,
            label=part.text("label", required=True, longest=200),
            weight=part.number("weight", least=1, most=100) or 1,
            max_score=most,
            anchors=_anchors(part, most),
            lines=part.lines,
        )
    return tuple(criteria.values())


def _anchors(part: Section, most: int) -> str:
    lines = [line.strip() for line in part.text("anchors").splitlines() if line.strip()]
    if wrong := wrong_anchors(lines, most):
        part.note("anchors", wrong)
    return "\n".join(lines)
