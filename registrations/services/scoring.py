"""What all reviews of a person say together, repeated on the registration so that lists of thousands can sort by it."""

from collections.abc import Iterable

from django.db.models import Count, F, FloatField, Max, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, NullIf

from events.models import Call
from registrations.models import Registration, Score

#: So many registrations are written by one statement.
_BATCH = 2000


def refresh(*, registrations: Iterable[int]) -> None:
    """Write score, spread and number of reviews of the registrations with these ids anew from their scores.

    The score is the weighted mean as a share of the best possible, in per cent, or None; the spread is the most points
    by which two reviewers differ on one criterion. Declared conflicts of interest do not count.
    """
    ids = list(registrations)
    for start in range(0, len(ids), _BATCH):
        _write(Registration.objects.filter(pk__in=ids[start : start + _BATCH]))


def refresh_call(*, call: Call) -> None:
    """The same for everybody in a call, in one statement: after a criterion got another weight or another maximum."""
    _write(Registration.objects.filter(call=call))


def _write(people: QuerySet[Registration]) -> None:
    people.update(score=_mean(), score_spread=_spread(), review_count=_number())


def _scores() -> QuerySet[Score]:
    return Score.objects.filter(review__registration=OuterRef("pk"), review__has_conflict=False).order_by()


def _mean() -> Subquery:
    weight = Cast(F("criterion__weight"), FloatField())
    share = F("value") * 100.0 / NullIf(F("criterion__max_score"), 0)
    means = _scores().values("review__registration").annotate(mean=Sum(share * weight) / NullIf(Sum(weight), 0.0))
    return Subquery(means.values("mean"), output_field=FloatField())


def _spread() -> Subquery:
    spreads = _scores().values("criterion").annotate(spread=Max("value") - Min("value")).order_by("-spread")
    return Subquery(spreads.values("spread")[:1])


def _number() -> Coalesce:
    numbers = _scores().values("review__registration").annotate(number=Count("review", distinct=True))
    return Coalesce(Subquery(numbers.values("number")), 0)
