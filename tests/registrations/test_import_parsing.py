"""Call files are read with all their facts, or refused with the line of each mistake."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from events.enums import Admission, EventFormat, EventKind
from registrations import call_files
from registrations.call_files import CallFile, CallFileRefused
from registrations.enums import Audience, QuestionKind
from tests.registrations.study_visit import STUDY_VISIT


def parse(text: str, folder: Path = Path()) -> CallFile:
    return call_files.parse(text.encode(), file="visit.yaml", folder=folder)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_study_visit_is_read_with_all_its_facts() -> None:
    content = parse(STUDY_VISIT)

    assert content.event.kind is EventKind.STUDY_VISIT
    assert content.event.format is EventFormat.ONSITE
    assert content.event.working_groups == ("ran-rehabilitation", "ran-prisons")
    assert content.event.sessions[1].starts_at == datetime(2027, 5, 12, 6, 0, tzinfo=UTC)
    assert content.call is not None
    assert content.call.admission is Admission.SELECTIVE
    assert content.call.closes_at == datetime(2027, 4, 1, 9, 0, tzinfo=UTC)
    assert (content.call.closes_on, content.call.decision_by) == (None, date(2027, 4, 15))
    assert [question.kind for question in content.call.questions][:3] == [
        QuestionKind.SINGLE_CHOICE,
        QuestionKind.NUMBER,
        QuestionKind.LONG_TEXT,
    ]
    assert content.call.questions[2].audience is Audience.REVIEWERS
    assert content.publication is not None
    assert content.publication.key_points == ("People leave people.", "Patience.")


def test_words_that_yaml_takes_for_yes_and_no_stay_the_words_that_were_written() -> None:
    content = parse(STUDY_VISIT)

    assert content.event.language == "no"
    assert content.call is not None
    assert content.call.questions[0].choices == (("prison", "Prison"), ("no", "Nowhere"))
    assert (content.call.questions[6].condition_key, content.call.questions[6].condition_value) == ("stay", "yes")


def test_a_day_closes_when_the_next_one_starts_where_the_event_is() -> None:
    text = STUDY_VISIT.replace("closes_at: 2027-04-01 12:00", "closes_on: 2027-04-01")
    call = parse(text).call

    assert call is not None
    assert call.closes_at == datetime(2027, 4, 1, 21, 0, tzinfo=UTC)
    assert call.closes_on == date(2027, 4, 1)


def test_a_day_without_hours_runs_from_midnight_to_midnight_there() -> None:
    text = STUDY_VISIT.replace("{start: 2027-05-11 09:30, end: 2027-05-11 17:00}", "{day: 2027-05-11}")
    session = parse(text).event.sessions[0]

    assert session.is_whole_day
    assert session.starts_at == datetime(2027, 5, 10, 21, 0, tzinfo=UTC)
    assert session.ends_at == datetime(2027, 5, 11, 21, 0, tzinfo=UTC)


def test_the_files_of_the_demo_are_read() -> None:
    paths = sorted(Path("demo/calls").glob("*.yaml"))

    assert len(call_files.read(paths)) == len(paths) >= 3


def test_an_ambiguous_time_is_taken_with_its_offset() -> None:
    text = STUDY_VISIT.replace("opens_at: 2027-03-01 08:00", "opens_at: 2026-10-25 03:30+02:00")
    call = parse(text).call

    assert call is not None
    assert call.opens_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


# What is changed, into what, and what the message says; the line is the one of the changed text.
MISTAKES = {
    "a key that does not exist": ("  city: Riga", "  town: Riga", "event has no key “town”"),
    "a key that stands twice": ("  city: Riga", "  slug: Riga", "“slug” stands twice (first on line 2)"),
    "a part that does not exist": ("publication:\n", "publications:\n", "Did you mean “publication”?"),
    "a kind that does not exist": ("kind: study_visit", "kind: study_tour", "“study_tour” is not a possible kind"),
    "a slug that is none": ("slug: study-visit-riga-2027", "slug: Study Visit!", "is not a short name"),
    "a title that is missing": ('  title: "Study visit: exit work in Riga"', "  title:", "event needs “title”"),
    "a title that is a list": ('title: "Study visit: exit work in Riga"', "title: [a, b]", "“title” needs a text"),
    "a zone that does not exist": ("timezone: Europe/Riga", "timezone: Europe/Rega", "is not a time zone"),
    "a country that does not exist": ("country: LV", "country: XX", "is not a country code"),
    "a day that does not exist": ("end: 2027-05-11 17:00", "end: 2027-02-30 17:00", "there is no day 2027-02-30"),
    "a session that ends before it starts": ("end: 2027-05-11 17:00", "end: 2027-05-11 09:00", "end before it starts"),
    "a session of a day and an hour": ("start: 2027-05-12 09:00,", "day: 2027-05-12,", "or only a day"),
    "sessions that overlap": ("start: 2027-05-12 09:00", "start: 2027-05-11 15:00", "overlaps with the one of line 13"),
    "a time that the clocks leave out": (
        "start: 2027-05-11 09:30",
        "start: 2027-03-28 03:30",
        "the clocks are put forward",
    ),
    "a time that happens twice": (
        "opens_at: 2027-03-01 08:00",
        "opens_at: 2026-10-25 03:30",
        "add the offset, as 2026",
    ),
    "an offset of elsewhere": ("opens_at: 2027-03-01 08:00", "opens_at: 2027-03-01 08:00+05:00", "is not at UTC+05:00"),
    "an opening without an hour": ("opens_at: 2027-03-01 08:00", "opens_at: 2027-03-01", "is not a date with a time"),
    "a call that closes before it opens": (
        "closes_at: 2027-04-01 12:00",
        "closes_at: 2027-02-01 12:00",
        "before it opens",
    ),
    "a call that closes after the event": (
        "closes_at: 2027-04-01 12:00",
        "closes_on: 2027-05-12",
        "after the event is over",
    ),
    "a decision before the deadline": (
        "decision_by: 2027-04-15",
        "decision_by: 2027-03-31",
        "before the call has closed",
    ),
    "a decision after the event": ("decision_by: 2027-04-15", "decision_by: 2027-05-20", "after the event has begun"),
    "a decision of an open call": (
        "decision_by: 2027-04-15",
        "decision_by: 2027-04-15\n  #",
        "an open call decides nothing",
    ),
    "a capacity that is no number": ("capacity: 12", "capacity: twelve", "is a whole number, not “twelve”"),
    "a capacity of nobody": ("capacity: 12", "capacity: 0", "cannot be 0"),
    "a waiting list that is neither": ("waiting_list: true", "waiting_list: maybe", "is true or false, not “maybe”"),
    "a mailbox that is none": ("reply_to: visits@example.org", "reply_to: visits", "is not an e-mail address"),
    "a question twice": ("key: since,", "key: why,", "the question “why” stands twice"),
    "a question of no kind": ("kind: date,", "kind: day,", "“day” is not a possible kind"),
    "a question with a strange key": ("{key: since,", "{key: Since,", "“Since” is not a key"),
    "choices of a date": ("kind: date,", "kind: date, choices: {a: A},", "has no “choices”"),
    "no choices to choose from": (
        'choices: {prison: "Prison", no: "Nowhere"}, ',
        "",
        "a question of the kind single_choice needs “choices”",
    ),
    "a condition on nothing": ("question: work,", "question: job,", "the question “job” does not exist"),
    "a condition on a later question": ("question: work,", "question: stay,", "stands only after this one"),
    "a condition that never holds": ("equals: prison", "equals: police", "is never answered with “police”"),
    "a yes or no that is maybe": ("equals: yes", "equals: maybe", "is answered with yes or no"),
    "limits that exclude all": ("min: 1, max: 3", "min: 4, max: 3", "is below the smallest"),
    "an audience that does not exist": ("audience: reviewers", "audience: everyone", "is not a possible audience"),
    "an announcement after the end": (
        "published_on: 2027-03-01",
        "published_on: 2027-04-02",
        "after the call has closed",
    ),
    "an outcome before the event": (
        "published_on: 2027-06-30",
        "published_on: 2027-05-01",
        "before the event has begun",
    ),
    "a document elsewhere": ('body: "A paper."', "body: x\n  document: ../secret.pdf", "beside this one"),
    "an alias": ('body: "Come and see."', "body: *other", "an alias (*name) cannot be used here"),
    "no yaml": ("  capacity: 12", "  capacity: [12", "this is not valid YAML"),
}
# Where the line at fault is not the first changed one.
LINES = {
    "a question twice": "key: why, kind: date",
    "no choices to choose from": "key: work",
    "a decision of an open call": "decision_by",
    "a document elsewhere": "document:",
    "a session of a day and an hour": "day: 2027-05-12",
    "no yaml": "waiting_list",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line(mistake: str) -> None:
    good, bad, words = MISTAKES[mistake]
    assert good in STUDY_VISIT
    text = STUDY_VISIT.replace(good, bad, 1)
    if mistake == "a decision of an open call":
        text = text.replace("admission: selective", "admission: open")
    line = line_of(text, LINES[mistake]) if mistake in LINES else line_of(text, bad)

    with pytest.raises(CallFileRefused) as refusal:
        parse(text)

    assert any(problem.line == line and words in problem.text for problem in refusal.value.problems), str(refusal.value)
    assert str(refusal.value).startswith("visit.yaml line ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: a call file starts with “event:”"),
        ("- a\n- b\n", "line 1: a call file starts with “event:”"),
        ("call: {}\n", "line 1: the file needs “event”"),
        ("event: {}\n\x07", "line 2: the character #x0007"),
        ("event: text\n", "line 1: event needs lines of the form “key: value”"),
        ("a: 1\n---\nb: 1\n", "line 2: this is not valid YAML"),
    ],
)
def test_what_is_no_call_file_at_all_is_told(text: str, words: str) -> None:
    with pytest.raises(CallFileRefused) as refusal:
        parse(text)

    assert words in str(refusal.value)


def test_a_file_of_another_encoding_is_told() -> None:
    with pytest.raises(CallFileRefused, match="line 2: the file is not written in UTF-8"):
        call_files.parse("event:\n  title: Réunion\n".encode("latin-1"), file="visit.yaml", folder=Path())


def test_all_mistakes_are_told_at_once() -> None:
    text = STUDY_VISIT.replace("kind: study_visit", "kind: trip").replace("capacity: 12", "capacity: many")

    with pytest.raises(CallFileRefused) as refusal:
        parse(text)

    assert [problem.line for problem in refusal.value.problems] == [3, line_of(text, "capacity")]


def test_closing_on_a_day_and_at_an_hour_is_told() -> None:
    text = STUDY_VISIT.replace("closes_at: 2027-04-01 12:00", "closes_at: 2027-04-01 12:00\n  closes_on: 2027-04-01")

    with pytest.raises(CallFileRefused, match="not both"):
        parse(text)


def test_a_document_that_is_no_pdf_is_told(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_text("<html>")

    with pytest.raises(CallFileRefused, match=r"paper\.pdf is not a PDF file"):
        parse(STUDY_VISIT.replace('body: "A paper."', "body: x\n  document: paper.pdf"), tmp_path)


def test_a_document_beside_the_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    content = parse(STUDY_VISIT.replace('body: "A paper."', "body: x\n  document: paper.pdf"), tmp_path)

    assert content.publication is not None
    assert content.publication.document == tmp_path / "paper.pdf"


def test_an_event_that_stands_in_two_files_is_told(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(STUDY_VISIT)

    with pytest.raises(CallFileRefused, match="the event “study-visit-riga-2027” stands in"):
        call_files.read([tmp_path / "a.yaml", tmp_path / "b.yaml"])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CallFileRefused, match="the file cannot be read"):
        call_files.read([tmp_path / "none.yaml"])
