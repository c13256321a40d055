"""Finds in migrations what can lock a big table, break the release that still runs, or cannot be taken back."""

from collections.abc import Iterable, Iterator, Mapping

from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

#: Tables that grow with people and mails.
BIG = frozenset({"answer", "identity", "outgoingmail", "privatelink", "registration", "transition"})
_GOES = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.DeleteModel,
    migrations.AlterModelTable,
)


def risks_of(app: str, operations: Iterable[Operation], state: ProjectState) -> Iterator[str]:
    """Say in words what is risky, operation by operation; `state` is that before the first and is moved on."""
    made: set[str] = set()
    for operation in operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", "") not in made:
            yield from _risks(app, operation, state)
        operation.state_forwards(app, state)


def _risks(app: str, operation: Operation, state: ProjectState) -> Iterator[str]:
    if isinstance(operation, _GOES):
        yield f"{_name(operation)} breaks the release that still runs"
    elif isinstance(operation, migrations.AddField):
        yield from _risks_of_new(operation)
    elif isinstance(operation, migrations.AlterField):
        yield from _risks_of_altered(app, operation, state)
    elif isinstance(operation, migrations.AddIndex | migrations.AddConstraint) and _is_big(operation):
        yield f"{_name(operation)} locks a big table while it reads it"
    elif isinstance(operation, migrations.RunPython | migrations.RunSQL) and not operation.reversible:
        yield f"{_name(operation)} cannot be taken back"


def _risks_of_new(operation: migrations.AddField) -> Iterator[str]:
    field = operation.field
    if not field.null and not field.many_to_many and not field.has_db_default():
        yield f"{_name(operation)} lets the release that still runs insert nothing: no default in the database"
    if _is_big(operation) and (field.remote_field or field.db_index or field.unique):
        yield f"{_name(operation)} locks a big table while its index or its relation is made"


def _risks_of_altered(app: str, operation: migrations.AlterField, state: ProjectState) -> Iterator[str]:
    former = state.models[app, operation.model_name_lower].fields[operation.name]
    if former.many_to_many or operation.field.many_to_many:
        return
    if _column(former) != _column(operation.field):
        yield f"{_name(operation)} writes the table anew, or reads all of it, under a lock"


def _column(field: models.Field) -> Mapping[str, object]:
    is_plain = field.remote_field is None
    type_of = field.db_type(connection) if is_plain else type(field).__name__
    return {"type": type_of, "null": field.null, "index": field.db_index, "unique": field.unique}


def _is_big(operation: Operation) -> bool:
    return getattr(operation, "model_name_lower", "") in BIG


def _name(operation: Operation) -> str:
    parts = [getattr(operation, name, "") for name in ("model_name", "name", "old_name")]
    described = [part for part in parts if isinstance(part, str) and part]
    constraint = getattr(getattr(operation, "index", None) or getattr(operation, "constraint", None), "name", "")
    return " ".join([type(operation).__name__, ".".join(described), constraint]).strip()
