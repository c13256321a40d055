"""What a group of people is balanced by: country, profession, organisation, first time, and answers with choices.

The balance panel counts by these, and rules of a proposal name them, so both mean the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from events.models import Call
from registrations import queries
from registrations.countries import country_name
from registrations.enums import AskedOf, Profession, QuestionKind, State
from registrations.models import Answer, CounterCard, Question, Registration
from registrations.models.identity import organisation_index

COUNTRY, PROFESSION, ORGANISATION, FIRST_TIME = "country", "profession", "organisation", "first_time"
NOT_SAID = "Not said"
#: Kinds of questions whose answers fall into few groups.
_GROUPING = (QuestionKind.SINGLE_CHOICE, QuestionKind.YES_NO, QuestionKind.COUNTRY)


@dataclass(frozen=True)
class Attribute:
    """One attribute of a call's applicants; `key` is what rules name.

    `value_of` computes its value in the database on rows of Registration: text (true or false for first_time), or ""
    where nothing is known. `choices` are the values that a form offers, with their words; empty where they are open.
    `questions` are the ids of all wordings of a question, and `said` computes the value on their rows of Answer.
    `named` gives the value of what a rule names: of an organisation the database knows no name, only its index.
    """

    key: str
    label: str
    value_of: Combinable = field(compare=False)
    choices: tuple[tuple[str, str], ...] = ()
    questions: tuple[int, ...] = ()
    said: Combinable = field(default=F("plain_text"), compare=False)
    named: Callable[[str], str] = field(default=str, compare=False)

    def words(self, value: str | bool) -> str:
        """What people read for a value."""
        if self.key == COUNTRY and value:
            return country_name(str(value))
        if self.key == FIRST_TIME:
            return "First time" if value in (True, "true") else "Was there before"
        return dict(self.choices).get(str(value), str(value)) or NOT_SAID


def attributes_of(call: Call, questions: Sequence[Question] | None = None) -> list[Attribute]:
    """The attributes by which the applicants of this call can be balanced, in the order in which they are shown.

    `questions` are the call's, where they are known already.
    """
    known = queries.questions_of(call) if questions is None else questions
    asked = [question for question in known if question.kind in _GROUPING and question.asked_of == AskedOf.EVERYONE]
    # The database reads no sealed answer; and what is sensitive is nothing to balance by.
    asked = [question for question in asked if not question.is_sensitive]
    versions = _versions(call) if asked else {}
    return [
        Attribute(COUNTRY, "Country", Coalesce("country", "country")),
        Attribute(PROFESSION, "Profession", Coalesce("profession", "profession"), tuple(Profession.choices)),
        Attribute(ORGANISATION, "Organisation", _organisation(), named=partial(organisation_index, call)),
        Attribute(FIRST_TIME, "First time", _is_first_time(), (("true", "First time"),)),
        *(_of_question(question, versions[question.key]) for question in asked),
    ]


def with_values(registrations: QuerySet[Registration], attribute: Attribute) -> QuerySet[Registration]:
    """The same rows with `attribute_value`."""
    return registrations.annotate(attribute_value=attribute.value_of)


def attended_before() -> Q:
    """Whether somebody took part in another call by the same address, as its row says or the counter card."""
    others = Registration.objects.filter(address_index=OuterRef("address_index"), state=State.ATTENDED)
    cards = CounterCard.objects.filter(address_index=OuterRef("address_index"), attended__gt=0)
    return Q(Exists(others.exclude(call=OuterRef("call")))) | Q(Exists(cards))


def _is_first_time() -> Combinable:
    return ExpressionWrapper(~attended_before(), output_field=BooleanField())


def _organisation() -> Combinable:
    """Its index; "" for all that name none, so that a rule does not take them for colleagues."""
    return Coalesce("identity__organisation_index", Value(""), output_field=TextField())


def _of_question(question: Question, versions: Sequence[Question]) -> Attribute:
    pks, names = tuple(version.pk for version in versions), _names(versions)
    said = _renamed(names) if len(versions) > 1 and names else F("plain_text")
    answers = Answer.objects.filter(registration=OuterRef("pk"), question__in=pks).order_by("pk")
    value = Coalesce(Subquery(answers.values(said=said)[:1]), Value(""), output_field=TextField())
    words = tuple((names[choice], label) for choice, label in question.choices)
    if question.kind == QuestionKind.YES_NO:
        words = (("Yes", "Yes"), ("No", "No"))
    return Attribute(f"q-{question.key}", question.label, value, words, pks, said)


def _names(versions: Sequence[Question]) -> dict[str, str]:
    """By value of a choice what rules call it: the words that it had first, so that other words change no rule."""
    names: dict[str, str] = {}
    for version in versions:
        for choice, label in version.choices:
            # Words that were another choice's before would make one group of two.
            names.setdefault(choice, choice if label in names.values() else label)
    return names


def _renamed(names: dict[str, str]) -> Combinable:
    cases = [When(plain_value=choice, then=Value(name)) for choice, name in names.items()]
    return Case(*cases, default=F("plain_text"), output_field=TextField())


def _versions(call: Call) -> dict[str, list[Question]]:
    """The questions by key, the oldest first: an answer may be to an earlier wording of the same."""
    by_key: dict[str, list[Question]] = {}
    for question in Question.objects.filter(call=call).only("key", "choices").order_by("version"):
        by_key.setdefault(question.key, []).append(question)
    return by_key
