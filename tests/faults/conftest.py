from tests.faults.brokers import broker
from tests.faults.own_database import own_database, own_server, small_database
from tests.faults.senders import scaled, senders

__all__ = ["broker", "own_database", "own_server", "scaled", "senders", "small_database"]
