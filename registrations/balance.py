"""How a group would be balanced: per value of each attribute how many applied, are proposed, are staged, are wanted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from django.db.models import Case, Count, Exists, Min, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from events.models import Call
from registrations import looks
from registrations.attributes import (
    COUNTRY,
    FIRST_TIME,
    NOT_SAID,
    ORGANISATION,
    PROFESSION,
    Attribute,
    attended_before,
)
from registrations.enums import Outcome, ProposedAs, State
from registrations.models import Answer, Identity, Proposal, ProposalLine, Registration, SelectionRule
from registrations.models.sealed import ERASED
from registrations.states import HOLDS_PLACE

#: Shown whether or not a rule names them, where the call has them.
ALWAYS = (COUNTRY, PROFESSION, ORGANISATION, "q-working_group", FIRST_TIME)
#: So many values of one attribute are shown, besides those that have a target.
SHOWN = 10
#: So many values are offered where one looks for people.
OFFERED = 100
#: The value of a rule that is for each value by itself.
EACH = "*"
_COLUMNS = ("place", "found", "words", "number")
_NOT_IN = (State.UNPROVEN, State.WITHDRAWN, State.CANCELLED)


@dataclass(frozen=True)
class Group:
    """The people with one `value` of the attribute of this name.

    `staged` counts those staged to be selected and those who hold a place already. `minimum` and `maximum` are what the
    rules say together, None where they say nothing. Of several groups in one line `each_within` says that rules touch
    some of them, and that none is off.
    """

    attribute: str
    value: str
    words: str
    applied: int = 0
    proposed: int = 0
    staged: int = 0
    minimum: int | None = None
    maximum: int | None = None
    each_within: bool = False

    @property
    def key(self) -> str:
        """What stands for the value in addresses and pages."""
        return key_of(self.attribute, self.value)

    @property
    def has_target(self) -> bool:
        return self.minimum is not None or self.maximum is not None

    @property
    def target(self) -> str:
        """What the rules want, in few words."""
        if self.each_within:
            return "each within"
        if self.minimum is not None and self.maximum is not None:
            return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum} to {self.maximum}"
        if self.minimum is not None:
            return f"min {self.minimum}"
        return "" if self.maximum is None else f"max {self.maximum}"

    @property
    def verdict(self) -> str:
        """How far the staged are from the target, in words; "" where they are within it."""
        if self.staged < (self.minimum or 0):
            return f"{(self.minimum or 0) - self.staged} too few"
        if self.maximum is not None and self.staged > self.maximum:
            return f"{self.staged - self.maximum} too many"
        return ""

    @property
    def is_off(self) -> bool:
        return bool(self.verdict)


@dataclass(frozen=True)
class Part:
    """One attribute of the panel: the groups that are shown, the largest first, and all others together.

    `choices` are the groups that one can look for: all, or the largest of very many.
    """

    attribute: Attribute
    groups: tuple[Group, ...]
    others: Group | None
    choices: tuple[Group, ...]

    @property
    def largest(self) -> int:
        """The most people of one group that a bar must show; a bar of all others may be cut off."""
        numbers = [max(g.staged, g.proposed, g.minimum or 0, g.maximum or 0) for g in self.groups]
        return max([1, *numbers])

    @property
    def most_applied(self) -> int:
        return max([1, *(group.applied for group in self.groups)])

    @property
    def lines(self) -> tuple[Group, ...]:
        return (*self.groups, self.others) if self.others else self.groups

    def line_of(self, value: str) -> int:
        """The number of the line in which this value is counted."""
        own = [number for number, group in enumerate(self.groups) if group.value == value]
        return own[0] if own else len(self.groups)

    @property
    def has_targets(self) -> bool:
        return any(group.has_target for group in self.groups)


def applicants(call: Call) -> QuerySet[Registration]:
    """Who applied to the call and neither gave up nor lost the event: those to decide about and those decided."""
    return Registration.objects.filter(call=call).exclude(state__in=_NOT_IN)


@dataclass(frozen=True)
class Numbers:
    """How many places there are and what is staged for them; `capacity` None means without limit."""

    capacity: int | None
    places_limit: int | None
    places_taken: int
    to_select: int
    to_select_counted: int
    to_reserve: int
    to_decline: int
    undecided: int

    @property
    def left(self) -> int | None:
        """Places that are free once the staged are in; None without a limit, below zero if too many are staged."""
        if self.places_limit is None:
            return None
        return self.places_limit - self.places_taken - self.to_select_counted

    @property
    def too_many(self) -> int:
        return max(0, -(self.left or 0))


def numbers(call: Call) -> Numbers:
    """Places and staged decisions of the call, in one query."""
    is_in, released = Q(state=State.SUBMITTED), Q(decision__released_at=None)
    of = {outcome: is_in & released & Q(decision__outcome=outcome) for outcome in Outcome}
    counted = Registration.objects.filter(is_in, call=call).aggregate(
        to_select=Count("pk", filter=of[Outcome.SELECT]),
        to_select_counted=Count("pk", filter=of[Outcome.SELECT] & Q(is_counted=True)),
        to_reserve=Count("pk", filter=of[Outcome.RESERVE]),
        to_decline=Count("pk", filter=of[Outcome.DECLINE]),
        undecided=Count("pk", filter=Q(decision=None)),
    )
    return Numbers(call.capacity, call.places_limit, call.places_taken, **counted)


def shown_attributes(attributes: Iterable[Attribute], rules: Iterable[SelectionRule]) -> list[Attribute]:
    """Those attributes that the panel of a call with these rules shows."""
    named = {*ALWAYS, *(rule.attribute for rule in rules)}
    return [attribute for attribute in attributes if attribute.key in named]


def key_of(attribute: str, value: str) -> str:
    """What stands for the value in addresses and pages: of an organisation the beginning of its index."""
    return value[:12] if attribute == ORGANISATION else value


def parts(
    call: Call, *, attributes: Sequence[Attribute], rules: Sequence[SelectionRule], proposal: Proposal | None
) -> list[Part]:
    """The panel, in two queries, and a third for the names of organisations: one part for each attribute."""
    likely, applied = _likely(call, attributes, proposal), _applied(call, attributes)
    return [
        _part(attribute, applied[attribute.key], likely[attribute.key], _rules_of(attribute, rules))
        for attribute in attributes
    ]


def values_of(registrations: Iterable[int], attributes: Sequence[Attribute]) -> dict[int, dict[str, str]]:
    """The values of these people by the key of the attribute, in one query."""
    people = _with_all(Registration.objects.filter(pk__in=list(registrations)), attributes)
    rows = people.order_by().values_list("pk", *_names(attributes))
    return {
        pk: {attribute.key: _text(value) for attribute, value in zip(attributes, values, strict=True)}
        for pk, *values in rows
    }


def cells_of(parts: Sequence[Part], values: Mapping[str, str]) -> str:
    """Where the panel counts somebody with these values: number of the part, number of the line, as “0-3 1-12”."""
    return " ".join(f"{number}-{part.line_of(values[part.attribute.key])}" for number, part in enumerate(parts))


def _names(attributes: Sequence[Attribute]) -> list[str]:
    return [f"value_{number}" for number, _ in enumerate(attributes)]


def _with_all(people: QuerySet[Registration], attributes: Sequence[Attribute]) -> QuerySet[Registration]:
    return people.annotate(
        **{name: attribute.value_of for name, attribute in zip(_names(attributes), attributes, strict=True)}
    )


def _text(value: str | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else value or ""


def _rules_of(attribute: Attribute, rules: Iterable[SelectionRule]) -> list[SelectionRule]:
    return [rule for rule in rules if rule.attribute == attribute.key]


def _applied(call: Call, attributes: Sequence[Attribute]) -> dict[str, dict[str, tuple[str, int]]]:
    """By attribute, for each value its words and how many applied."""
    found: dict[str, dict[str, tuple[str, int]]] = {attribute.key: {} for attribute in attributes}
    first, *others = [_counted(call, attribute, place) for place, attribute in enumerate(attributes)]
    for place, value, words, number in first.union(*others, all=True):
        attribute = attributes[place]
        found[attribute.key][value] = (words or attribute.words(value), number)
    # Everybody has a country.
    total = sum(number for _, number in found[COUNTRY].values())
    for attribute in attributes:
        _add_rest(attribute, found[attribute.key], total)
    return found


def _counted(call: Call, attribute: Attribute, place: int) -> QuerySet:
    """Rows of the place, the value as text, its words as people write them (or ""), and how many applied.

    Of some attributes one value is cheaper to find as the rest: see `_add_rest`.
    """
    people, here = applicants(call).order_by(), Value(place)
    if attribute.questions:
        answers = Answer.objects.order_by().filter(question__in=attribute.questions, registration__in=people)
        by_answer = answers.values(place=here, found=_text_of(attribute.said))
        return by_answer.annotate(words=_nothing(), number=Count("registration", distinct=True)).values_list(*_COLUMNS)
    if attribute.key == FIRST_TIME:
        came = people.filter(attended_before()).values(place=here, found=_text_of(Value("false")))
        return came.annotate(words=_nothing(), number=Count("pk")).values_list(*_COLUMNS)
    # One of those who name it: their row is opened for the words, if they are shown.
    words = _text_of(Min("pk")) if attribute.key == ORGANISATION else _nothing()
    rows = people.values(place=here, found=Coalesce(_text_of(attribute.value_of), _nothing()))
    return rows.annotate(words=words, number=Count("pk")).values_list(*_COLUMNS)


def _add_rest(attribute: Attribute, found: dict[str, tuple[str, int]], total: int) -> None:
    """Those of whom the database found no value: who comes for the first time, or did not answer."""
    rest = total - sum(number for _, number in found.values())
    value = "true" if attribute.key == FIRST_TIME else ""
    if rest > 0 and (attribute.questions or attribute.key == FIRST_TIME):
        found[value] = (attribute.words(value), found.get(value, ("", 0))[1] + rest)


def _text_of(value: Combinable) -> Cast:
    return Cast(value, TextField())


def _nothing() -> Value:
    return Value("", output_field=TextField())


def _likely(
    call: Call, attributes: Sequence[Attribute], proposal: Proposal | None
) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """By attribute, how many of each value are proposed, and how many are staged or hold a place; both are few."""
    is_staged = Q(state=State.SUBMITTED, decision__outcome=Outcome.SELECT, decision__released_at=None)
    is_in = Q(state__in=sorted(HOLDS_PLACE))
    lines = ProposalLine.objects.filter(
        proposal=proposal.pk if proposal else 0, proposed_as=ProposedAs.SELECTED, registration=OuterRef("pk")
    )
    people = applicants(call).annotate(is_likely=_truth(is_staged | is_in), is_proposed=Exists(lines))
    rows = _with_all(people.filter(Q(is_likely=True) | Q(is_proposed=True)), attributes).order_by()
    numbers: dict[str, tuple[Counter[str], Counter[str]]] = {a.key: (Counter(), Counter()) for a in attributes}
    for is_proposed, is_likely, *values in rows.values_list("is_proposed", "is_likely", *_names(attributes)):
        for attribute, value in zip(attributes, values, strict=True):
            proposed, staged = numbers[attribute.key]
            proposed[_text(value)] += is_proposed
            staged[_text(value)] += is_likely
    return numbers


def _truth(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))


def _part(
    attribute: Attribute,
    applied: Mapping[str, tuple[str, int]],
    likely: tuple[Counter[str], Counter[str]],
    rules: Sequence[SelectionRule],
) -> Part:
    wanted = [(rule.value if rule.value == EACH else attribute.named(rule.value), rule) for rule in rules]
    named = {value: rule.value for value, rule in wanted if value != EACH}
    proposed, staged = likely
    groups = []
    for value in {*applied, *named}:
        words, number = applied.get(value, (attribute.words(named.get(value, value)), 0))
        minimum, maximum = _bounds(wanted, value)
        groups.append(Group(attribute.key, value, words, number, proposed[value], staged[value], minimum, maximum))
    groups.sort(key=lambda group: (-group.applied, group.words))
    is_shown = [p < SHOWN or g.value in named or (g.has_target and g.is_off) for p, g in enumerate(groups)]
    shown, rest = list(compress(groups, is_shown)), [g for g, is_in in zip(groups, is_shown, strict=True) if not is_in]
    choices = groups[:OFFERED]
    if attribute.key == ORGANISATION:
        shown, choices = _with_names(shown, choices)
    return Part(attribute, tuple(shown), _together(rest), tuple(choices))


def _with_names(*lists: Sequence[Group]) -> Iterator[list[Group]]:
    """The same groups of organisations with the names that those people wrote whose numbers are their words."""
    pks = {int(group.words) for groups in lists for group in groups if group.value and group.applied}
    # An organisation of which people are counted leads to nobody: nobody was looked at.
    with looks.unnoticed():
        names = {str(one.pk): one.organisation for one in Identity.objects.filter(pk__in=pks)} if pks else {}
    for groups in lists:
        named = [replace(g, words=_name_of(g, names)) for g in groups]
        yield sorted(named, key=lambda group: (-group.applied, group.words))


def _name_of(group: Group, names: Mapping[str, str]) -> str:
    if not group.value:
        return NOT_SAID
    return names.get(group.words, ERASED) if group.applied else group.words


def _bounds(wanted: Iterable[tuple[str, SelectionRule]], value: str) -> tuple[int | None, int | None]:
    """What all rules that touch this value want together: the largest minimum and the smallest maximum."""
    # Who said nothing is in no group of “each value”.
    these = [rule for own, rule in wanted if own == value or (own == EACH and value)]
    minimums = [rule.minimum for rule in these if rule.minimum is not None]
    maximums = [rule.maximum for rule in these if rule.maximum is not None]
    return max(minimums, default=None), min(maximums, default=None)


def _together(groups: Sequence[Group]) -> Group | None:
    if not groups:
        return None
    return Group(
        attribute=groups[0].attribute,
        value="",
        words=f"{len(groups)} others",
        applied=sum(group.applied for group in groups),
        proposed=sum(group.proposed for group in groups),
        staged=sum(group.staged for group in groups),
        each_within=any(group.has_target for group in groups),
    )
