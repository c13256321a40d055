"""Importing call files: all or nothing, nothing twice, and never against what people were told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from events.models import Announcement, Call, Event, Publication
from registrations import call_files
from registrations.call_files import CallFileRefused
from registrations.enums import QuestionKind, State
from registrations.models import Question, Release
from registrations.services import importing
from registrations.services.importing import Imported
from tests import papers
from tests.factories import AnswerFactory, DecisionFactory, RegistrationFactory, ReviewFactory
from tests.registrations.study_visit import STUDY_VISIT

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
EARLIER_VISIT = """\
event:
  slug: an-earlier-visit
  kind: study_visit
  title: "An earlier visit"
  sessions: [{day: 2025-05-11}]
"""


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


def run(folder: Path, *texts: str) -> list[Imported]:
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(text)
    return importing.import_files(files=call_files.read(paths), by=None, now=NOW)


def refusal(folder: Path, *texts: str) -> str:
    with pytest.raises(CallFileRefused) as refused:
        run(folder, *texts)
    return str(refused.value).replace(f"{folder}/", "")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def history_counts() -> list[int]:
    models = (Event, Call, Announcement, Publication)
    return [model.history.count() for model in models]


def test_a_call_never_seen_before_is_imported_whole(folder: Path) -> None:
    assert run(folder, STUDY_VISIT, EARLIER_VISIT) == [
        Imported("study-visit-riga-2027", is_new=True, has_changed=True),
        Imported("an-earlier-visit", is_new=True, has_changed=True),
    ]

    event = Event.objects.get(slug="study-visit-riga-2027")
    assert event.published_at == datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
    assert event.sessions.count() == 2
    assert set(event.working_groups.values_list("slug", flat=True)) == {"ran-rehabilitation", "ran-prisons"}
    assert [related.slug for related in event.related_events.all()] == ["an-earlier-visit"]
    assert (event.call.capacity, event.call.places_limit, event.call.confirm_within_days) == (12, 12, 5)
    nights = event.call.questions.get(key="nights")
    assert (nights.kind, nights.condition_question.key, nights.condition_value) == (QuestionKind.NUMBER, "stay", "yes")
    assert event.call.questions.count() == 8
    assert event.call.criteria.get().weight == 2
    assert event.announcements.get().published_at == datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
    assert event.publications.get().key_points == ["People leave people.", "Patience."]


def test_the_same_files_twice_change_nothing(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    before = (
        history_counts(),
        list(Event.objects.values_list("changed_at", "revision")),
        list(Question.objects.values()),
    )

    results = run(folder, STUDY_VISIT, EARLIER_VISIT)

    assert [result.has_changed for result in results] == [False, False]
    assert before == (
        history_counts(),
        list(Event.objects.values_list("changed_at", "revision")),
        list(Question.objects.values()),
    )


def test_a_changed_file_changes_what_it_says(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    changed = (
        STUDY_VISIT.replace("city: Riga", "city: Jelgava")
        .replace("capacity: 12", "capacity: 20")
        .replace('label: "Since when?"', 'label: "Since which day?", required: true')
        .replace('body: "Come and see."', 'body: "Come, and see."')
    )

    assert run(folder, changed, EARLIER_VISIT)[0] == Imported("study-visit-riga-2027", is_new=False, has_changed=True)

    event = Event.objects.get(slug="study-visit-riga-2027")
    assert (event.city, event.revision) == ("Jelgava", 2)
    assert (event.call.capacity, event.call.places_limit) == (20, 20)
    assert event.call.questions.get(key="since").is_required
    assert event.announcements.get().body == "Come, and see."


def test_one_mistake_keeps_the_whole_batch_out(folder: Path) -> None:
    broken = STUDY_VISIT.replace("ran-prisons", "ran-prisms")

    assert f"0.yaml line {line_of(broken, 'ran-prisms')}: there is no working group “ran-prisms”." in refusal(
        folder, broken, EARLIER_VISIT
    )
    assert not Event.objects.exists()


def test_an_unknown_related_event_is_told(folder: Path) -> None:
    line = line_of(STUDY_VISIT, "an-earlier-visit")

    assert refusal(folder, STUDY_VISIT) == f"0.yaml line {line}: there is no event “an-earlier-visit”."


def test_an_event_without_dates_of_its_own_appears_at_once(folder: Path) -> None:
    run(folder, EARLIER_VISIT)

    assert Event.objects.get().published_at == NOW


def test_an_announcement_of_another_event_is_refused(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    other = STUDY_VISIT.replace("study-visit-riga-2027", "another-visit").replace("what-riga-taught-us", "what-else")

    assert "the announcement “a-visit-to-riga” is about another event" in refusal(folder, other)


def test_what_staff_withdrew_stays_withdrawn(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    Announcement.objects.update(status="withdrawn")
    Event.objects.update(join_link="https://example.org/room", is_hidden=True)

    run(folder, STUDY_VISIT.replace('body: "Come and see."', 'body: "Come."'), EARLIER_VISIT)

    assert Announcement.objects.get().status == "withdrawn"
    event = Event.objects.get(slug="study-visit-riga-2027")
    assert (event.join_link, event.is_hidden) == ("https://example.org/room", True)


def test_a_document_is_stored_once_and_replaced_when_it_changes(folder: Path) -> None:
    (folder / "paper.pdf").write_bytes(papers.pdf("one"))
    text = STUDY_VISIT.replace('body: "A paper."', "body: x\n  document: paper.pdf")
    run(folder, text, EARLIER_VISIT)
    name = Publication.objects.get().document.name
    assert run(folder, text, EARLIER_VISIT)[0].has_changed is False
    assert Publication.objects.get().document.name == name

    (folder / "paper.pdf").write_bytes(papers.pdf("two"))
    run(folder, text, EARLIER_VISIT)

    with Publication.objects.get().document.open() as document:
        assert document.read() == papers.pdf("two")


def test_a_refused_batch_leaves_no_document_behind(folder: Path) -> None:
    (folder / "paper.pdf").write_bytes(papers.pdf("one"))
    text = STUDY_VISIT.replace('body: "A paper."', "body: x\n  document: paper.pdf")

    refusal(folder, text)

    assert not default_storage.exists("publications") or default_storage.listdir("publications")[1] == []


def test_a_question_taken_out_of_the_file_is_taken_out_of_the_form(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    lines = [line for line in STUDY_VISIT.splitlines() if "key: stay" not in line and "key: nights" not in line]

    run(folder, "\n".join(lines), EARLIER_VISIT)

    assert set(Question.objects.values_list("key", flat=True)) == {"work", "cases", "why", "since", "from", "access"}


def test_a_later_deadline_is_taken_and_handled_again(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    Call.objects.update(deadline_handled_at=NOW)

    run(folder, STUDY_VISIT.replace("closes_at: 2027-04-01 12:00", "closes_on: 2027-04-05"), EARLIER_VISIT)

    call = Call.objects.get()
    assert (call.closes_on.isoformat(), call.deadline_handled_at) == ("2027-04-05", None)
    assert call.closes_at - NOW > timedelta(days=26)


def test_an_earlier_deadline_is_taken_while_nobody_registered(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)

    run(folder, STUDY_VISIT.replace("closes_at: 2027-04-01 12:00", "closes_on: 2027-03-25"), EARLIER_VISIT)

    assert Call.objects.get().closes_on.isoformat() == "2027-03-25"


def test_an_answered_question_cannot_change(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    registration = RegistrationFactory(call=Call.objects.get(), submitted=True)
    AnswerFactory(registration=registration, question=Question.objects.get(key="why"))
    changed = STUDY_VISIT.replace('label: "Why do you come?"', 'label: "Why?"').replace('"Since when?"', '"Since?"')

    line = line_of(changed, "key: why")
    assert (
        refusal(folder, changed, EARLIER_VISIT)
        == f"0.yaml line {line}: the question “why” has been answered and cannot change: label."
    )
    assert Question.objects.get(key="since").label == "Since when?"


def test_an_answered_question_cannot_be_taken_out(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    registration = RegistrationFactory(call=Call.objects.get(), submitted=True)
    AnswerFactory(registration=registration, question=Question.objects.get(key="since"))
    changed = "\n".join(line for line in STUDY_VISIT.splitlines() if "key: since" not in line)

    line = line_of(changed, "questions:")
    words = "the question “since” has been answered and cannot be taken out."
    assert refusal(folder, changed, EARLIER_VISIT) == f"0.yaml line {line}: {words}"


def test_a_question_can_be_put_before_an_answered_one(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    registration = RegistrationFactory(call=Call.objects.get(), submitted=True)
    AnswerFactory(registration=registration, question=Question.objects.get(key="work"))
    new = '  questions:\n    - {key: first, kind: yes_no, label: "First?"}\n'

    run(folder, STUDY_VISIT.replace("  questions:\n", new), EARLIER_VISIT)

    assert list(Question.objects.values_list("key", flat=True))[:2] == ["first", "work"]


def test_a_scored_criterion_cannot_change(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    review = ReviewFactory(registration=RegistrationFactory(call=Call.objects.get(), submitted=True))
    review.scores.create(criterion=Call.objects.get().criteria.get(), value=3)

    assert "the criterion “fit” has scores and cannot change" in refusal(
        folder, STUDY_VISIT.replace("weight: 2", "weight: 3"), EARLIER_VISIT
    )


def test_a_capacity_below_the_places_taken_is_refused_with_the_numbers(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    RegistrationFactory.create_batch(3, call=Call.objects.get())
    changed = STUDY_VISIT.replace("capacity: 12", "capacity: 2")

    told = refusal(folder, changed, EARLIER_VISIT)

    assert told.startswith(f"0.yaml line {line_of(changed, 'capacity: 2')}: 3 places are taken")
    assert Call.objects.get().capacity == 12


def test_a_higher_capacity_lets_the_next_ones_up(folder: Path) -> None:
    run(
        folder,
        STUDY_VISIT.replace("capacity: 12", "capacity: 1")
        .replace("selective", "open", 1)
        .replace("  decision_by: 2027-04-15\n", ""),
        EARLIER_VISIT,
    )
    call = Call.objects.get()
    RegistrationFactory(call=call)
    waiting = RegistrationFactory(call=call, on_list=True)

    run(
        folder,
        STUDY_VISIT.replace("capacity: 12", "capacity: 2")
        .replace("selective", "open", 1)
        .replace("  decision_by: 2027-04-15\n", ""),
        EARLIER_VISIT,
    )

    waiting.refresh_from_db()
    assert waiting.state == State.SELECTED


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("closes_at: 2027-04-01 12:00", "closes_at: 2027-03-20 12:00", "can be extended, not brought forward"),
        ("admission: selective", "admission: open\n  #", "open or selective cannot change any more"),
    ],
)
def test_what_people_were_told_is_not_taken_back(folder: Path, old: str, new: str, words: str) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    RegistrationFactory(call=Call.objects.get(), submitted=True)
    changed = STUDY_VISIT.replace(old, new)
    if "open" in new:
        changed = changed.replace("  decision_by: 2027-04-15\n", "")

    told = refusal(folder, changed, EARLIER_VISIT)

    assert words in told
    first_line = new.splitlines()[0]
    assert f"line {line_of(changed, first_line)}:" in told


def test_what_the_mails_of_a_release_promise_stays_while_it_waits(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    Release.objects.create(call=Call.objects.get(), given_at=NOW, due_at=NOW + timedelta(minutes=15))
    changed = STUDY_VISIT.replace("confirm_within_days: 5", "confirm_within_days: 9")

    told = refusal(folder, changed, EARLIER_VISIT)

    assert told.startswith(f"0.yaml line {line_of(changed, 'confirm_within_days')}: A release was given")
    assert "10 March, 11:15" in told
    assert Call.objects.get().confirm_within_days == 5
    run(folder, STUDY_VISIT.replace("visits@example.org", "others@example.org"), EARLIER_VISIT)
    assert Call.objects.get().reply_to == "others@example.org"


def test_after_the_release_the_deadline_stands(folder: Path) -> None:
    run(folder, STUDY_VISIT, EARLIER_VISIT)
    DecisionFactory(registration=RegistrationFactory(call=Call.objects.get(), submitted=True), released=True)

    assert "Decisions were released" in refusal(
        folder, STUDY_VISIT.replace("closes_at: 2027-04-01 12:00", "closes_on: 2027-04-10"), EARLIER_VISIT
    )
