"""What the journeys have, too: a portal whose clock the tests turn."""

from tests.journeys.conftest import the_clock
from tests.races.web import web

__all__ = ["the_clock", "web"]
