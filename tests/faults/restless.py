"""The program of `impatient`, with a clock that scans every second."""

from tests.faults.impatient import app

__all__ = ["app"]

app.conf.beat_schedule["scan what is due"]["schedule"] = 1.0
