"""The selection board: which applicants an address asks for, in which order, and all that the table says about each."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import Count, F, FilteredRelation, Q, QuerySet
from django.http import QueryDict

from events.models import Call
from ranportal.shared.pagination import page_of
from registrations import returned
from registrations.attributes import COUNTRY, FIRST_TIME, PROFESSION, Attribute
from registrations.balance import Part, applicants, cells_of, key_of, values_of
from registrations.enums import AskedOf, Audience, CheckResult, Outcome, PinDirection, ProposedAs, QuestionKind, State
from registrations.models import Answer, Proposal, Question, Registration

PER_PAGE = 100
#: Characters of an answer in the table.
_ANSWER_AT_MOST = 90
_COLUMNS_AT_MOST = 8
DEFAULT_SORT = "-score"
#: What a reviewer's marks must differ by to be marked.
WIDE_SPREAD = 2

_SORTS: Mapping[str, tuple[str, ...]] = {
    "score": ("score",),
    "spread": ("score_spread",),
    "reviews": ("review_count",),
    "reference": ("reference",),
    "check": ("check_result",),
    "country": ("country",),
    "profession": ("profession",),
    "decision": ("decision__outcome", "decision__rank"),
    "proposed": ("line__proposed_as", "line__rank"),
    "sent": ("sent_at",),
}
_IS_STAGED = Q(state=State.SUBMITTED, decision__isnull=False, decision__released_at=None)
_YES = {"1": "Yes"}
_DECISIONS: Mapping[str, tuple[str, Q]] = {
    "none": ("Nothing staged", Q(state=State.SUBMITTED, decision__isnull=True)),
    **{o.value: (f"Staged: {o.label}", _IS_STAGED & Q(decision__outcome=o)) for o in Outcome},
    "deviates": ("Staged, not as proposed", _IS_STAGED & Q(decision__is_deviation=True)),
    "released": ("Released", ~Q(state=State.SUBMITTED)),
}
_PINS: Mapping[str, tuple[str, Q]] = {
    **{d.value: (d.label, Q(pin__direction=d)) for d in PinDirection},
    "any": ("In or out", Q(pin__isnull=False)),
}


@dataclass(frozen=True)
class Filter:
    """One choice that an address can make: its key there, its label, and the (value, words) that it offers."""

    key: str
    label: str
    choices: Sequence[tuple[str, str]]
    condition: Callable[[str], Q]


@dataclass(frozen=True)
class Asked:
    """What an address asks of the board, without anything that the call does not know."""

    filters: Mapping[str, str] = field(default_factory=dict)
    score: str = ""
    columns: tuple[str, ...] = ()
    sort: str = DEFAULT_SORT
    page: str = ""

    @property
    def query(self) -> str:
        """The same as the query of an address, always written the same way; "" for the board as it comes."""
        return self.with_sort(self.sort)

    def with_sort(self, sort: str) -> str:
        """The query with another order, from the first page on."""
        parts = [*self.filters.items(), *(("columns", key) for key in self.columns)]
        parts += [("score", self.score)] if self.score else []
        parts += [("sort", sort)] if sort != DEFAULT_SORT else []
        return urlencode(parts)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters or self.score)


@dataclass(frozen=True)
class Earlier:
    """What somebody did in other calls of the portal, as far as the address is the same."""

    applied: int = 0
    attended: int = 0
    absent: int = 0


@dataclass
class Row:
    """One applicant. `earlier` is None until somebody has scored, so that no score leans on it.

    `cells` names where the panel counts them.
    """

    registration: Registration
    answers: Sequence[str]
    flags: Sequence[str]
    earlier: Earlier | None
    cells: str

    @property
    def has_wide_spread(self) -> bool:
        return (self.registration.score_spread or 0) >= WIDE_SPREAD


def filters_of(
    call: Call, attributes: Iterable[Attribute], values: Mapping[str, Sequence[tuple[str, str, str]]]
) -> list[Filter]:
    """What the board of this call can be filtered by; `values` are (value, key, words) by the key of the attribute."""
    plain = [
        Filter("decision", "Decision", [(k, v[0]) for k, v in _DECISIONS.items()], lambda v: _DECISIONS[v][1]),
        Filter("proposed", "Newest proposal", ProposedAs.choices, lambda v: Q(line__proposed_as=v)),
        Filter("check", "Check", CheckResult.choices, lambda v: Q(check_result=v)),
        Filter("state", "State", _states(), lambda v: Q(state=v)),
        Filter("pin", "Fixed", [(k, v[0]) for k, v in _PINS.items()], lambda v: _PINS[v][1]),
        Filter("spread", "Reviewers differ", list(_YES.items()), lambda _: Q(score_spread__gte=WIDE_SPREAD)),
        Filter("unreviewed", "Without a review", list(_YES.items()), lambda _: Q(review_count=0)),
    ]
    return plain + [_of_attribute(call, attribute, values.get(attribute.key, ())) for attribute in attributes]


def asked(data: QueryDict, *, filters: Iterable[Filter], columns: Collection[str]) -> Asked:
    """Read an address; what this call does not know is left out."""
    chosen = {f.key: data.get(f.key, "") for f in filters}
    known = {f.key: {value for value, _ in f.choices} for f in filters}
    sort = data.get("sort", DEFAULT_SORT)
    return Asked(
        filters={key: value for key, value in chosen.items() if value in known[key] and value},
        score=_percent(data.get("score", "")),
        columns=tuple(key for key in dict.fromkeys(data.getlist("columns")) if key in columns)[:_COLUMNS_AT_MOST],
        sort=sort if sort.removeprefix("-") in _SORTS else DEFAULT_SORT,
        page=data.get("page", ""),
    )


def found(call: Call, asked: Asked, *, filters: Iterable[Filter], proposal: Proposal | None) -> QuerySet[Registration]:
    """The applicants that are asked for, in order."""
    people = _beside_proposal(applicants(call), proposal)
    for one in filters:
        if one.key in asked.filters:
            people = people.filter(one.condition(asked.filters[one.key]))
    if asked.score:
        people = people.filter(score__gte=float(asked.score))
    return people.order_by(*_order(asked.sort))


def page(people: QuerySet[Registration], number: str) -> Page:
    """One page of the applicants, by their ids."""
    return page_of(people.values_list("pk", flat=True), number, per_page=PER_PAGE)


def in_full(ids: Iterable[int], proposal: Proposal | None) -> list[Registration]:
    """These people in this order, with decision, pin and what the proposal says (`line_as`, `line_rank`)."""
    ids = list(ids)
    people = _beside_proposal(Registration.objects.filter(pk__in=ids), proposal)
    said = {"line_as": F("line__proposed_as"), "line_rank": F("line__rank")}
    by_id = {person.pk: person for person in people.annotate(**said).select_related("decision", "pin").order_by()}
    return [by_id[pk] for pk in ids if pk in by_id]


def _beside_proposal(people: QuerySet[Registration], proposal: Proposal | None) -> QuerySet[Registration]:
    of_this = Q(proposal_lines__proposal=proposal.pk if proposal else 0)
    return people.annotate(line=FilteredRelation("proposal_lines", condition=of_this))


def columns_of(questions: Iterable[Question]) -> dict[str, str]:
    """The labels of those questions whose answers can be columns, by key."""
    fits = set(QuestionKind.values) - {QuestionKind.FILE, QuestionKind.CONSENT}
    return {question.key: question.label for question in questions if question.kind in fits}


def rows(call: Call, registrations: Sequence[Registration], asked: Asked, parts: Sequence[Part]) -> list[Row]:
    """All that the table says about these people, and where the panel counts them, in five queries."""
    ids = [registration.pk for registration in registrations]
    values = values_of(ids, [part.attribute for part in parts])
    answers, back, stale = _answers(call, ids, asked.columns), _unreachable(ids), _stale(ids)
    earlier = _earlier(call, registrations)
    found = []
    for registration in registrations:
        flags = ["mail came back"] * (registration.pk in back) + ["answers changed since a review"] * (
            registration.pk in stale
        )
        flags += ["shares an address"] * bool(registration.same_address_number)
        given = [_short(answers.get((registration.pk, key), "")) for key in asked.columns]
        before = earlier.get(registration.address_index, Earlier()) if registration.review_count else None
        found.append(Row(registration, given, flags, before, cells_of(parts, values[registration.pk])))
    return found


def _states() -> list[tuple[str, str]]:
    gone = (State.UNPROVEN, State.WITHDRAWN, State.CANCELLED)
    return [(state.value, str(state.label)) for state in State if state not in gone]


def _of_attribute(call: Call, attribute: Attribute, values: Sequence[tuple[str, str, str]]) -> Filter:
    known = values or [(value, key_of(attribute.key, value), words) for value, words in attribute.choices]
    by_key = {key: value for value, key, _ in known}
    return Filter(
        attribute.key,
        attribute.label,
        [(key, words) for _, key, words in known if key],
        lambda key: _with_value(call, attribute, by_key[key]),
    )


def _with_value(call: Call, attribute: Attribute, value: str) -> Q:
    if attribute.key in (COUNTRY, PROFESSION):
        return Q(**{attribute.key: value})
    people = applicants(call).order_by().annotate(wanted=attribute.value_of)
    is_truth = attribute.key == FIRST_TIME
    return Q(pk__in=people.filter(wanted=(value == "true") if is_truth else value).values("pk"))


def _percent(text: str) -> str:
    return text if text.isascii() and text.isdigit() and int(text) <= 100 else ""


def _order(sort: str) -> list:
    is_down = sort.startswith("-")
    columns = [F(name) for name in _SORTS[sort.removeprefix("-")]]
    ordered = [c.desc(nulls_last=True) if is_down else c.asc(nulls_last=True) for c in columns]
    return [*ordered, "reference"]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _ANSWER_AT_MOST else f"{line[: _ANSWER_AT_MOST - 1]}…"


def _answers(call: Call, ids: Sequence[int], columns: Sequence[str]) -> dict[tuple[int, str], str]:
    if not columns:
        return {}
    given = Answer.objects.filter(registration__in=ids, question__call=call, question__key__in=columns)
    # By key, since an answer may be to an earlier wording; the newest comes last and stays.
    rows = given.select_related("question").order_by("question__version")
    return {(answer.registration_id, answer.question.key): answer.text for answer in rows}


def _unreachable(ids: Sequence[int]) -> set[int]:
    people = Registration.objects.filter(returned.to_present_address(), pk__in=ids)
    return set(people.order_by().values_list("pk", flat=True))


def _stale(ids: Sequence[int]) -> set[int]:
    """Those of whom an answer that reviewers see changed after a review."""
    reviewed = Registration.objects.filter(
        pk__in=ids,
        reviews__has_conflict=False,
        answers__changed_at__gt=F("reviews__changed_at"),
        answers__question__audience=Audience.REVIEWERS,
        answers__question__asked_of=AskedOf.EVERYONE,
    )
    return set(reviewed.order_by().values_list("pk", flat=True).distinct())


def _earlier(call: Call, registrations: Sequence[Registration]) -> dict[str, Earlier]:
    known = [registration.address_index for registration in registrations if registration.review_count]
    others = Registration.objects.filter(address_index__in=known, proven_at__isnull=False).exclude(call=call)
    rows = (
        others.order_by()
        .values("address_index")
        .annotate(
            applied=Count("pk"),
            attended=Count("pk", filter=Q(state=State.ATTENDED)),
            absent=Count("pk", filter=Q(state=State.ABSENT, is_excused=False)),
        )
    )
    return {row["address_index"]: Earlier(row["applied"], row["attended"], row["absent"]) for row in rows}
