"""One big database for all that is measured on one: made once, since that takes longest."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import crowd, databases
from tests.faults import report


@pytest.fixture(scope="session")
def big_rows() -> int:
    """How many registrations the big database has."""
    return 200_000 if report.is_full() else 300


@pytest.fixture(scope="session")
def big(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, big_rows: int
) -> Iterator[dict[str, Any]]:
    """The settings of a database of this release with so many registrations and all that belongs to them."""
    folder = tmp_path_factory.mktemp("big")
    with django_db_blocker.unblock(), databases.fresh(folder, "big_of_the_tests", is_migrated=True) as database:
        with databases.used(database):
            crowd.gather(big_rows)
        yield database
