"""How much shorter the programs of the fault tests wait than the portal does. The report prints `SCALING` beside each
figure that was measured so.
"""

from datetime import timedelta
from typing import Any

SCALING = (
    "scaled: lease 60 to 6 s, turn 10 to 1 s, sweep 30 to 1 s, retries minutes to seconds,"
    " closed gate 30-300 to 1-10 s, time-out 10 to 2 s"
)

#: Seconds between two sweeps of the outbox.
SWEEP = 1.0
#: Names of the module `registrations.mail.delivery` and their values here.
SHORT: dict[str, Any] = {
    "LEASE": timedelta(seconds=6),
    "TURN": timedelta(seconds=1),
    "RETRY_MINUTES": (1 / 60, 2 / 60, 5 / 60, 10 / 60),
    "GATE_SECONDS": (1, 2, 4, 10),
}
#: Seconds for each answer of the relay.
TIME_OUT = 2
