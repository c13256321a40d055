"""Brings a database to exactly the migrations of a backup, and from there to those of this software."""

from collections.abc import Iterable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from ranportal.shared.refusals import Refused

Names = tuple[tuple[str, str], ...]


class NewerSoftware(Refused):
    """The backup was made by software with migrations that this one does not know."""


def tables() -> set[str]:
    """The names of the portal's tables; another's may stand in the same schema."""
    ours = connection.introspection.django_table_names(include_views=False)
    return {*ours, MigrationRecorder.Migration._meta.db_table}


def applied() -> Names:
    """What was applied to the database, in that order."""
    recorder = MigrationRecorder(connection)
    if not recorder.has_table():
        return ()
    return tuple(recorder.migration_qs.order_by("pk").values_list("app", "name"))


def refuse_unknown(names: Names) -> None:
    """Raise NewerSoftware when this software lacks one of the migrations."""
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    unknown = [f"{app}.{name}" for app, name in names if (app, name) not in known]
    if unknown:
        raise NewerSoftware(
            f"This backup is of other software: {', '.join(unknown)} is no migration here. "
            "Install the release that made it, restore, and upgrade then."
        )


def migrate_to(names: Names) -> None:
    """Apply exactly these migrations to an empty database."""
    executor = MigrationExecutor(connection)
    executor.migrate(_last_of_each_app(executor.loader, names))


def migrate_to_newest() -> None:
    """Apply what this software has beyond that."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def _last_of_each_app(loader: MigrationLoader, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Only the last: an earlier target would mean going back to it."""
    wanted = [name for name in names if name in loader.graph.nodes]
    children = {name: loader.graph.node_map[name].children for name in wanted}
    return [name for name in wanted if not any(c.key in children and c.key[0] == name[0] for c in children[name])]
