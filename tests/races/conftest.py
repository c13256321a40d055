import pytest

from tests.faults import report


@pytest.fixture
def rounds() -> int:
    """How often a race is run: three times, or twenty with `make faults`."""
    return 20 if report.is_full() else 3
