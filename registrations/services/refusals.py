"""What every refusal of a service is: an exception whose message is fit for the user."""


class Refused(Exception):
    """The act is not possible; ``str()`` says why and what to do, in words for the person who tried."""
