from tests.faults.brokers import broker

__all__ = ["broker"]
