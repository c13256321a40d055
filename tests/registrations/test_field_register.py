"""Every column is in the register: with a purpose, a basis, readers and an end, or with why it says nothing."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.apps import apps
from django.db.models import Model

from registrations import field_register, retention
from registrations.enums import Extra, KeptFor, LegalBasis
from registrations.field_register import ENTRIES, NOTHING, PEOPLE, TECHNICAL, TEXTS, USUAL_DAYS, Nothing, Reader
from registrations.field_register.shapes import joined, period
from registrations.models import KeepingRules
from registrations.models.sealed import SealedField, SealedRow
from tests.factories import QuestionFactory

#: Of tables of our own every column is named: "all others" would let a new one slip in.
OURS = {"registrations", "accounts"}


def columns(models: Iterable[type[Model]]) -> set[str]:
    """Every column as "app.Model.field", of sealed ones the parts."""
    found = set()
    for model in models:
        for field in model._meta.concrete_fields:
            names = field.parts if isinstance(field, SealedField) else (field.name,)
            found |= {f"{model._meta.label}.{name}" for name in names}
    return found


def without_entry(found: set[str], *, entries: Iterable = ENTRIES, nothing: Iterable = NOTHING) -> set[str]:
    """Those of these columns for which the register says nothing."""
    known = {name for line in (*entries, *nothing) for name in line.names()}
    return {
        name
        for name in found
        if name not in known
        and name.rpartition(".")[2] not in TECHNICAL
        and f"{name.rpartition('.')[0]}.*" not in known
    }


def all_models() -> list[type[Model]]:
    return list(apps.get_models(include_auto_created=True))


def test_every_column_of_every_table_is_in_the_register():
    assert without_entry(columns(all_models())) == set()


def test_a_column_without_an_entry_is_found():
    fewer = [entry for entry in ENTRIES if "registrations.Identity.email" not in entry.names()]

    assert without_entry(columns(all_models()), entries=fewer) == {"registrations.Identity.email"}
    assert without_entry({"registrations.Alarm.telephone_at_home"}) == {"registrations.Alarm.telephone_at_home"}


def test_a_sealed_row_is_named_part_by_part():
    sealed = [model for model in all_models() if issubclass(model, SealedRow)]

    assert "registrations.Consent.detail" in columns(sealed)
    assert not {name for name in columns(sealed) if name.endswith(".sealed")}


def test_nothing_stands_in_the_register_that_is_in_no_table():
    labels = {model._meta.label for model in all_models()}
    said = {name for line in (*ENTRIES, *NOTHING) for name in line.names() if not name.endswith(".*")}
    here = {name for name in said if name.rpartition(".")[0] in labels}

    assert here <= columns(all_models())
    assert {name.split(".")[0] for name in said - here}.isdisjoint({*OURS, "events", "admin", "sessions", "axes"})


def test_a_column_stands_in_the_register_once():
    lines = [name for line in (*ENTRIES, *NOTHING) for name in line.names()]

    assert sorted(lines) == sorted(set(lines))


def test_no_table_of_ours_is_left_out_as_a_whole():
    whole = {name.split(".")[0] for line in NOTHING for name in line.names() if name.endswith(".*")}

    assert whole.isdisjoint(OURS)
    assert Nothing("why", {"accounts.User": "*"}).names() == {"accounts.User.*"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.what)
def test_an_entry_says_all_that_the_law_asks(entry):
    assert entry.what
    assert entry.purpose.endswith(".")
    assert entry.readers
    assert entry.kept.said()
    assert isinstance(entry.basis, LegalBasis)
    assert not (Reader.NOBODY in entry.readers and len(entry.readers) > 1)


def test_what_is_usual_is_what_a_call_without_rules_has():
    assert {name: KeepingRules._meta.get_field(name).default for name in USUAL_DAYS} == USUAL_DAYS


def test_an_open_call_for_help_is_said_to_wait():
    said = field_register.entry_of("registrations.Alarm.telephone").kept.said()

    assert (
        said == "14 days after the event, or after we called you if that is later; if nobody has, 3 months after "
        "the event"
    )


@pytest.mark.parametrize(
    ("name", "told", "is_read"),
    [
        ("registrations.Review.comment", Reader.ON_REQUEST, False),
        ("registrations.Score.value", Reader.ON_REQUEST, False),
        ("registrations.ProposalLine.reason", Reader.ON_REQUEST, False),
        ("registrations.Pin.reason", Reader.ON_REQUEST, False),
        ("registrations.Check.note", Reader.ON_REQUEST, False),
        ("registrations.Decision.reason", Reader.ON_REQUEST, False),
        ("registrations.Decision.outcome", Reader.TOLD, False),
        ("registrations.Vouch.email", Reader.PERSON, True),
        ("registrations.Vouch.answer", None, False),
    ],
)
def test_what_others_wrote_is_not_on_the_private_page(name, told, is_read):
    readers = set(field_register.entry_of(name).readers)

    assert (Reader.PERSON in readers) is is_read
    assert readers & {Reader.PERSON, Reader.TOLD, Reader.ON_REQUEST} == ({told} if told else set())


def test_how_long_is_said_with_the_days_of_the_call():
    sensitive = field_register.entry_of("registrations.Vouch.name").kept

    assert sensitive.said() == "14 days after the event"
    assert sensitive.said({"sensitive_days": 1}) == "1 day after the event"


def test_what_is_said_is_what_the_purge_does():
    said = {
        "registrations.OutgoingMail.rendered": retention.MAILS_KEPT,
        "registrations.AccessEntry.at": retention.HISTORY_KEPT,
        "admin.LogEntry.object_repr": retention.HISTORY_KEPT,
        "registrations.CounterCard.applied": retention.CARDS_KEPT,
        "accounts.Draft.sealed": retention.DRAFTS_KEPT,
        "axes.AccessAttempt.username": retention.DRAFTS_KEPT,
    }

    assert {name: field_register.entry_of(name).kept.time for name in said} == said


@pytest.mark.parametrize(
    ("days", "words"), [(1, "1 day"), (28, "28 days"), (90, "3 months"), (365, "12 months"), (730, "24 months")]
)
def test_days_are_said_as_people_say_them(days, words):
    assert period(days) == words


def test_who_sees_something_is_said_as_a_list():
    assert joined(["you"]) == "you"
    assert joined(["you", "us", "them"]) == "you; us; them"


def test_who_asks_for_no_such_column_hears_it():
    with pytest.raises(LookupError):
        field_register.entry_of("registrations.Identity.shoe_size")


def test_the_parts_about_a_person_hold_no_column_of_the_staff():
    parts = field_register.parts_about_person()

    assert "registrations.Consent.detail" in parts
    assert not [name for name in parts if name.startswith(("accounts.", "axes."))]
    assert {entry.is_about_staff for entry in PEOPLE} == {False}


# Questions


def test_a_question_says_its_own_purpose_and_readers():
    asked = QuestionFactory.build(call=None, purpose="To seat people.", audience="reviewers")

    care = field_register.care_of(asked)

    assert care.purpose == "To seat people."
    assert care.readers == (Reader.PERSON, Reader.ORGANISERS, Reader.REVIEWERS)
    assert care.basis == LegalBasis.PUBLIC_TASK


def test_a_practical_question_is_read_by_those_who_prepare():
    care = field_register.care_of(QuestionFactory.build(call=None, asked_of="selected", purpose=""))

    assert Reader.LOGISTICS in care.readers
    assert care.purpose == "To prepare the event for you."


def test_a_sensitive_question_rests_on_explicit_consent_and_goes_early():
    care = field_register.care_of(QuestionFactory.build(call=None, is_sensitive=True, purpose=""))

    assert care.basis == LegalBasis.EXPLICIT_CONSENT
    assert care.kept.said() == "14 days after the event"


def test_what_a_house_must_know_to_let_people_in_goes_the_day_after():
    asked = QuestionFactory.build(call=None, is_sensitive=True, kept_for=KeptFor.CLEARANCE, legal_basis="legal_duty")

    care = field_register.care_of(asked)

    assert care.basis == LegalBasis.LEGAL_DUTY
    assert care.kept.said() == "1 day after the event"


# Extras


def test_every_extra_has_a_text_of_its_own():
    assert set(TEXTS) == set(Extra)
    assert len({text.wording for text in TEXTS.values()}) == len(Extra)
    assert {len(text.wording) for text in TEXTS.values()} == {16}


@pytest.mark.parametrize("part", ["allows", "purpose", "asks"])
def test_a_changed_text_is_another_wording(part):
    text = TEXTS[Extra.DIET]

    assert replace(text, **{part: f"{getattr(text, part)}."}).wording != text.wording
    assert replace(text).wording == text.wording


def test_diet_and_access_say_the_strictest_basis_and_go_soon():
    for extra in (Extra.DIET, Extra.ACCESS):
        assert TEXTS[extra].basis == LegalBasis.EXPLICIT_CONSENT
        assert TEXTS[extra].kept.said() == "at once when you take it back, else 14 days after the event"
