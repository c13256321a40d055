"""The moment of these stories."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import NOW


@pytest.fixture
def at_now() -> Iterator[None]:
    """Every request reaches the portal at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield
