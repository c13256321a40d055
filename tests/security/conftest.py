"""What the journeys have, too: a portal whose clock the tests turn."""

from tests.journeys.conftest import the_clock

__all__ = ["the_clock"]
