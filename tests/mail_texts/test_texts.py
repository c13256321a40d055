"""What mails say: every kind is rendered with a full and with a bare context, and read as its reader would."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Engine

from registrations.enums import MailKind

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "mail"
KINDS = [kind.value for kind in MailKind]
TO_ORGANISERS = {MailKind.JOIN_LINK_MISSING.value, MailKind.CALL_CLOSED.value, MailKind.UNSAFE_ALARM.value}
TO_CONTACTS = {MailKind.VOUCH_ASKED.value}
TO_STAFF = {MailKind.STAFF_RESET.value, MailKind.STAFF_NOTICE.value, MailKind.MANY_LOOKS.value}
TO_PEOPLE = [kind for kind in KINDS if kind not in TO_ORGANISERS | TO_STAFF | TO_CONTACTS]
FILES = {"subject.txt", "body.txt", "body.html"}

PRIVATE_LINK = "https://portal.example.org/registrations/p/Zm9yLXRlc3Rz/"
ADMIN_LINK = "https://portal.example.org/admin/events/event/1/change/"
SITE_URL = "https://portal.example.org/events/"
OUTCOMES_URL = "https://portal.example.org/publications/"
WHEN = "Wednesday 20 September 2023, 14:00-17:00 (Brussels time, CEST)"

FULL: dict[str, Any] = {
    "reference": "P-7Q4K2",
    "private_link": PRIVATE_LINK,
    "code": "12345678",
    "reply_to": "secretariat@example.org",
    "admission": "selective",
    "what": "Online session",
    "when": WHEN,
    "deadline": "until the end of Wednesday 6 September (Brussels time)",
    "decision_by": "Wednesday 13 September 2023",
    "prove_by": "Thursday 7 September 2023, 24:00 (Brussels time)",
    "answer_by": "12 September, 12:00",
    "answer_day": "12 September",
    "list_closes": "15 September, 12:00",
    "position": 4,
    "applied": 60,
    "places": 25,
    "criteria": ["Will use what is learned", "Has had little help so far", "Knows colleagues' needs"],
    "why_until": "Friday 13 October 2023",
    "gone_on": "Thursday 14 December 2023",
    "must_answer": True,
    "has_details": True,
    "old_when": "Tuesday 19 September 2023, 14:00-17:00 (Brussels time, CEST)",
    "change": "the date",
    "event_date": "20 September",
    "site_url": SITE_URL,
    "outcomes_url": OUTCOMES_URL,
    "day": "Wednesday 20 September",
    "alarm_reference": "basics-2023",
    "is_again": True,
    "is_new_link": True,
    "counts": [("Received", 60), ("Address not confirmed yet", 7)],
    "admin_link": ADMIN_LINK,
    "notice": "Your password was changed.",
    "is_by_administrator": True,
    "is_about_call": False,
    "is_new_account": True,
}
BARE: dict[str, Any] = FULL | {
    "code": "",
    "admission": "open",
    "what": "Meeting",
    "decision_by": None,
    "prove_by": "",
    "answer_by": None,
    "answer_day": "",
    "list_closes": None,
    "position": None,
    "applied": None,
    "places": None,
    "criteria": [],
    "why_until": "",
    "gone_on": "",
    "must_answer": False,
    "has_details": False,
    "is_again": False,
    "is_new_link": False,
    "is_new_account": False,
    "old_when": "",
    "counts": [],
    "is_about_call": True,
}
FACTS = pytest.mark.parametrize("facts", [FULL, BARE], ids=["full", "bare"])

NEVER_SAID = re.compile(
    r"\b(verif\w*|unverified|tokens?|submit\w*|full|reject\w*|declin\w*|unsuccessful\w*|laps\w*|absen\w*|errors?|invalid)\b",
    re.IGNORECASE,
)
NEVER_TOLD = re.compile(
    r"\bRAN\b|radicali|extremis|mental health|webex|commission|network|training|webinar", re.IGNORECASE
)
SUBJECTS_TO_PEOPLE = re.compile(
    r"Your registration P-7Q4K2: "
    r"(news|please confirm your address|please answer( by 12 September)?|reminder for 20 September)"
)


def render(kind: str, file: str, facts: dict[str, Any]) -> str:
    """The text of one file of a mail, as its reader gets it."""
    engine = Engine(dirs=[str(FOLDER.parent)], string_if_invalid="UNDEFINED(%s)")
    return engine.get_template(f"mail/{kind}/{file}").render(Context(facts))


class _Reader(HTMLParser):
    """Collects what a person sees of an HTML mail, and every address in it."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(values)
        self.addresses += [values[name] or "" for name in ("href", "src", "action") if name in values]
        is_button = values.get("class") == "button"
        self._unseen += tag in {"style", "title"} or is_button

    def handle_endtag(self, tag: str) -> None:
        if self._unseen and tag in {"style", "title", "a"}:
            self._unseen -= 1

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words += data.replace("Or copy this address:", "").split()


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def words_of(text: str) -> list[str]:
    return [word for word in text.split() if word.strip("-")]


def test_each_kind_of_mail_has_its_three_files_and_no_folder_is_without_a_kind() -> None:
    folders = {folder.name: {file.name for file in folder.iterdir()} for folder in FOLDER.iterdir() if folder.is_dir()}
    assert folders == dict.fromkeys(KINDS, FILES)


@FACTS
@pytest.mark.parametrize("kind", KINDS)
def test_every_variable_is_known_and_no_line_is_left_ragged(kind: str, facts: dict[str, Any]) -> None:
    for file in FILES:
        assert "UNDEFINED" not in render(kind, file, facts)
    text = render(kind, "body.txt", facts)
    assert "\n\n\n" not in text
    assert text == text.lstrip()
    assert "None" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_uses_only_facts_of_the_portal_so_nothing_that_somebody_typed(kind: str) -> None:
    for file in FILES:
        source = (FOLDER / kind / file).read_text()
        used = set(re.findall(r"{{ (\w+)", source)) - {"criterion", "label", "number"}
        assert used <= set(FULL)
        assert not re.search(r"\bsafe\b", source)


@FACTS
@pytest.mark.parametrize("kind", TO_PEOPLE)
def test_a_subject_is_one_line_and_the_same_whatever_the_decision(kind: str, facts: dict[str, Any]) -> None:
    subject = render(kind, "subject.txt", facts)
    assert subject.count("\n") == 1
    assert SUBJECTS_TO_PEOPLE.fullmatch(subject.strip())


@pytest.mark.parametrize("kind", ["selected", "reserve", "not_selected", "promoted", "list_closed", "confirmed"])
def test_decisions_have_the_same_subject(kind: str) -> None:
    assert render(kind, "subject.txt", FULL) == "Your registration P-7Q4K2: news\n"


@pytest.mark.parametrize("kind", sorted(TO_ORGANISERS))
def test_the_subject_of_a_mail_to_organisers_names_no_event(kind: str) -> None:
    subject = render(kind, "subject.txt", FULL)
    assert subject.count("\n") == 1
    assert "basics-2023" not in subject


@pytest.mark.parametrize("kind", TO_PEOPLE)
def test_what_a_mail_program_previews_is_the_same_in_every_mail(kind: str) -> None:
    preview = (
        "Hello, This mail is about your registration P-7Q4K2. It comes from the Event secretariat, "
        "and an answer to it reaches people. What it is about comes next."
    )
    assert " ".join(render(kind, "body.txt", FULL).split()).startswith(preview)
    assert " ".join(read(render(kind, "body.html", FULL)).words).startswith(preview)


@FACTS
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_says_no_word_that_we_never_say(kind: str, facts: dict[str, Any]) -> None:
    for file in FILES:
        text = render(kind, file, facts)
        assert not NEVER_SAID.findall(text)
        assert not NEVER_TOLD.findall(text)


@pytest.mark.parametrize("sentence", ["Your application was rejected.", "The list is full.", "Submit your token."])
def test_the_search_for_such_words_finds_them(sentence: str) -> None:
    assert NEVER_SAID.search(sentence)


@FACTS
def test_an_outcome_comes_months_later_and_leads_where_links_still_live(facts: dict[str, Any]) -> None:
    assert OUTCOMES_URL in render("outcome_published", "body.txt", facts).splitlines()
    assert OUTCOMES_URL in read(render("outcome_published", "body.html", facts)).addresses


@FACTS
@pytest.mark.parametrize("kind", [kind for kind in TO_PEOPLE if kind != "outcome_published"])
def test_text_and_html_carry_the_private_link(kind: str, facts: dict[str, Any]) -> None:
    assert PRIVATE_LINK in render(kind, "body.txt", facts).splitlines()
    assert PRIVATE_LINK in read(render(kind, "body.html", facts)).addresses


@pytest.mark.parametrize("kind", sorted(TO_ORGANISERS))
def test_a_mail_to_organisers_leads_to_the_admin(kind: str) -> None:
    assert ADMIN_LINK in render(kind, "body.txt", FULL).splitlines()
    assert ADMIN_LINK in read(render(kind, "body.html", FULL)).addresses
    assert PRIVATE_LINK not in render(kind, "body.txt", FULL)


def test_a_question_to_a_contact_point_names_nobody_and_carries_its_link() -> None:
    whole = " ".join(render("vouch_asked", file, FULL) for file in sorted(FILES))
    assert PRIVATE_LINK in render("vouch_asked", "body.txt", FULL).splitlines()
    for named in ("P-7Q4K2", WHEN, "20 September", "basics-2023", "event "):
        assert named not in whole


def test_a_call_for_help_names_the_reference_and_nothing_else_of_the_person() -> None:
    assert render("unsafe_alarm", "subject.txt", FULL) == "For organisers: please call P-7Q4K2 now\n"
    assert "112" in render("unsafe_alarm", "body.txt", FULL)


@pytest.mark.parametrize("kind", sorted(TO_ORGANISERS))
def test_a_mail_to_the_mailbox_says_who_reads_it_and_promises_no_closed_circle(kind: str) -> None:
    text = " ".join(render(kind, "body.txt", FULL).split())
    assert "whoever reads that mailbox reads it" in text
    assert "organisers only; please" not in text
    assert ("goes to each organiser of the event and to its mailbox" in text) is (kind == "unsafe_alarm")


@pytest.mark.parametrize("kind", sorted(TO_STAFF))
def test_a_mail_to_staff_says_so_and_what_it_never_asks_for(kind: str) -> None:
    text = " ".join(render(kind, "body.txt", FULL).split())
    assert "about your account with which you sign in as staff" in text
    assert "It never asks for a password or a code." in text
    assert "P-7Q4K2" not in text


@FACTS
@pytest.mark.parametrize("kind", KINDS)
def test_html_and_text_say_the_same(kind: str, facts: dict[str, Any]) -> None:
    assert read(render(kind, "body.html", facts)).words == words_of(render(kind, "body.txt", facts))


@pytest.mark.parametrize("kind", KINDS)
def test_an_html_mail_asks_for_nothing_from_anywhere(kind: str) -> None:
    html = render(kind, "body.html", FULL)
    reader = read(html)
    assert not reader.tags & {"img", "script", "link", "iframe", "form", "object", "svg"}
    assert "style" not in reader.attributes
    assert "url(" not in html
    assert "@import" not in html
    assert set(reader.addresses) <= {PRIVATE_LINK, SITE_URL, OUTCOMES_URL, ADMIN_LINK, "mailto:secretariat@example.org"}


@pytest.mark.parametrize("kind", ["prove_address", "prove_reminder"])
def test_the_code_is_shown_in_two_groups_of_four_digits(kind: str) -> None:
    assert "1234 5678" in render(kind, "body.txt", FULL)
    assert "1234 5678" in render(kind, "body.html", FULL)


def test_a_refusal_says_all_that_we_owe() -> None:
    text = " ".join(render("not_selected", "body.txt", FULL).split())
    owed = [
        "We cannot offer you a place this time.",
        "60 people applied for 25 places.",
        "- Will use what is learned",
        "says nothing about the quality of your work",
        SITE_URL,
        "you may ask until Friday 13 October 2023",
        "Just answer to this mail: people read it",
    ]
    assert [part for part in owed if part not in text] == []


def test_plain_text_has_no_html_entities_and_html_has() -> None:
    assert "- Knows colleagues' needs" in render("not_selected", "body.txt", FULL)
    assert "<li>Knows colleagues&#x27; needs</li>" in render("not_selected", "body.html", FULL)


def test_the_reserve_list_is_explained_in_the_settled_words() -> None:
    text = " ".join(render("reserve", "body.txt", FULL).split())
    assert (
        "On the reserve list. You have no place yet. If one becomes free we write by 15 September, 12:00; "
        "after that the list closes and we tell you. Please do not book travel."
    ) in text


def test_a_received_application_says_by_when_everyone_hears() -> None:
    text = " ".join(render("received", "body.txt", FULL).split())
    assert "Received. Everyone hears by Wednesday 13 September 2023." in text


def test_the_mail_about_a_second_form_leads_to_the_first_and_names_no_date() -> None:
    text = " ".join(render("same_address", "body.txt", FULL).split())
    assert "register another person with this address" in text
    assert WHEN not in text
