"""What each kind of question takes, refuses, shows and exports, and when a question is asked."""

from datetime import date
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile

from registrations.enums import QuestionKind
from registrations.models import Question
from registrations.questions import KINDS, GivenAnswer, condition_words, is_shown, shown_keys
from tests import papers

PDF = papers.pdf()
PNG = papers.picture("PNG")
JPEG = papers.picture("JPEG")
SECTORS = [["prison", "Prison"], ["police", "Police"], ["youth", "Youth work"]]


def question(kind: str, **details: Any) -> Question:
    return Question(**{"key": "q", "kind": kind, "label": "Why?", "choices": SECTORS, "is_required": True, **details})


def answer(asked: Question, typed: Any) -> GivenAnswer | None:
    """What comes of typing this. Raises forms.ValidationError as the form's field does."""
    kind = KINDS[asked.kind]
    return kind.given(asked, kind.field(asked).clean(typed))


def refusal(asked: Question, typed: Any) -> str:
    with pytest.raises(forms.ValidationError) as caught:
        answer(asked, typed)
    return " ".join(caught.value.messages)


def test_every_kind_of_question_is_in_the_registry() -> None:
    assert set(KINDS) == set(QuestionKind)


@pytest.mark.parametrize(
    ("kind", "typed", "value", "text"),
    [
        ("short_text", "  One \t line ", "One line", "One line"),
        ("long_text", "Two\r\nlines ", "Two\nlines", "Two\nlines"),
        ("single_choice", "police", "police", "Police"),
        ("multiple_choice", ["youth", "prison", "youth"], ["prison", "youth"], "Prison; Youth work"),
        ("yes_no", "yes", True, "Yes"),
        ("yes_no", "no", False, "No"),
        ("number", "12", 12, "12"),
        ("number", "2,5", 2.5, "2.5"),
        ("date", "2026-09-06", "2026-09-06", "6 September 2026"),
        ("date", "6/9/2026", "2026-09-06", "6 September 2026"),
        ("country", "XK", "XK", "Kosovo*"),
        ("email", "Name@Example.org", "Name@Example.org", "Name@Example.org"),
        ("url", "example.org/page", "https://example.org/page", "https://example.org/page"),
    ],
)
def test_a_good_answer_is_kept_as_json_and_as_people_read_it(kind: str, typed: Any, value: Any, text: str) -> None:
    assert answer(question(kind), typed) == GivenAnswer(value, text)


def test_consent_is_a_ticked_box() -> None:
    field = KINDS[QuestionKind.CONSENT].field(question("consent"))

    read = [field.widget.value_from_datadict(data, {}, "q") for data in ({"q": "on"}, {"q": "yes"}, {"q": "off"}, {})]

    assert read == [True, False, False, False]
    assert answer(question("consent"), True) == GivenAnswer(True, "Yes")
    assert "Please tick this box" in refusal(question("consent"), False)


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("short_text", "", "Please answer this question."),
        ("long_text", " \n ", "Please answer this question."),
        ("single_choice", "army", "Please choose one of the answers in the list."),
        ("multiple_choice", ["army"], "Please choose only answers in the list."),
        ("multiple_choice", [], "Please answer this question."),
        ("yes_no", "maybe", "Please choose yes or no."),
        ("number", "many", "Enter a number, as 12 or 2.5."),
        ("number", "NaN", "Enter a number, as 12 or 2.5."),
        ("number", "1e400", "Enter a smaller number."),
        ("date", "31/2/2026", "Enter a day, as 6/9/2026 for 6 September 2026."),
        ("country", "ZZ", "Please choose a country in the list."),
        ("email", "nobody", "Enter an e-mail address, as name@example.org."),
        ("email", "a@localhost", "Enter an e-mail address, as name@example.org."),
        ("email", "a@[127.0.0.1]", "Enter an e-mail address, as name@example.org."),
        ("url", "javascript:alert(1)", "Enter a web address, as https://example.org/page."),
        ("url", "ftp://example.org", "Enter a web address, as https://example.org/page."),
        ("file", None, "Please choose a file."),
    ],
)
def test_what_does_not_fit_is_said_in_words(kind: str, typed: Any, words: str) -> None:
    assert refusal(question(kind), typed) == words


@pytest.mark.parametrize("kind", sorted(set(QuestionKind) - {"multiple_choice", "file", "consent"}))
def test_no_answer_to_an_optional_question_is_no_answer(kind: str) -> None:
    assert answer(question(kind, is_required=False), "") is None


@pytest.mark.parametrize("kind", ["multiple_choice", "file", "consent"])
def test_nothing_chosen_is_no_answer(kind: str) -> None:
    assert answer(question(kind, is_required=False), None) is None


def test_limits_of_words_and_characters_are_told_with_the_numbers() -> None:
    essay = question("long_text", max_words=3, max_length=20)

    assert answer(essay, "one two three") is not None
    assert refusal(essay, "one two three four") == "Please shorten this to 3 words. It has 4."
    assert refusal(essay, "x" * 21) == "Please shorten this to 20 characters. It has 21."
    assert (
        KINDS["long_text"].limits(essay)
        == "At most 20 characters. At most 3 words. No names, places or details of a case."
    )


def test_long_text_keeps_two_hundred_kilobytes() -> None:
    text = "x" * (200 * 1024)

    given = answer(question("long_text"), text)

    assert given is not None
    assert given.value == text


def test_bounds_of_a_number_hold_at_both_ends() -> None:
    bounded = question("number", min_value=1, max_value=5)

    assert [answer(bounded, typed).value for typed in ("1", "5")] == [1, 5]
    assert refusal(bounded, "0") == refusal(bounded, "5.001") == "Enter a number from 1 to 5."
    assert refusal(question("number", min_value=0), "-1") == "Enter a number of 0 or more."
    assert refusal(question("number", max_value=9), "10") == "Enter a number of 9 or less."


def test_no_more_than_so_many_choices() -> None:
    two = question("multiple_choice", max_choices=2)

    assert refusal(two, ["prison", "police", "youth"]) == "Please choose at most 2."


def test_characters_that_nobody_sees_are_dropped() -> None:
    assert answer(question("short_text"), "a\x07b\u202ec\u2066") == GivenAnswer("abc", "abc")


def test_no_field_cuts_what_is_pasted() -> None:
    asked = [question(kind, max_length=5) for kind in QuestionKind]

    assert [a.kind for a in asked if "maxlength" in KINDS[a.kind].field(a).widget.attrs] == []


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        (PDF, "application/pdf", f"letter (PDF, {len(PDF)} bytes)"),
        (PNG, "image/png", f"letter (PNG, {len(PNG)} bytes)"),
        (JPEG, "image/jpeg", f"letter (JPEG, {len(JPEG)} bytes)"),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, content_type: str, text: str) -> None:
    sent = SimpleUploadedFile("letter", content, content_type="text/html")

    given = answer(question("file"), sent)

    assert given is not None
    assert given.value == {"name": "letter", "size": len(content), "content_type": content_type}
    assert given.text.replace("\xa0", " ") == text
    assert given.upload is not None
    assert given.upload.read() == content


@pytest.mark.parametrize("content", [b"<html>", b"GIF89a", b"<svg/>", b"MZ", b" %PDF-1.7", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused_whatever_its_name(content: bytes) -> None:
    sent = SimpleUploadedFile("letter.pdf", content, content_type="application/pdf")

    assert refusal(question("file"), sent) == "Please choose a PDF, PNG or JPEG file."


def test_a_file_of_five_megabytes_is_taken_and_one_byte_more_is_not() -> None:
    large = papers.pdf(kilobytes=5200)
    most = large + b"\n" * (5 * 1024 * 1024 - len(large))

    assert answer(question("file"), SimpleUploadedFile("a.pdf", most)) is not None
    assert "larger than 5 MB" in refusal(question("file"), SimpleUploadedFile("a.pdf", most + b"x"))


def test_an_empty_file_is_refused() -> None:
    assert refusal(question("file"), SimpleUploadedFile("a.pdf", b"")) == "This file is empty. Please choose another."


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "other"),
    [
        ("single_choice", "police", "police", "prison"),
        ("multiple_choice", ["police", "youth"], "youth", "prison"),
        ("yes_no", True, "yes", "no"),
        ("yes_no", False, "no", "yes"),
        ("number", 2, "2", "3"),
        ("country", "LV", "LV", "LT"),
        ("short_text", "x", "x", "y"),
        ("consent", True, "on", "off"),
    ],
)
def test_a_condition_asks_when_the_answer_fits(kind: str, value: Any, wanted: str, other: str) -> None:
    first = question(kind, key="first")
    then = [question("short_text", condition_question=first, condition_value=asked) for asked in (wanted, other)]

    assert [is_shown(q, {"first": value}) for q in then] == [True, False]
    assert is_shown(then[0], {}) is False


def test_a_question_behind_a_hidden_one_is_hidden_too() -> None:
    first = question("yes_no", key="first")
    second = question("yes_no", key="second", condition_question=first, condition_value="yes")
    third = question("short_text", key="third", condition_question=second, condition_value="yes")
    chain = [third, second, first]

    assert shown_keys(chain, {"first": True, "second": True}) == {"first", "second", "third"}
    assert shown_keys(chain, {"first": False, "second": True}) == {"first"}


def test_a_circle_of_conditions_asks_none_of_them() -> None:
    first = question("yes_no", key="first")
    second = question("yes_no", key="second", condition_question=first, condition_value="yes")
    first.condition_question, first.condition_value = second, "yes"

    assert shown_keys([first, second], {"first": True, "second": True}) == set()


def test_a_condition_is_said_in_the_words_of_the_other_question() -> None:
    first = question("single_choice", key="first", label="Where do you work?")
    then = question("short_text", condition_question=first, condition_value="prison", help="A few words.")

    assert condition_words(then) == "Only if you answered “Prison” to “Where do you work?”."
    assert KINDS["short_text"].field(then).help_text == f"{condition_words(then)} A few words."


@pytest.mark.parametrize(
    ("kind", "value", "text", "cell"),
    [
        ("number", 2.5, "2.5", 2.5),
        ("date", "2026-09-06", "6 September 2026", date(2026, 9, 6)),
        ("yes_no", True, "Yes", "Yes"),
        ("multiple_choice", ["a"], "A", "A"),
        ("short_text", "=1+1", "=1+1", "=1+1"),
    ],
)
def test_numbers_and_days_are_exported_as_such_and_the_rest_as_read(
    kind: str, value: Any, text: str, cell: Any
) -> None:
    assert KINDS[kind].export(value, text) == cell


def test_an_answer_fills_its_field_again() -> None:
    kinds = {"yes_no": True, "date": "2026-09-06", "multiple_choice": ["prison"], "number": 2.5, "short_text": "x"}

    filled = {kind: KINDS[kind].initial(value) for kind, value in kinds.items()}

    assert filled == {**kinds, "yes_no": "yes", "date": date(2026, 9, 6)}
