from tests.faults.brokers import broker
from tests.faults.senders import scaled, senders

__all__ = ["broker", "scaled", "senders"]
