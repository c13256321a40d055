"""Who did something and when it was done stand together: a constraint of the database ties each pair."""

from collections.abc import Iterable

from django.apps import apps
from django.db import models

from accounts.models import User
from tests.architecture.house import APPS


def loose_pairs(model: type[models.Model]) -> list[str]:
    """Name the pairs `…_at` and `…_by` of a model that no check constraint ties together."""
    fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, models.Field)}
    stems = [name.removesuffix("_by") for name, field in fields.items() if name.endswith("_by") and field.is_relation]
    tied = [_names(constraint.condition) for constraint in _checks(model)]
    pairs = [(f"{stem}_at", f"{stem}_by") for stem in stems]
    return [f"{model.__name__}.{at} and {by}" for at, by in pairs if not any({at, by} <= names for names in tied)]


def _checks(model: type[models.Model]) -> list[models.CheckConstraint]:
    return [constraint for constraint in model._meta.constraints if isinstance(constraint, models.CheckConstraint)]


def _names(condition: object) -> set[str]:
    children: Iterable[object] = getattr(condition, "children", [])
    names: set[str] = set()
    for child in children:
        names |= {str(child[0]).partition("__")[0]} if isinstance(child, tuple) else _names(child)
    return names


def _ours() -> list[type[models.Model]]:
    return [
        model
        for app in apps.get_app_configs()
        if app.name.partition(".")[0] in APPS
        for model in app.get_models()
        if not model.__name__.startswith("Historical")
    ]


def test_each_pair_of_person_and_time_is_tied_by_a_constraint():
    assert [pair for model in _ours() for pair in loose_pairs(model)] == []


def test_there_are_pairs_to_look_at():
    pairs = {
        field.name.removesuffix("_by")
        for model in _ours()
        for field in model._meta.get_fields()
        if field.name.endswith("_by") and field.is_relation
    }

    assert {"cancelled", "checked", "paused", "released", "staged"} <= pairs


def _model(name: str, *conditions: models.Q) -> type[models.Model]:
    meta = type(
        "Meta",
        (),
        {
            "app_label": "architecture",
            "constraints": [
                models.CheckConstraint(condition=condition, name=f"c{number}")
                for number, condition in enumerate(conditions)
            ],
        },
    )
    fields = {
        "__module__": __name__,
        "Meta": meta,
        "closed_at": models.DateTimeField(null=True),
        "closed_by": models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+"),
    }
    return type(name, (models.Model,), fields)


def test_a_pair_without_constraint_is_found():
    loose = _model("Loose", models.Q(closed_at__isnull=True))

    assert loose_pairs(loose) == ["Loose.closed_at and closed_by"]


def test_a_pair_with_its_constraint_is_fine():
    tied = _model("Tied", models.Q(closed_by__isnull=True) | models.Q(closed_at__isnull=False))

    assert loose_pairs(tied) == []
