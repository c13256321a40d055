"""What every refusal of a service is; services below and above share the one of the portal."""

from ranportal.shared.refusals import Refused

__all__ = ["Refused"]
